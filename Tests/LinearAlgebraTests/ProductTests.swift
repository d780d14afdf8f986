import IndependentProduct
import LinearAlgebra
import MatrixCore
import TestSupport
import Testing

private let shapes = [
    (0, 0, 0), (0, 3, 2), (2, 0, 3), (3, 2, 0), (1, 1, 1), (2, 3, 4), (17, 5, 16), (64, 65, 63), (100, 130, 33),
]

/// Held against `independentProduct` in units of |A||B|·k·u: the two err by (k + 1)·u each, in any order of additions.
@Suite struct ProductTests {
    @Test(arguments: shapes)
    func double(rows: Int, depth: Int, columns: Int) {
        compare(Double.self, rows, depth, columns, unitRoundoff: 0x1p-53)
    }

    @Test(arguments: shapes)
    func single(rows: Int, depth: Int, columns: Int) {
        compare(Float.self, rows, depth, columns, unitRoundoff: 0x1p-24)
    }

    private func compare<Scalar: LAPACKScalar>(
        _ type: Scalar.Type, _ rows: Int, _ depth: Int, _ columns: Int, unitRoundoff: Double
    ) {
        let a = Matrix<Scalar>.random(rows: rows, columns: depth, seed: 1)
        let b = Matrix<Scalar>.random(rows: depth, columns: columns, seed: 2)
        let expected = independentProduct(Matrix<Double>(a), Matrix<Double>(b))
        let scale = magnitudes(a, b)
        for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
            let product = multiply(
                transposeA ? a.transposed : a, transposed: transposeA, transposeB ? b.transposed : b,
                transposed: transposeB, alpha: -2)
            expectTestRatio(
                largestDifference(
                    Matrix<Double>(product), expected.scalingColumns(by: [Double](repeating: -2, count: columns))),
                scale: 2 * scale, order: depth + 1, unitRoundoff: unitRoundoff, threshold: 2, "\(transposeA) \(transposeB)")
        }
        let c = Matrix<Scalar>.random(rows: rows, columns: columns, seed: 3)
        var sum = c
        accumulate(into: &sum, a, b, alpha: 1, beta: 0.5)
        var expectedSum = expected
        for index in c.elements.indices { expectedSum.elements[index] += Double(c.elements[index]) / 2 }
        expectTestRatio(
            largestDifference(Matrix<Double>(sum), expectedSum), scale: scale + 1, order: depth + 2,
            unitRoundoff: unitRoundoff, threshold: 2)
        for transposed in [false, true] {
            let gram = symmetricProduct(a, transposed: transposed, alpha: 0.5)
            #expect(gram == gram.transposed)
            let wide = Matrix<Double>(a)
            let full = transposed ? independentProduct(transposing: wide, wide) : independentProduct(wide, wide.transposed)
            expectTestRatio(
                largestDifference(Matrix<Double>(gram), full.scalingColumns(by: [Double](repeating: 0.5, count: full.columns))),
                scale: full.largestMagnitude / 2, order: max(rows, depth) + 1, unitRoundoff: unitRoundoff, threshold: 2)
        }
    }

    /// The largest entry of |A||B|.
    private func magnitudes<Scalar: LAPACKScalar>(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> Double {
        var (left, right) = (Matrix<Double>(a), Matrix<Double>(b))
        left.elements = left.elements.map(\.magnitude)
        right.elements = right.elements.map(\.magnitude)
        return independentProduct(left, right).largestMagnitude
    }

    /// Small integers leave nothing to rounding.
    @Test func integersAreExact() {
        let a = Matrix<Float>(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
        #expect(multiply(a, transposed: true, a) == Matrix(rows: 3, columns: 3, elements: [5, 11, 17, 11, 25, 39, 17, 39, 61]))
        #expect(symmetricProduct(a) == Matrix(rows: 2, columns: 2, elements: [35, 44, 44, 56]))
        #expect(symmetricProduct(a, transposed: true) == multiply(a, transposed: true, a))
    }

    /// With no depth a product is zero, and C ← β·C.
    @Test func emptySums() {
        let a = Matrix<Double>(rows: 2, columns: 0)
        #expect(multiply(a, transposed: false, a, transposed: true) == Matrix(rows: 2, columns: 2))
        #expect(symmetricProduct(a) == Matrix(rows: 2, columns: 2))
        var c = Matrix<Double>(rows: 2, columns: 2, elements: [1, 2, 3, 4])
        accumulate(into: &c, a, transposed: false, a, transposed: true, alpha: 1, beta: 2)
        #expect(c.elements == [2, 4, 6, 8])
    }

    @Test func theLibraryNamesItself() {
        #expect(!OpenBLAS.coreName.isEmpty)
        #expect(OpenBLAS.configuration.contains("OpenBLAS"))
        #expect(OpenBLAS.threadCount >= 1)
    }
}
