import MatrixCore
import TestSupport
import Testing

private func column<Scalar: MatrixScalar>(_ elements: [Scalar]) -> Matrix<Scalar> {
    Matrix(rows: elements.count, columns: 1, elements: elements)
}

@Suite struct NormTests {
    @Test func largestMagnitude() {
        #expect(Matrix<Double>(rows: 0, columns: 0).largestMagnitude == 0)
        #expect(column([1.0, -3, 2]).largestMagnitude == 3)
        #expect(column([1.0, -.infinity]).largestMagnitude == .infinity)
        #expect(column([-Float.leastNonzeroMagnitude, 0]).largestMagnitude == .leastNonzeroMagnitude)
    }

    @Test(arguments: 0..<5)
    func largestMagnitudeIsNotANumberWhereAnEntryIs(position: Int) {
        for other in [0, 1, Double.infinity] {
            var entries = [Double](repeating: other, count: 5)
            entries[position] = .nan
            #expect(column(entries).largestMagnitude.isNaN)
            #expect(column(entries).frobeniusNorm.isNaN)
        }
    }

    /// 3² + 4² = 5² at every power of two whose result exists: no square under- or overflows on the way.
    @Test(arguments: -1074...1021)
    func frobeniusNormAtEveryScale(exponent: Int) {
        let unit = Double(sign: .plus, exponent: exponent, significand: 1)
        #expect(column([3 * unit, 0, -4 * unit]).frobeniusNorm == 5 * unit)
    }

    @Test(arguments: -149...125)
    func frobeniusNormAtEveryScaleInSinglePrecision(exponent: Int) {
        let unit = Float(sign: .plus, exponent: exponent, significand: 1)
        #expect(column([3 * unit, 0, -4 * unit]).frobeniusNorm == 5 * unit)
    }

    @Test func frobeniusNormOfTheRest() {
        #expect(Matrix<Double>(rows: 0, columns: 4).frobeniusNorm == 0)
        #expect(column([0.0, -0.0]).frobeniusNorm == 0)
        #expect(column([1, -Double.infinity]).frobeniusNorm == .infinity)
        #expect(column([Float](repeating: .greatestFiniteMagnitude, count: 4)).frobeniusNorm == .infinity)
    }

    /// Squares that are subnormal one by one add up to a normal sum that has lost their digits. The norm of 4^k equal
    /// entries is 2^k of one; the root halves the relative error of the sum.
    @Test(arguments: [-75, -74, -73, -70, -65, -60])
    func manySmallEntries(exponent: Int) {
        let entry = Float(sign: .plus, exponent: exponent, significand: 1.25)
        let norm = column([Float](repeating: entry, count: 1 << 20)).frobeniusNorm
        let ratio = Double(norm) / (Double(entry) * 0x1p10)
        expectBound((ratio - 1).magnitude, atMost: Double((1 << 20) / 8 + 4) * 0x1p-24 / 2)
    }
}

@Suite struct SumOfProductsTests {
    /// Lane 0 swallows 2^-53 beside its 1, lane 1 adds two of them: in any other order the sum is 1. With 10 entries the
    /// second of each lane is left over from whole vectors.
    @Test(arguments: [10, 16])
    func eightInterleavedSums(count: Int) {
        let half = 0x1p-53
        var x = [Double](repeating: 0, count: count)
        (x[0], x[8], x[1], x[9]) = (1, half, half, half)
        #expect(sumOfProducts(x, [Double](repeating: 1, count: count)) == 1 + 0x1p-52)
    }

    @Test func integersAreExact() {
        for count in 0..<40 {
            let x = (0..<count).map { Float($0 - 7) }
            let y = (0..<count).map { Float(3 * $0 + 1) }
            let expected = (0..<count).reduce(0) { $0 + ($1 - 7) * (3 * $1 + 1) }
            #expect(sumOfProducts(x, y) == Float(expected))
        }
    }

    @Test(arguments: [1, 2, 7, 8, 9, 15, 16, 17, 64, 100, 1001])
    func errorsStayWithinTheStatedBound(count: Int) {
        for seed in 0..<50 as Range<UInt64> {
            let x = Matrix<Double>.random(rows: count, columns: 1, seed: seed).elements
            let y = Matrix<Double>.random(rows: count, columns: 1, seed: seed + 1000).elements
            let (sum, magnitudes) = compensatedSum(x, y)
            // The compensated sum errs by u of its value and n²u² of the magnitudes.
            let bound = (Double((count + 7) / 8 + 3) * 0x1p-53 + Double(count * count) * 0x1p-106) * magnitudes
            expectBound((sumOfProducts(x, y) - sum).magnitude, atMost: bound)

            let (single, singleY) = (x.map { Float($0) }, y.map { Float($0) })
            // Products of single-precision numbers are exact in double.
            let exact = zip(single, singleY).map { Double($0) * Double($1) }
            let singleBound = Double((count + 7) / 8 + 3) * 0x1p-24 * exact.reduce(0) { $0 + $1.magnitude }
            expectBound((Double(sumOfProducts(single, singleY)) - exact.reduce(0, +)).magnitude, atMost: singleBound)
        }
    }
}

/// Σ xᵢyᵢ with the rounding errors of every operation added up apart, and Σ |xᵢyᵢ|.
///
/// Source: Ogita, Rump, Oishi, SIAM J. Sci. Comput. 26 (2005) 1955, algorithm 5.3.
private func compensatedSum(_ x: [Double], _ y: [Double]) -> (sum: Double, magnitudes: Double) {
    var (sum, error, magnitudes) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
        let product = a * b
        let productError = (-product).addingProduct(a, b)
        let next = sum + product
        let virtual = next - sum
        error += (sum - (next - virtual)) + (product - virtual) + productError
        sum = next
        magnitudes += product.magnitude
    }
    return (sum + error, magnitudes)
}
