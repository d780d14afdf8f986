import Foundation
import IndependentProduct
import MatrixCore
import Spectra
import TestSupport
import Testing

@testable import LinearAlgebra

private let orders = [0, 1, 2, 3, 16, 17, 65, 100]
private let algorithms = [EigenAlgorithm.divideAndConquer, .relativelyRobust]

@Suite struct SymmetricEigenTests {
    @Test(arguments: orders, algorithms)
    func double(order: Int, algorithm: EigenAlgorithm) throws {
        let a = Matrix<Double>.random(rows: order, columns: order, seed: 1).symmetrized
        try decompose(a, by: algorithm, unitRoundoff: 0x1p-53)
    }

    @Test(arguments: orders, algorithms)
    func single(order: Int, algorithm: EigenAlgorithm) throws {
        let a = Matrix<Float>.random(rows: order, columns: order, seed: 2).symmetrized
        try decompose(a, by: algorithm, unitRoundoff: 0x1p-24)
    }

    /// Clusters: eigenvalues 1 and 1/1000, each many times.
    @Test(arguments: algorithms)
    func clusters(algorithm: EigenAlgorithm) throws {
        var generator = PhiloxGenerator(seed: 6)
        let values = try Spectrum.twoLevel(ratio: 1000, fractionLarge: 0.4).eigenvalues(
            order: 60, largest: nil, reversed: false, using: &generator)
        let a = positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: 60, using: &generator))
        try decompose(a, by: algorithm, unitRoundoff: 0x1p-53)
        try decompose(Matrix<Float>(a), by: algorithm, unitRoundoff: 0x1p-24)
        try decompose(Matrix<Double>.identity(20), by: algorithm, unitRoundoff: 0x1p-53)
    }

    /// ‖A − VΛVᵀ‖, ‖VᵀV − I‖, ascending values and the sign of the vectors.
    private func decompose<Scalar: LAPACKScalar>(
        _ a: Matrix<Scalar>, by algorithm: EigenAlgorithm, unitRoundoff: Double
    ) throws {
        let order = a.order
        let eigen = try symmetricEigen(a, by: algorithm)
        let (values, vectors) = (eigen.values.map { Double($0) }, Matrix<Double>(eigen.vectors))
        #expect(values.count == order && vectors.rows == order && vectors.columns == order)
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
        expectTestRatio(
            largestDifference(independentSymmetricProduct(vectors, diagonal: values), Matrix<Double>(a)),
            scale: Matrix<Double>(a).frobeniusNorm, order: order, unitRoundoff: unitRoundoff, threshold: 10)
        // The relatively robust algorithm makes vectors one by one, orthogonal only as far as its representations carry:
        // LAPACK's own limit for it is 50 (sep.in); with the kernels for Haswell a float matrix of order 17 is at 13.
        expectTestRatio(
            largestDifference(independentGramMatrix(vectors), .identity(order)), scale: 1, order: order,
            unitRoundoff: unitRoundoff, threshold: algorithm == .relativelyRobust ? 30 : 10)
        for column in 0..<order {
            let entries = eigen.vectors.column(column)
            #expect(entries.max(by: { $0.magnitude < $1.magnitude })! > 0)
        }
    }

    /// The second difference, tridiagonal (−1, 2, −1): λₖ = 2 − 2cos(kπ/(n+1)), vₖ = √(2/(n+1))·sin(jkπ/(n+1)).
    @Test(arguments: [1, 2, 3, 10, 64, 101])
    func secondDifferences(order n: Int) throws {
        var a = Matrix<Double>(diagonal: [Double](repeating: 2, count: n))
        for index in 1..<max(n, 1) { (a[index - 1, index], a[index, index - 1]) = (-1, -1) }
        for scale in [1, 1e30, 1e-30, 1e200, 1e-200] {
            let eigen = try symmetricEigen(Matrix(rows: n, columns: n, elements: a.elements.map { $0 * scale }))
            let known = (1...n).map { 2 - 2 * cos(Double($0) * Double.pi / Double(n + 1)) }
            for k in 1...n {
                expectTestRatio((eigen.values[k - 1] / scale - known[k - 1]).magnitude, scale: 4, order: n)
                // A vector errs by the matrix's error over the distance to the nearest other eigenvalue.
                let gaps = known.indices.filter { $0 != k - 1 }.map { (known[$0] - known[k - 1]).magnitude }
                expectTestRatio(
                    sineError(eigen.vectors.column(k - 1), k: k), scale: 4 / (gaps.min() ?? 4), order: n,
                    "vector \(k) of \(n) at \(scale)")
            }
        }
    }

    /// The largest difference to the k-th sine vector, of which only the line is determined.
    private func sineError(_ found: ArraySlice<Double>, k: Int) -> Double {
        let n = found.count
        var vector = (1...n).map { row -> Double in
            (2 / Double(n + 1)).squareRoot() * sin(Double(row * k) * Double.pi / Double(n + 1))
        }
        if sumOfProducts(vector, Array(found)) < 0 { vector = vector.map { -$0 } }
        return zip(vector, found).map { ($0 - $1).magnitude }.max() ?? .nan
    }

    @Test func singlePrecisionAtTheEndsOfItsRange() throws {
        var a = Matrix<Float>(diagonal: [2, 2, 2])
        for index in 1..<3 { (a[index - 1, index], a[index, index - 1]) = (-1, -1) }
        for scale in [1e30, 1e-30] as [Float] {
            let eigen = try symmetricEigen(Matrix(rows: 3, columns: 3, elements: a.elements.map { $0 * scale }))
            for k in 1...3 {
                let expected = 2 - 2 * cos(Double(k) * .pi / 4)
                expectTestRatio(
                    (Double(eigen.values[k - 1]) / Double(scale) - expected).magnitude, scale: 4, order: 3,
                    unitRoundoff: 0x1p-24)
            }
        }
    }

    /// A power of two changes no digit, however near the ends of the range.
    @Test(arguments: [-1050, -1022, -1000, -500, -1, 1, 500, 1000, 1019], algorithms)
    func powersOfTwoScaleExactly(exponent: Int, algorithm: EigenAlgorithm) throws {
        // Entries of 20 bits survive as subnormal numbers down to 2^-1050.
        let a = Matrix<Double>(
            rows: 20, columns: 20,
            elements: Matrix<Double>.random(rows: 20, columns: 20, seed: 3).symmetrized.elements.map {
                ($0 * 0x1p20).rounded() * 0x1p-20
            })
        let plain = try symmetricEigen(a, by: algorithm)
        let factor = Double(sign: .plus, exponent: exponent, significand: 1)
        let scaled = try symmetricEigen(
            Matrix(rows: 20, columns: 20, elements: a.elements.map { $0 * factor }), by: algorithm)
        #expect(scaled.vectors == plain.vectors)
        #expect(scaled.values == plain.values.map { $0 * factor })
    }

    @Test func zeroAndDiagonalMatrices() throws {
        let zero = try symmetricEigen(Matrix<Double>(rows: 4, columns: 4))
        #expect(zero.values == [0, 0, 0, 0])
        #expect(zero.vectors == .identity(4))
        let diagonal = try symmetricEigen(Matrix<Float>(diagonal: [3, -1, 2]))
        #expect(diagonal.values == [-1, 2, 3])
        #expect(diagonal.vectors.elements == [0, 1, 0, 0, 0, 1, 1, 0, 0])
        #expect(try symmetricEigen(Matrix<Double>(diagonal: [-7])).vectors.elements == [1])
    }

    @Test(arguments: algorithms)
    func onlyTheUpperTriangleIsRead(algorithm: EigenAlgorithm) throws {
        let a = Matrix<Double>.random(rows: 30, columns: 30, seed: 4).symmetrized
        var spoiled = a
        for column in 0..<30 {
            for row in column + 1..<30 { spoiled[row, column] = a.largestMagnitude / 2 }
        }
        let (one, other) = (try symmetricEigen(a, by: algorithm), try symmetricEigen(spoiled, by: algorithm))
        #expect(one.values == other.values && one.vectors == other.vectors)
    }

    /// Of entries of equal magnitude the first decides.
    @Test func signs() {
        var a = Matrix<Double>(rows: 2, columns: 4, elements: [-1, 1, 1, -1, -3, 2, 2, -3])
        a.makeLargestEntriesPositive()
        #expect(a.elements == [1, -1, 1, -1, 3, -2, -2, 3])
        var empty = Matrix<Double>(rows: 0, columns: 0)
        empty.makeLargestEntriesPositive()
        #expect(empty.elements.isEmpty)
    }

    /// Known eigenvalues over many decades: each is found to within n·u of the largest.
    @Test(arguments: [1e2, 1e8, 1e14])
    func knownSpectra(condition: Double) throws {
        var generator = PhiloxGenerator(seed: 5)
        let values = try Spectrum.geometric(conditionNumber: condition).eigenvalues(
            order: 80, largest: nil, reversed: true, using: &generator)
        let a = positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: 80, using: &generator))
        for (found, known) in zip(try symmetricEigen(a).values, values) {
            expectTestRatio((found - known).magnitude, scale: 1, order: 80, threshold: 5)
        }
    }
}
