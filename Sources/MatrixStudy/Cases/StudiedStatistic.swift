import CPUBackend
import MatrixCore
import Preconditioning

/// A statistic of the study as it comes back from its storage.
struct StudiedStatistic: Sendable {
    let decoded: DecodedStatistic<CPUBackend<Double>>
    /// ε, as far as it is still to be added.
    let damping: Double
    /// max |VᵀV − I| of decoded eigenvectors.
    let orthogonalityDefect: Double?
    /// How far they are from eigenvectors: see `DecodedBasis`.
    var offdiagonalResidual: Double?
    /// The root that is kept in the statistic's place.
    var keptRoot: Matrix<Double>?
    /// Of a storage whose bytes depend on the matrix.
    var byteCount: Int?
}

extension StatisticCase {
    /// Puts the subject's statistic through this case's storage and decodes it.
    ///
    /// - Throws: `DecompositionError.notPositiveDefinite`, `QuantizationError`.
    func studied(
        _ subject: StudySubject, _ shared: SharedVectors, _ backend: CPUBackend<Double>
    ) throws -> StudiedStatistic {
        let source = ContractedSubject(subject: subject, contraction: contraction)
        if needsNoStorage {
            return StudiedStatistic(
                decoded: .factors(eigenvalues: source.eigenvalues, vectors: source.eigenvectors, areOrthonormal: true),
                damping: damping, orthogonalityDefect: nil)
        }
        let kept = try kept(subject, backend)
        let steps = rectificationSteps ?? 0
        guard let factored = kept.factored else {
            let decoded = try kept.decodedStatistic(rectificationSteps: steps, backend)
            var residual: Double?
            if case .factors(_, let vectors, _) = decoded {
                residual = DecodedBasis(vectors, of: subject.matrix, backend).offdiagonalResidual(source.scaling)
            }
            return StudiedStatistic(
                decoded: decoded, damping: kept.isDamped ? 0 : damping, orthogonalityDefect: nil,
                offdiagonalResidual: residual, keptRoot: kept.keptRoot(backend),
                byteCount: kind.traits.hasVariableLength ? kept.byteCount(backend) : nil)
        }
        // The eigenvalues are this case's own; the vectors may be those of other contractions and dampings, too.
        let basis = shared.value(for: self) {
            DecodedBasis(factored.vectors(rectificationSteps: steps, backend), of: subject.matrix, backend)
        }
        return StudiedStatistic(
            decoded: .factors(
                eigenvalues: factored.eigenvalues, vectors: basis.vectors,
                areOrthonormal: factored.areVectorsOrthonormal),
            damping: damping, orthogonalityDefect: basis.orthogonalityDefect,
            offdiagonalResidual: basis.offdiagonalResidual(source.scaling))
    }

    /// The subject's statistic in this case's storage.
    ///
    /// - Throws: as `studied`.
    func kept(_ subject: StudySubject, _ backend: CPUBackend<Double>) throws -> any KeptStatistic<CPUBackend<Double>> {
        try storage().keep(
            ContractedSubject(subject: subject, contraction: contraction),
            for: StatisticUse(exponent: exponent, damping: damping), backend)
    }

    /// What is not coded comes back as it was, with its decomposition: no solver need take another.
    private var needsNoStorage: Bool { kind.traits.isExact && solver != .schurNewton }

    /// Whether the storage wants the decomposition of the matrix, the contraction an eigenvalue of it, or the root is of
    /// its own factors.
    var needsDecomposition: Bool {
        kind.traits.wantsDecomposition || needsNoStorage || contractionFactor(contraction) != nil
    }
}

/// A subject contracted as a case asks for it.
private struct ContractedSubject: StatisticSource {
    let subject: StudySubject
    let contraction: Double?

    var matrix: Matrix<Double> { subject.matrix(contraction: contraction) }
    var eigenvalues: [Double] { subject.eigenvalues(contraction: contraction) }
    var eigenvectors: Matrix<Double> { subject.eigenvectors }
    var scaling: ContractionScaling { subject.scaling(contraction: contraction) }

    func shift(damping: Double) -> Double { damping * eigenvalues.largestMagnitude }

    typealias Backend = CPUBackend<Double>
}
