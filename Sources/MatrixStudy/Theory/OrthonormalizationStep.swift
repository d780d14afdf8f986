import CPUBackend
import MatrixCore
import Preconditioning

/// What a step of Björck's iteration V′ = 1.5·V − 0.5·V·VᵀV does to a singular value σ of V:
///
///     1 − σ′ = (1 − σ)²·(1 + σ/2)  for 0 ≤ σ ≤ √3,
///
/// about 1.5(1 − σ)² near 1 (the form in which it is quoted). So σ′ ≤ 1, and V converges for 0 < σ < √3.
enum OrthonormalizationStep: Statement {
    static let name = "bjorck-step"
    static let summary = "That a step of rectification squares the distance of the singular values from 1."

    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation] {
        let backend = subject.backend
        guard statistic.kind.traits.isRectified, let kept = try statistic.kept(subject.subject, backend).factored
        else { return [] }
        func singularValues(after steps: Int) throws -> [Double] {
            let vectors = kept.vectors(rectificationSteps: steps, backend)
            let gram = backend.symmetricProduct(vectors, transposed: true, alpha: 1)
            return try backend.symmetricEigen(gram).values.map { max($0, 0).squareRoot() }
        }
        var rows: [Evaluation] = []
        var before = try singularValues(after: 0)
        for step in 0..<max(statistic.rectificationSteps ?? 0, 1) {
            let after = try singularValues(after: step + 1)
            let largest = before.max() ?? 1
            // A singular value is the square root of one of VᵀV, whose rounding counts the more the smaller it is.
            let rounding = subject.unitError * max(1, largest * largest)
            let least = max(min(before.min() ?? 1, after.min() ?? 1), rounding.squareRoot())
            rows.append(
                Evaluation(
                    statement: name, origin: .own, statistic: statistic, setting: "step=\(step + 1)",
                    premiseHolds: largest <= 3.0.squareRoot(),
                    sides: .equal(
                        after.map { 1 - $0 }.max() ?? 0,
                        before.map { (1 - $0) * (1 - $0) * (1 + 0.5 * $0) }.max() ?? 0, rounding: 2 * rounding / least)))
            before = after
        }
        return rows
    }
}
