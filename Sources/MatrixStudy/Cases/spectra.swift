import CPUBackend
import MatrixCore
import Preconditioning

/// The singular values of a statistic before and after its storage (figure 2 of Wang et al. 2024).
public struct DecodedSpectrum: Sendable {
    public let statistic: StatisticCase
    /// Descending; nil where the storage refused the matrix.
    public let singularValues: [Double]?
    /// Why there are none.
    public let reason: String?
}

extension StudyInput {
    /// One spectrum a case, the matrix itself first.
    ///
    /// - Throws: `HDF5Error`, `DecompositionError`.
    public func decodedSpectra(of matrix: InputMatrix, cases: [StatisticCase]) throws -> [DecodedSpectrum] {
        let subject = try StudySubject(decomposing: entries(of: matrix))
        let backend = CPUBackend<Double>()
        let vectors = SharedVectors(uses: cases, capacity: 1)
        return cases.map { statistic in
            do {
                let decoded = try statistic.studied(subject, vectors, backend).decoded
                let matrix = decoded.matrix(backend)
                let values = try backend.symmetricEigen(decoded.isSymmetric ? matrix : matrix.symmetrized).values
                return DecodedSpectrum(
                    statistic: statistic, singularValues: values.map(\.magnitude).sorted(by: >), reason: nil)
            } catch {
                return DecodedSpectrum(statistic: statistic, singularValues: nil, reason: "\(error)")
            }
        }
    }
}
