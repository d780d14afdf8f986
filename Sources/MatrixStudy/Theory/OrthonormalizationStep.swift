import CPUBackend
import MatrixCore
import Preconditioning

/// What a step of Björck's iteration V′ = 1.5·V − 0.5·V·VᵀV does to a singular value σ of V:
///
///     1 − σ′ = (1 − σ)²·(1 + σ/2),
///
/// about 1.5(1 − σ)² near 1 (the form in which it is quoted). So σ′ ≤ 1 always, and V converges for 0 < σ < √3.
enum OrthonormalizationStep: Statement {
    static let name = "bjorck-step"
    static let summary = "That a step of rectification squares the distance of the singular values from 1."

    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation] {
        let backend = subject.backend
        guard statistic.kind.traits.isRectified, let kept = try statistic.kept(subject.subject, backend).factored
        else { return [] }
        func distances(after steps: Int) throws -> [Double] {
            let vectors = kept.vectors(rectificationSteps: steps, backend)
            let gram = backend.symmetricProduct(vectors, transposed: true, alpha: 1)
            return try backend.symmetricEigen(gram).values.map { 1 - max($0, 0).squareRoot() }
        }
        var rows: [Evaluation] = []
        var before = try distances(after: 0)
        for step in 0..<max(statistic.rectificationSteps ?? 0, 1) {
            let after = try distances(after: step + 1)
            // 1 + σ/2 = 1.5 − (1 − σ)/2.
            let expected = before.map { $0 * $0 * (1.5 - 0.5 * $0) }.max() ?? 0
            rows.append(
                Evaluation(
                    statement: name, origin: .own, statistic: statistic, setting: "step=\(step + 1)",
                    sides: .equal(after.max() ?? 0, expected, rounding: subject.unitError)))
            before = after
        }
        return rows
    }
}
