import MatrixCore
import Preconditioning

/// Lemma 2 of Wang et al. 2024: what a small eigenvalue that becomes k = t·c does to a power s, in closed form and by the
/// matrices themselves, in the basis of the matrix that is looked at and with c its condition number.
enum SpectrumPerturbation: Statement {
    static let name = "lemma-2"
    static let summary = "What a small eigenvalue that grows does to a power: the closed forms against the matrices."

    static let needsPositiveEigenvalues = true

    static func evaluate(_ subject: TheorySubject) throws -> [Evaluation] {
        subject.exponents.flatMap { exponent -> [Evaluation] in
            let s = -exponent
            guard let spectrum = TwoLevelSpectrum(ratio: subject.conditionNumber, order: subject.order, exponent: exponent)
            else { return [] }
            let basis = subject.subject.eigenvectors
            let power = spectrum.measured(power: s, basis: basis, subject.backend)
            let itself = spectrum.measured(power: 1, basis: basis, subject.backend)
            func row(_ part: String, premise: Bool = true, _ sides: Inequality) -> Evaluation {
                Evaluation(
                    statement: "\(name)-\(part)", origin: .published, statistic: nil, exponent: exponent,
                    setting: "c=\(spectrum.ratio) t=\(spectrum.replacement) l=\(spectrum.multiplicity)", premiseHolds: premise,
                    sides: sides)
            }
            func rounding(_ closed: Double) -> Double { subject.unitError * (1 + closed) }
            let (closed, cosine) = (spectrum.relativeError(power: s), spectrum.cosine(power: s))
            return [
                row("distance", .equal(power.relative, closed, rounding: rounding(closed))),
                row("cosine", .equal(power.cosine, cosine, rounding: rounding(1))),
                row("least-cosine", .atLeast(power.cosine, spectrum.leastCosine(power: s), rounding: rounding(1))),
                row(
                    "distance-of-the-matrix", premise: spectrum.replaced >= 1,
                    .atMost(
                        itself.relative, spectrum.replacement * spectrum.multiplicity.squareRoot(), rounding: rounding(1))),
            ]
        }
    }
}
