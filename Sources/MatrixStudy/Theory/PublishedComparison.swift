import MatrixCore
import Preconditioning

/// Proposition 1 of Wang et al. 2024: for c ≥ 1000, s ≤ −1/4, t = 0.02 and l = (c/t)^s, with α ≤ 0.1 and ⟨uᵢ, Δuᵢ⟩ ≥ −0.005,
/// the error in a power from eigenvectors is at most half of that from the eigenvalues, and 1 − cos a sixth:
///
///     2·NRE(U) ≤ 0.4 ≤ NRE(A),   6(1 − cos(U)) ≤ 0.06 ≤ 1 − cos(A).
///
/// U's side is measured on the decoded eigenvectors of each storage, A's side is the closed form of Lemma 2 for the matrix's
/// condition number.
enum PublishedComparison: Statement {
    static let name = "proposition-1"
    static let summary = "That coded eigenvectors cost a power at most half of what coded entries do."

    static let needsPositiveEigenvalues = true

    /// A's side.
    static func evaluate(_ subject: TheorySubject) throws -> [Evaluation] {
        subject.exponents.flatMap { exponent -> [Evaluation] in
            guard let spectrum = TwoLevelSpectrum(ratio: subject.conditionNumber, order: subject.order, exponent: exponent)
            else { return [] }
            let error = spectrum.relativeErrorAtLeastCosine(power: -exponent)
            func row(_ part: String, _ sides: Inequality) -> Evaluation {
                Evaluation(
                    statement: "\(name)-\(part)", origin: .published, statistic: nil, exponent: exponent,
                    setting: "c=\(spectrum.ratio) t=\(spectrum.replacement)", premiseHolds: isInRange(subject, exponent),
                    sides: sides)
            }
            return [
                row("distance-of-the-matrix", .atLeast(error, 0.4, rounding: subject.unitError)),
                row(
                    "cosine-of-the-matrix",
                    .atLeast(1 - spectrum.leastCosine(power: -exponent), 0.06, rounding: subject.unitError)),
            ]
        }
    }

    /// U's side.
    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation] {
        guard let found = try subject.perturbedPower(of: statistic) else { return [] }
        let basis = found.basis
        let isNear = basis.largestDistance <= 0.1 && basis.leastProduct >= 0.995
        func row(_ part: String, _ sides: Inequality) -> Evaluation {
            Evaluation(
                statement: "\(name)-\(part)", origin: .published, statistic: statistic, exponent: statistic.exponent,
                setting: basis.setting, premiseHolds: isNear && isInRange(subject, statistic.exponent), sides: sides)
        }
        return [
            row("distance-of-the-basis", .atMost(2 * found.relative, 0.4, rounding: subject.unitError)),
            row("cosine-of-the-basis", .atMost(6 * (1 - found.cosine), 0.06, rounding: 6 * subject.unitError)),
        ]
    }

    private static func isInRange(_ subject: TheorySubject, _ exponent: Double) -> Bool {
        subject.conditionNumber >= 1000 && exponent >= 0.25
    }
}
