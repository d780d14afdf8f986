import CPUBackend
import Foundation
import MatrixCore
import Preconditioning

/// What the loss of orthogonality of decoded eigenvectors does to powers (figure 3 of Wang et al. 2024).
public struct OrthogonalityLoss: Sendable {
    public let coding: CodingChoice
    public let steps: Int
    public let exponent: Double
    /// The mean over the entries of |(V·Λ^s·Vᵀ)^(-1/s)·(V·Λ·Vᵀ) − I| with s = −exponent, V after the steps; nil where a power
    /// is not finite. With an orthogonal V the product is I.
    public let meanError: Double?
    /// max |VᵀV − I|.
    public let defect: Double
}

extension StudyInput {
    /// The losses for all codings, steps and exponents, steps varying before exponents.
    ///
    /// - Throws: `HDF5Error`, `DecompositionError`, `QuantizationError`.
    public func orthogonalityLosses(
        of matrix: InputMatrix, codings: [CodingChoice], steps: [Int], exponents: [Double]
    ) throws -> [OrthogonalityLoss] {
        let subject = try StudySubject(decomposing: entries(of: matrix))
        let backend = CPUBackend<Double>()
        let eigenvalues = subject.eigenvalues.map(\.magnitude)
        var result: [OrthogonalityLoss] = []
        for coding in codings {
            let kept = try EigenvectorStatistic(
                eigenvalues: eigenvalues, vectors: subject.eigenvectors, coding: coding.blockCoding(), backend: backend)
            for step in steps {
                let vectors = kept.vectors(rectificationSteps: step, backend)
                let defect = orthogonalityDefect(vectors, backend)
                for exponent in exponents {
                    let error = try meanError(
                        vectors, kept.eigenvalues, exponent: exponent, backend)
                    result.append(
                        OrthogonalityLoss(
                            coding: coding, steps: step, exponent: exponent, meanError: error, defect: defect))
                }
            }
        }
        return result
    }
}

private func meanError(
    _ vectors: Matrix<Double>, _ eigenvalues: [Double], exponent: Double, _ backend: CPUBackend<Double>
) throws -> Double? {
    guard
        let power = factoredRoot(
            vectors: vectors, eigenvalues: eigenvalues, exponent: exponent, damping: 0, backend),
        power.largestMagnitude.isFinite
    else { return nil }
    // B = V·Λ^(-p)·Vᵀ is positive semidefinite; B^(1/p) undoes the power.
    let (values, basis) = try backend.symmetricEigen(power)
    let restored = values.map { pow(max($0, 0), 1 / exponent) }
    let inverse = backend.multiply(
        backend.scaleColumns(basis, by: restored), transposed: false, basis, transposed: true, alpha: 1)
    let statistic = backend.symmetricProduct(
        backend.scaleColumns(vectors, by: eigenvalues.map { $0.squareRoot() }), transposed: false, alpha: 1)
    let difference = backend.addToDiagonal(backend.multiply(inverse, statistic), -1)
    let mean = difference.elements.reduce(0) { $0 + $1.magnitude } / Double(difference.elements.count)
    return mean.isFinite ? mean : nil
}
