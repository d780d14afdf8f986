import MatrixCore
import Preconditioning

/// Lemma 1 of Wang et al. 2024: with B = A^s, A = U·Λ·Uᵀ, and ΔB from other eigenvectors U + ΔU, orthonormal as well,
///
///     ‖ΔB‖F/‖B‖F ≤ 2α           where ‖Δuᵢ‖₂ ≤ α for all i,
///     cos(B, B + ΔB) ≥ (1 − β)²  where ⟨uᵢ, uᵢ + Δuᵢ⟩ ≥ 1 − β ≥ 0 for all i,
///
/// whatever Λ and s.
///
/// Decoded vectors V = U + ΔU are orthonormal only to rounding or nearly so; of any V, with the same steps of proof,
///
///     ‖ΔB‖F/‖B‖F ≤ α(1 + ‖V‖₂),  since ΔB = ΔU·Λ^s·Vᵀ + U·Λ^s·ΔUᵀ and ‖ΔU·Λ^s‖F ≤ α‖Λ^s‖F,
///     cos(B, B + ΔB) ≥ ((1 − β)/‖V‖₂)²,  since ⟨B, VΛ^sVᵀ⟩ = Σᵢⱼ λᵢ^s·λⱼ^s·⟨uᵢ, vⱼ⟩² ≥ (1 − β)²‖B‖F² and
///     ‖VΛ^sVᵀ‖F ≤ ‖V‖₂²·‖B‖F.
///
/// The eigenvalues are the same on both sides: the rounding of those that are kept has no part in it.
enum BasisPerturbation: Statement {
    static let name = "lemma-1"
    static let summary = "What other eigenvectors do to a power: at most 2α, and a cosine of (1 − β)² at least."

    static let needsPositiveEigenvalues = true

    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation] {
        guard let found = try subject.perturbedPower(of: statistic) else { return [] }
        let basis = found.basis
        let (alpha, product, rounding) = (basis.largestDistance, basis.leastProduct, subject.unitError)
        func row(_ part: String, _ origin: Evaluation.Origin, premise: Bool, _ sides: Inequality) -> Evaluation {
            Evaluation(
                statement: "\(name)-\(part)", origin: origin, statistic: statistic, exponent: statistic.exponent,
                setting: basis.setting, premiseHolds: premise, sides: sides)
        }
        let areOrthonormal = basis.defect <= rounding
        let (square, normed) = (product * product, product / basis.norm)
        return [
            row(
                "distance", .published, premise: areOrthonormal,
                .atMost(found.relative, 2 * alpha, rounding: rounding)),
            row(
                "cosine", .published, premise: areOrthonormal && product >= 0,
                .atLeast(found.cosine, square, rounding: rounding)),
            row(
                "distance-of-any-basis", .own, premise: true,
                .atMost(found.relative, alpha * (1 + basis.norm), rounding: rounding)),
            row(
                "cosine-of-any-basis", .own, premise: product >= 0,
                .atLeast(found.cosine, normed * normed, rounding: rounding)),
        ]
    }
}
