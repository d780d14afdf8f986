import IndependentProduct
import LinearAlgebra
import MatrixCore
import TestSupport
import Testing

private let shapes = [(0, 0), (5, 0), (1, 1), (2, 1), (2, 2), (3, 2), (17, 17), (65, 64), (100, 65), (130, 130)]

@Suite struct HouseholderQRTests {
    @Test(arguments: shapes)
    func double(rows: Int, columns: Int) {
        factorize(Matrix<Double>.random(rows: rows, columns: columns, seed: 1), unitRoundoff: 0x1p-53)
    }

    @Test(arguments: shapes)
    func single(rows: Int, columns: Int) {
        factorize(Matrix<Float>.random(rows: rows, columns: columns, seed: 2), unitRoundoff: 0x1p-24)
    }

    /// QᵀQ = I, Q·R = A, and Q is the product of the reflectors written out.
    private func factorize<Scalar: LAPACKScalar>(_ a: Matrix<Scalar>, unitRoundoff: Double) {
        let factorization = householderQR(a)
        #expect(factorization.scalars.count == a.columns)
        let q = Matrix<Double>(orthogonalFactor(reflectors: factorization.packed, scalars: factorization.scalars))
        #expect(q.rows == a.rows && q.columns == a.columns)
        expectTestRatio(
            largestDifference(independentGramMatrix(q), .identity(a.columns)), scale: 1, order: a.rows,
            unitRoundoff: unitRoundoff, threshold: 10)
        var r = Matrix<Double>(rows: a.columns, columns: a.columns)
        for column in 0..<a.columns {
            for row in 0...column { r[row, column] = Double(factorization.packed[row, column]) }
        }
        expectTestRatio(
            largestDifference(independentProduct(q, r), Matrix<Double>(a)), scale: Matrix<Double>(a).frobeniusNorm,
            order: a.rows, unitRoundoff: unitRoundoff, threshold: 10)
        expectTestRatio(
            largestDifference(q, product(of: factorization)), scale: 1, order: a.rows, unitRoundoff: unitRoundoff,
            threshold: 10)
    }

    /// H₁…Hₙ applied one by one to the first columns of the identity, in double.
    private func product<Scalar: LAPACKScalar>(of factorization: HouseholderQR<Scalar>) -> Matrix<Double> {
        let packed = Matrix<Double>(factorization.packed)
        var result = Matrix<Double>(rows: packed.rows, columns: packed.columns)
        for index in 0..<packed.columns { result[index, index] = 1 }
        for k in (0..<packed.columns).reversed() {
            let v = (0..<packed.rows).map { $0 < k ? 0 : $0 == k ? 1 : packed[$0, k] }
            for column in 0..<packed.columns {
                let dot = sumOfProducts(v, Array(result.column(column)))
                for row in k..<packed.rows { result[row, column] -= Double(factorization.scalars[k]) * dot * v[row] }
            }
        }
        return result
    }

    /// Where a tail is zero the reflector is the identity and the diagonal of R keeps its sign.
    @Test func zeroTails() {
        let diagonal = Matrix<Double>(diagonal: [1, -2, 3, -4])
        let factorization = householderQR(diagonal)
        #expect(factorization.packed == diagonal)
        #expect(factorization.scalars == [0, 0, 0, 0])
        #expect(orthogonalFactor(reflectors: factorization.packed, scalars: factorization.scalars) == .identity(4))
        #expect(householderQR(Matrix<Float>(rows: 3, columns: 3)).scalars == [0, 0, 0])
    }

    @Test func onlyTheTailsAreRead() {
        let factorization = householderQR(Matrix<Double>.random(rows: 40, columns: 40, seed: 3))
        var tails = factorization.packed
        for column in 0..<40 {
            for row in 0...column { tails[row, column] = 1e30 }
        }
        #expect(
            orthogonalFactor(reflectors: tails, scalars: factorization.scalars)
                == orthogonalFactor(reflectors: factorization.packed, scalars: factorization.scalars))
    }
}
