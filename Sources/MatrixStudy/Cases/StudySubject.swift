import Foundation
import LinearAlgebra
import MatrixCore

/// A matrix with what its storages share: LAPACK's decomposition, contracted where a case asks for it.
struct StudySubject: Sendable {
    let matrix: Matrix<Double>
    /// Ascending.
    let eigenvalues: [Double]
    let eigenvectors: Matrix<Double>

    /// - Throws: `DecompositionError`.
    init(_ matrix: Matrix<Double>) throws(DecompositionError) {
        let eigen = try StudySubject.decompose(matrix)
        self.matrix = matrix
        eigenvalues = eigen.values
        eigenvectors = eigen.vectors
    }

    /// The more robust algorithm now and then gives up; the other one does not.
    private static func decompose(_ matrix: Matrix<Double>) throws(DecompositionError) -> SymmetricEigen<Double> {
        do {
            return try symmetricEigen(matrix, by: .relativelyRobust)
        } catch {
            return try symmetricEigen(matrix)
        }
    }

    /// The eigenvalues of A(τ) = U·Diag(τ(λ − λmin) + λmin)·Uᵀ.
    ///
    /// Source: Wang et al. 2024, appendix D.1 (figure 6).
    func eigenvalues(contraction: Double?) -> [Double] {
        guard let factor = contractionFactor(contraction), let least = eigenvalues.first else { return eigenvalues }
        return eigenvalues.map { factor * ($0 - least) + least }
    }

    /// A(τ) = τ·A + (1 − τ)·λmin·I, which needs no eigenvectors.
    func matrix(contraction: Double?) -> Matrix<Double> {
        guard let factor = contractionFactor(contraction), let least = eigenvalues.first else { return matrix }
        var result = matrix
        for index in result.elements.indices { result.elements[index] *= factor }
        for index in 0..<result.order { result[index, index] += (1 - factor) * least }
        return result
    }
}

/// τ = 2^contraction, or nil where it leaves the matrix as it is.
func contractionFactor(_ contraction: Double?) -> Double? {
    guard let contraction, contraction != 0 else { return nil }
    return exp2(contraction)
}
