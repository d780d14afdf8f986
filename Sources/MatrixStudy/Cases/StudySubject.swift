import Foundation
import GSLReference
import LinearAlgebra
import MatrixCore

/// A matrix with what its storages share: a decomposition, where it is needed, contracted where a case asks for it.
struct StudySubject: Sendable {
    let matrix: Matrix<Double>
    private let decomposition: SymmetricDecomposition?

    /// By LAPACK, for cases that `needsDecomposition` of.
    ///
    /// - Throws: `DecompositionError`.
    init(decomposing matrix: Matrix<Double>) throws(DecompositionError) {
        let found = try StudySubject.decompose(matrix)
        self.init(matrix, SymmetricDecomposition(eigenvalues: found.values, eigenvectors: found.vectors))
    }

    /// - Parameter decomposition: of this matrix, eigenvalues ascending.
    init(_ matrix: Matrix<Double>, _ decomposition: SymmetricDecomposition) {
        self.matrix = matrix
        self.decomposition = decomposition
    }

    /// For cases that keep the matrix by its entries.
    init(undecomposed matrix: Matrix<Double>) {
        self.matrix = matrix
        decomposition = nil
    }

    /// Ascending.
    var eigenvalues: [Double] { decomposed.eigenvalues }
    var eigenvectors: Matrix<Double> { decomposed.eigenvectors }

    var decomposed: SymmetricDecomposition {
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
        let scaling = scaling(contraction: contraction)
        if scaling == .identity { return matrix }
        var result = matrix
        for index in result.elements.indices { result.elements[index] *= scaling.factor }
        for index in 0..<result.order { result[index, index] += scaling.shift }
        return result
    }

    /// τ and (1 − τ)·λmin.
    func scaling(contraction: Double?) -> ContractionScaling {
        guard let factor = contractionFactor(contraction) else { return .identity }
        return ContractionScaling(factor: factor, shift: (1 - factor) * (eigenvalues.first ?? 0))
    }
}

/// factor·A + shift·I.
struct ContractionScaling: Sendable, Equatable {
    let factor: Double
    let shift: Double

    static let identity = ContractionScaling(factor: 1, shift: 0)
}

/// τ = 2^contraction, or nil where it leaves the matrix as it is.
func contractionFactor(_ contraction: Double?) -> Double? {
    guard let contraction, contraction != 0 else { return nil }
    return exp2(contraction)
}
