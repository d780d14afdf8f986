import IndependentProduct
import LinearAlgebra
import MatrixCore
import Spectra
import TestSupport
import Testing

@Suite struct CholeskyFactorTests {
    @Test(arguments: [1, 2, 3, 16, 65, 130], [1e1, 1e8])
    func theProductIsTheMatrix(order: Int, condition: Double) throws {
        var generator = PhiloxGenerator(seed: 1)
        let values = try Spectrum.geometric(conditionNumber: condition).eigenvalues(
            order: order, largest: nil, reversed: false, using: &generator)
        let a = positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: order, using: &generator))
        try factorize(a, unitRoundoff: 0x1p-53)
        if condition < 1e6 { try factorize(Matrix<Float>(a), unitRoundoff: 0x1p-24) }
    }

    private func factorize<Scalar: LAPACKScalar>(_ a: Matrix<Scalar>, unitRoundoff: Double) throws {
        let upper = Matrix<Double>(try choleskyFactor(a))
        expectTestRatio(
            largestDifference(independentGramMatrix(upper), Matrix<Double>(a)), scale: Matrix<Double>(a).frobeniusNorm,
            order: a.order, unitRoundoff: unitRoundoff, threshold: 10)
        for column in 0..<a.order {
            #expect(upper[column, column] > 0)
            #expect((column + 1..<max(a.order, column + 1)).allSatisfy { upper[$0, column] == 0 })
        }
    }

    /// min(i, j) = L·Lᵀ with ones in L; Pascal's matrix has binomial coefficients in L. Both are exact.
    @Test func integerFactors() throws {
        let n = 12
        var minimum = Matrix<Double>(rows: n, columns: n)
        var (pascal, binomial) = (minimum, minimum)
        for column in 0..<n {
            for row in 0..<n {
                minimum[row, column] = Double(min(row, column) + 1)
                pascal[row, column] = row == 0 || column == 0 ? 1 : pascal[row - 1, column] + pascal[row, column - 1]
            }
            for row in 0...column {
                binomial[row, column] =
                    row == 0 ? 1 : row > column - 1 ? 1 : binomial[row, column - 1] + binomial[row - 1, column - 1]
            }
        }
        let ones = try choleskyFactor(minimum)
        #expect((0..<n).allSatisfy { i in (0..<n).allSatisfy { j in ones[i, j] == (i <= j ? 1 : 0) } })
        #expect(try choleskyFactor(pascal) == binomial)
    }

    @Test(arguments: 1...9)
    func theLeadingMinorIsNamed(minor: Int) throws {
        var diagonal = [Double](repeating: 4, count: 9)
        for value in [0, -1] {
            diagonal[minor - 1] = Double(value)
            #expect(throws: DecompositionError.notPositiveDefinite(leadingMinor: minor)) {
                try choleskyFactor(Matrix(diagonal: diagonal))
            }
            #expect(throws: DecompositionError.notPositiveDefinite(leadingMinor: minor)) {
                try choleskyFactor(Matrix<Float>(diagonal: diagonal.map { Float($0) }))
            }
        }
    }

    /// A block [[1, 2], [2, 1]] behind three ones: the minor of order 5 is negative.
    @Test func indefiniteWithAPositiveDiagonal() {
        var a = Matrix<Double>.identity(7)
        (a[3, 4], a[4, 3]) = (2, 2)
        #expect(throws: DecompositionError.notPositiveDefinite(leadingMinor: 5)) { try choleskyFactor(a) }
        #expect(
            DecompositionError.notPositiveDefinite(leadingMinor: 5).description
                == "the matrix is not positive definite: its leading minor of order 5 is not positive")
    }

    @Test func onlyTheUpperTriangleIsRead() throws {
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [4, 1e9, 2, 5])
        #expect(try choleskyFactor(a).elements == [2, 0, 1, 2])
        #expect(try choleskyFactor(Matrix<Double>(rows: 0, columns: 0)).elements.isEmpty)
    }
}
