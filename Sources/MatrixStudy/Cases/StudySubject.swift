import Foundation
import LinearAlgebra
import MatrixCore

/// A matrix with what its storages share: LAPACK's decomposition, where it is needed, contracted where a case asks for it.
struct StudySubject: Sendable {
    let matrix: Matrix<Double>
    private let decomposition: SymmetricEigen<Double>?

    /// For cases that `needsDecomposition` of.
    ///
    /// - Throws: `DecompositionError`.
    init(decomposing matrix: Matrix<Double>) throws(DecompositionError) {
        self.matrix = matrix
        decomposition = try StudySubject.decompose(matrix)
    }

    /// For cases that keep the matrix by its entries.
    init(undecomposed matrix: Matrix<Double>) {
        self.matrix = matrix
        decomposition = nil
    }

    /// Ascending.
    var eigenvalues: [Double] { decomposed.values }
    var eigenvectors: Matrix<Double> { decomposed.vectors }

    private var decomposed: SymmetricEigen<Double> {
        guard let decomposition else { preconditionFailure("the case needs a decomposition") }
        return decomposition
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
        guard let factor = contractionFactor(contraction) else { return matrix }
        let least = eigenvalues.first ?? 0
        var result = matrix
        for index in result.elements.indices { result.elements[index] *= factor }
        for index in 0..<result.order { result[index, index] += (1 - factor) * least }
        return result
    }
}

extension StatisticCase {
    /// Whether the storage keeps factors, or needs an eigenvalue for its damping or the contraction.
    var needsDecomposition: Bool {
        switch kind {
        case .exact, .eigenvector, .householder, .cholesky: true
        case .full, .offdiagonal, .symmetric: contractionFactor(contraction) != nil
        }
    }
}

/// τ = 2^contraction, or nil where it leaves the matrix as it is.
func contractionFactor(_ contraction: Double?) -> Double? {
    guard let contraction, contraction != 0 else { return nil }
    return exp2(contraction)
}
