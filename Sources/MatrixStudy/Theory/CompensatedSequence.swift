import CPUBackend
import MatrixCore
import Preconditioning

/// A sum Σ Xₜ of symmetric matrices that is coded at every step, with the compensation that makes up for the codes:
///
///     Yₜ = Zₜ₋₁ + Xₜ,  Zₜ = D(Q(Yₜ)),  ρₜ = ρₜ₋₁ + ‖Yₜ − Zₜ‖₂,  Bₜ = ρₜ·I + Zₜ;  Z₀ = 0, ρ₀ = 0.
struct CodedSum {
    private let statistic: StatisticCase
    private let backend: CPUBackend<Double>
    /// Zₜ.
    private(set) var coded: Matrix<Double>
    /// ρₜ.
    private(set) var compensation = 0.0

    init(_ statistic: StatisticCase, order: Int, _ backend: CPUBackend<Double>) {
        self.statistic = statistic
        self.backend = backend
        coded = Matrix(rows: order, columns: order)
    }

    /// Bₜ.
    var compensated: Matrix<Double> { backend.addToDiagonal(coded, compensation) }

    /// Adds Xₜ; Zₜ is made symmetric where a storage gives back what is not.
    ///
    /// - Throws: what the storage throws, `DecompositionError`.
    mutating func add(_ term: Matrix<Double>) throws {
        let sum = backend.symmetrize(backend.combine(1, coded, 1, term))
        let studied = try statistic.studied(
            StudySubject(decomposing: sum), SharedVectors(uses: [], capacity: 0), backend)
        coded = backend.symmetrize(studied.decoded.matrix(backend))
        compensation += try backend.symmetricEigen(backend.combine(1, sum, -1, coded)).values.largestMagnitude
    }
}

/// Lemma 12 of Wang et al. 2024 (after Yen et al. 2023): with Aₜ = Σ Xₛ, whatever the storage,
///
///     Bₜ ⪰ Bₜ₋₁ + Xₜ  and  Aₜ ⪯ Bₜ ⪯ 2ρₜ·I + Aₜ.
///
/// Each is evaluated by the least eigenvalue of the difference of its sides, with the moments of a `Trajectory` as Xₜ.
enum CompensatedSequence: Statement {
    static let name = "lemma-12"
    static let summary = "That a coded sum with its compensation stays between the exact sum and 2ρ·I more."

    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation] {
        var rows: [Evaluation] = []
        let (updates, seed) = (subject.sequence.updates, subject.sequence.seed)
        var trajectory = Trajectory(
            StartingStatistic(subject.subject, contraction: nil), try RecodeCourse(updates: updates, decay: 1, seed: seed))
        var sum = CodedSum(statistic, order: subject.order, subject.backend)
        var exact = Matrix<Double>(rows: subject.order, columns: subject.order)
        for update in 1...updates {
            trajectory.advance(to: update)
            let term = trajectory.moment
            let before = sum.compensated
            try sum.add(term)
            exact = subject.backend.combine(1, exact, 1, term)
            rows += try sides(sum, before: before, term: term, exact: exact, subject).map { part, sides in
                Evaluation(
                    statement: "\(name)-\(part)", origin: .published, statistic: statistic,
                    setting: "update=\(update) rho=\(sum.compensation)", sides: sides)
            }
        }
        return rows
    }

    private static func sides(
        _ sum: CodedSum, before: Matrix<Double>, term: Matrix<Double>, exact: Matrix<Double>, _ subject: TheorySubject
    ) throws -> [(String, Inequality)] {
        let backend = subject.backend
        let compensated = sum.compensated
        func leastEigenvalue(_ a: Matrix<Double>, less b: Matrix<Double>) throws -> Double {
            try backend.symmetricEigen(backend.symmetrize(backend.combine(1, a, -1, b))).values.min() ?? 0
        }
        let rounding = subject.unitError * (compensated.frobeniusNorm + exact.frobeniusNorm)
        func notNegative(_ value: Double) -> Inequality { .atLeast(value, 0, rounding: rounding) }
        let upper = backend.addToDiagonal(exact, 2 * sum.compensation)
        return [
            ("growth", notNegative(try leastEigenvalue(compensated, less: backend.combine(1, before, 1, term)))),
            ("from-below", notNegative(try leastEigenvalue(compensated, less: exact))),
            ("from-above", notNegative(try leastEigenvalue(upper, less: compensated))),
        ]
    }
}
