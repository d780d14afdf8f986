import CPUBackend
import MatrixCore
import Preconditioning
import Quantization

/// A statistic as it comes back from its storage.
enum DecodedStatistic: Sendable {
    /// Its entries; `damping` is what is still to be added. Where blocks run along rows an entry and its mirror image differ.
    case entries(Matrix<Double>, damping: Double, isSymmetric: Bool)
    /// Eigenvalues and the vectors that stand for eigenvectors, orthonormal to rounding or only nearly so.
    case factors(vectors: Matrix<Double>, eigenvalues: [Double], areOrthonormal: Bool, defect: Double?)
}

extension StatisticCase {
    /// Puts the subject's statistic through this case's storage and decodes it.
    ///
    /// - Throws: `DecompositionError.notPositiveDefinite`, `QuantizationError`.
    func decoded(
        _ subject: StudySubject, _ vectors: DecodedVectors, _ backend: CPUBackend<Double>
    ) throws -> DecodedStatistic {
        switch try storage() {
        case .exact where solver == .schurNewton:
            return .entries(subject.matrix(contraction: contraction), damping: damping, isSymmetric: true)
        case .exact:
            let eigenvalues = subject.eigenvalues(contraction: contraction)
            return .factors(
                vectors: subject.eigenvectors, eigenvalues: eigenvalues, areOrthonormal: true, defect: nil)
        case .full(let coding):
            return try decodedEntries(subject, .full(coding), backend)
        case .offdiagonal(let coding):
            return try decodedEntries(subject, .offdiagonal(coding), backend)
        case .symmetric(let coding):
            return try decodedEntries(subject, .symmetric(coding), backend)
        case .eigenvector(let coding):
            let eigenvalues = subject.eigenvalues(contraction: contraction)
            let steps = rectificationSteps ?? 0
            // Those of every contraction and damping, while the vectors are coded and decoded once for all of them.
            let kept = try singlePrecision(eigenvalues)
            let decoded = try vectors.value(coding: self.coding, steps: steps) {
                let statistic = try EigenvectorStatistic(
                    eigenvalues: eigenvalues, vectors: subject.eigenvectors, coding: coding, backend: backend)
                let decoded = statistic.vectors(rectificationSteps: steps, backend)
                return (decoded, orthogonalityDefect(decoded, backend))
            }
            return .factors(
                vectors: decoded.vectors, eigenvalues: kept.map { Double($0) }, areOrthonormal: false,
                defect: decoded.defect)
        case .householder(let coding):
            let eigenvalues = subject.eigenvalues(contraction: contraction)
            let kept = try HouseholderStatistic(
                eigenvalues: eigenvalues, vectors: subject.eigenvectors,
                order: reflectorOrder(eigenvalues: eigenvalues, exponent: exponent, damping: damping),
                coding: coding, backend: backend)
            let decoded = kept.vectors(backend)
            return .factors(
                vectors: decoded, eigenvalues: kept.eigenvalues.map { Double($0) }, areOrthonormal: true,
                defect: orthogonalityDefect(decoded, backend))
        case .cholesky(let coding):
            let eigenvalues = subject.eigenvalues(contraction: contraction)
            let kept = try CholeskyStatistic(
                subject.matrix(contraction: contraction), shift: damping * eigenvalues.largestMagnitude, coding: coding,
                backend: backend)
            return .entries(kept.decoded(backend), damping: 0, isSymmetric: true)
        }
    }

    private func decodedEntries(
        _ subject: StudySubject, _ storage: RootStorage, _ backend: CPUBackend<Double>
    ) throws -> DecodedStatistic {
        let matrix = subject.matrix(contraction: contraction)
        let decoded = try StoredMatrix(matrix, storage: storage, backend: backend).decoded(backend)
        return .entries(decoded, damping: damping, isSymmetric: storage.kind == .symmetric)
    }
}
