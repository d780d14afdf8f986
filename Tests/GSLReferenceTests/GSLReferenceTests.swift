import Foundation
import GSLReference
import IndependentProduct
import MatrixCore
import Spectra
import TestSupport
import Testing

/// The second difference matrix, 2 on the diagonal and −1 beside it: λₖ = 4 sin²(kπ/(2(n + 1))).
private func secondDifference(order: Int) -> Matrix<Double> {
    var a = Matrix<Double>(diagonal: [Double](repeating: 2, count: order))
    for index in 1..<max(order, 1) {
        a[index - 1, index] = -1
        a[index, index - 1] = -1
    }
    return a
}

@Suite struct GSLReferenceTests {
    @Test func theLibraryRunsOnItsOwnVectorOperations() {
        #expect(GSLReference.version.wholeMatch(of: /\d+\.\d+(\.\d+)?/) != nil)
        #expect(GSLReference.vectorLibrary.contains("gslcblas"))
    }

    @Test(arguments: [1, 2, 3, 4, 17, 64])
    func eigenvaluesOfTheSecondDifferenceMatrix(order: Int) throws {
        let a = secondDifference(order: order)
        let found = try GSLReference.decompose(a)
        for (index, value) in found.eigenvalues.enumerated() {
            let sine = sin(Double(index + 1) * .pi / Double(2 * (order + 1)))
            expectTestRatio((value - 4 * sine * sine).magnitude, scale: 4, order: order, "eigenvalue \(index)")
        }
        let judged = ReferenceDecomposition(found, of: a)
        expectTestRatio(judged.decompositionResidual, scale: 1, order: order)
        expectTestRatio(judged.orthogonalityDefect, scale: 1, order: order)
    }

    @Test func eigenvectorsAreColumns() throws {
        // diag(3, 1) turned by the angle whose cosine is 3/5: the columns of Q are (3, 4)/5 and (−4, 3)/5.
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [1.72, 0.96, 0.96, 2.28])
        let found = try GSLReference.decompose(a)
        #expect((found.eigenvalues[0] - 1).magnitude <= 0x1p-50)
        #expect((found.eigenvalues[1] - 3).magnitude <= 0x1p-50)
        // The vector of 3 is (3, 4)/5 up to its sign, so its entries have equal signs.
        let vector = Array(found.eigenvectors.column(1))
        #expect((vector[0].magnitude - 0.6).magnitude <= 0x1p-50)
        #expect((vector[1].magnitude - 0.8).magnitude <= 0x1p-50)
        #expect(vector[0] * vector[1] > 0)
    }

    @Test func diagonalMatricesAreExact() throws {
        let a = Matrix(diagonal: [4.0, 0.25, 9, 1, -2])
        let found = try GSLReference.decompose(a)
        #expect(found.eigenvalues == [-2, 0.25, 1, 4, 9])
        let root = try ReferenceDecomposition(found, of: a).inversePower(exponent: 0.5, damping: 0)
        for (index, expected) in [0.5, 2, 1.0 / 3, 1, 2.0.squareRoot() / 2].enumerated() {
            expectBound((root[index, index] - expected).magnitude, atMost: 2 * expected.ulp)
        }
        #expect(root.elements.filter { $0 == 0 }.count == 20)
    }

    @Test func noRowsAndNoColumns() throws {
        let empty = Matrix<Double>(rows: 0, columns: 0)
        let judged = ReferenceDecomposition(try GSLReference.decompose(empty), of: empty)
        #expect(try judged.inversePower(exponent: 0.25, damping: 0) == empty)
        #expect(try judged.residualBound(exponent: 0.25, damping: 0) == 0)
    }

    @Test(arguments: [1, 2, 33])
    func theIdentityIsItsOwnRoot(order: Int) throws {
        let a = Matrix<Double>.identity(order)
        let judged = ReferenceDecomposition(try GSLReference.decompose(a), of: a)
        #expect(try judged.inversePower(exponent: 0.25, damping: 0) == a)
        #expect(judged.decompositionResidual == 0)
        #expect(judged.orthogonalityDefect == 0)
    }

    @Test func unusableMatricesAreRefused() {
        var notFinite = Matrix<Double>.identity(3)
        notFinite[2, 1] = .nan
        #expect {
            try GSLReference.decompose(notFinite)
        } throws: { error in
            guard case .notFinite(row: 2, column: 1, let value)? = error as? GSLReferenceError else { return false }
            return value.isNaN
        }
        notFinite[2, 1] = -.infinity
        #expect(throws: GSLReferenceError.notFinite(row: 2, column: 1, value: -.infinity)) {
            try GSLReference.decompose(notFinite)
        }
        var notSymmetric = Matrix<Double>.identity(3)
        notSymmetric[2, 0] = 0x1p-60
        #expect(throws: GSLReferenceError.notSymmetric(row: 0, column: 2)) { try GSLReference.decompose(notSymmetric) }
        #expect(throws: GSLReferenceError.notSquare(rows: 2, columns: 3)) {
            try GSLReference.decompose(Matrix(rows: 2, columns: 3))
        }
    }

    /// Scaling by a power of two is exact, so it must not change a bit of the vectors.
    @Test(arguments: [-1000, -664, -100, 100, 664, 1000])
    func powersOfTwoChangeOnlyTheExponents(exponent: Int) throws {
        let factor = Double(sign: .plus, exponent: exponent, significand: 1)
        let a = secondDifference(order: 20)
        let scaled = Matrix(rows: 20, columns: 20, elements: a.elements.map { $0 * factor })
        let plain = try GSLReference.decompose(a)
        let found = try GSLReference.decompose(scaled)
        #expect(found.eigenvectors == plain.eigenvectors)
        #expect(found.eigenvalues == plain.eigenvalues.map { $0 * factor })
        let judged = ReferenceDecomposition(found, of: scaled)
        #expect(judged.relativeResiduals == ReferenceDecomposition(plain, of: a).relativeResiduals)
        let root = try judged.inversePower(exponent: 0.25, damping: 0)
        let expected = try ReferenceDecomposition(plain, of: a).inversePower(exponent: 0.25, damping: 0)
        let rootFactor = pow(2, -Double(exponent) / 4)
        let unscaled = Matrix(rows: 20, columns: 20, elements: root.elements.map { $0 / rootFactor })
        expectTestRatio(largestDifference(unscaled, expected), scale: expected.frobeniusNorm, order: 20)
    }

    @Test(arguments: [1e-200, 1e-30, 1e30, 1e200])
    func extremeScalesKeepTheResidual(scale: Double) throws {
        var generator = PhiloxGenerator(seed: 8)
        let values = try Spectrum.geometric(conditionNumber: 1e4).eigenvalues(
            order: 40, largest: scale, reversed: false, using: &generator)
        let a = positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: 40, using: &generator))
        let judged = ReferenceDecomposition(try GSLReference.decompose(a), of: a)
        expectTestRatio(judged.decompositionResidual, scale: 1, order: 40)
        expectTestRatio(try judged.residualBound(exponent: 0.25, damping: 0), scale: 1e4, order: 40)
        // R⁴·A = I, in an order whose intermediate results stay within the range.
        let root = try judged.inversePower(exponent: 0.25, damping: 0)
        let square = independentProduct(root, root)
        var product = independentProduct(square, independentProduct(a, square))
        for index in 0..<40 { product[index, index] -= 1 }
        expectTestRatio(product.frobeniusNorm, scale: 1e4, order: 40)
    }

    /// The inverse of the Hilbert matrix has integer entries:
    /// (−1)^(i+j)·(i+j−1)·C(n+i−1, n−j)·C(n+j−1, n−i)·C(i+j−2, i−1)².
    @Test(arguments: [3, 6, 8])
    func hilbertMatrices(order n: Int) throws {
        func binomial(_ n: Int, _ k: Int) -> Int { (0..<k).reduce(1) { $0 * (n - $1) / ($1 + 1) } }
        var hilbert = Matrix<Double>(rows: n, columns: n)
        var inverse = hilbert
        for i in 1...n {
            for j in 1...n {
                hilbert[i - 1, j - 1] = 1 / Double(i + j - 1)
                let magnitude =
                    (i + j - 1) * binomial(n + i - 1, n - j) * binomial(n + j - 1, n - i)
                    * binomial(i + j - 2, i - 1) * binomial(i + j - 2, i - 1)
                inverse[i - 1, j - 1] = Double((i + j).isMultiple(of: 2) ? magnitude : -magnitude)
            }
        }
        let judged = ReferenceDecomposition(try GSLReference.decompose(hilbert), of: hilbert)
        let found = try judged.inversePower(exponent: 1, damping: 0)
        let condition = hilbert.frobeniusNorm * inverse.frobeniusNorm
        expectTestRatio(
            largestDifference(found, inverse), scale: condition * inverse.frobeniusNorm, order: n, threshold: 1)
    }
}
