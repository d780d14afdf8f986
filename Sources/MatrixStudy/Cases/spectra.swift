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
        let vectors = DecodedVectors(uses: cases, capacity: 1)
        return cases.map { statistic in
            do {
                let decoded = try statistic.decoded(subject, vectors, backend)
                let values = try backend.symmetricEigen(decoded.matrix(backend)).values
                return DecodedSpectrum(
                    statistic: statistic, singularValues: values.map(\.magnitude).sorted(by: >), reason: nil)
            } catch {
                return DecodedSpectrum(statistic: statistic, singularValues: nil, reason: "\(error)")
            }
        }
    }
}

extension DecodedStatistic {
    /// The statistic as a matrix: V·Diag(λ)·Vᵀ of factors.
    func matrix(_ backend: CPUBackend<Double>) -> Matrix<Double> {
        switch self {
        case .entries(let matrix, _, let isSymmetric): isSymmetric ? matrix : matrix.symmetrized
        case .factors(let vectors, let eigenvalues, _, _):
            backend.multiply(
                backend.scaleColumns(vectors, by: eigenvalues), transposed: false, vectors, transposed: true, alpha: 1
            ).symmetrized
        }
    }
}
