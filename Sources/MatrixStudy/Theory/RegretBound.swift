import CPUBackend
import Foundation
import MatrixCore
import Preconditioning

/// Least squares as an online convex problem: f_t(W) = ½‖Wᵀxₜ − yₜ‖², with xₜ of covariance S and yₜ = W₀ᵀxₜ + noise. The
/// gradient xₜ(Wᵀxₜ − yₜ)ᵀ has rank 1.
private struct QuadraticProblem {
    /// A column a step.
    let inputs: Matrix<Double>
    let targets: Matrix<Double>
    /// Of least Σ f_t.
    let best: Matrix<Double>

    /// - Parameter covariance: S; what is used of it is scaled to a mean variance of 1.
    init(covariance: Matrix<Double>, steps: Int, seed: UInt64, _ backend: CPUBackend<Double>) throws {
        let order = covariance.order
        var generator = PhiloxGenerator(seed: seed, stream: 1)
        let (variances, basis) = try backend.symmetricEigen(covariance)
        let scale = max(variances.reduce(0, +) / Double(order), .leastNormalMagnitude)
        let deviations = variances.map { (max($0, 0) / scale).squareRoot() }
        inputs = backend.multiply(
            backend.scaleColumns(basis, by: deviations), normalDeviates(rows: order, columns: steps, using: &generator))
        let solution = normalDeviates(rows: order, columns: order, using: &generator)
        targets = backend.combine(
            1, backend.multiply(solution, transposed: true, inputs, transposed: false, alpha: 1), 0.1,
            normalDeviates(rows: order, columns: steps, using: &generator))
        // The least-norm solution of X·Xᵀ·W = X·Yᵀ; the theorem is about any W, the best one is where it says most.
        let (values, vectors) = try backend.symmetricEigen(backend.symmetricProduct(inputs, transposed: false, alpha: 1))
        let cutoff = (values.max() ?? 0) * Double(order) * 0x1p-52
        let inverses = values.map { $0 > cutoff ? 1 / $0 : 0 }
        let sides = backend.multiply(inputs, transposed: false, targets, transposed: true, alpha: 1)
        best = backend.multiply(
            backend.scaleColumns(vectors, by: inverses),
            backend.multiply(vectors, transposed: true, sides, transposed: false, alpha: 1))
    }

    /// f_t(W) and its gradient.
    func value(_ step: Int, at w: Matrix<Double>, _ backend: CPUBackend<Double>) -> (loss: Double, gradient: Matrix<Double>) {
        let input = backend.selectColumns(inputs, [step])
        let residual = backend.combine(
            1, backend.multiply(w, transposed: true, input, transposed: false, alpha: 1), -1,
            backend.selectColumns(targets, [step]))
        let loss = 0.5 * residual.elements.reduce(0) { $0 + $1 * $1 }
        return (loss, backend.multiply(input, transposed: false, residual, transposed: true, alpha: 1))
    }
}

/// Theorem 1 of Wang et al. 2024: the regret of Shampoo with coded statistics and their compensation (algorithm 6) on a convex
/// problem with gradients of rank r at most,
///
///     W ← W − η·((ε + ρₜ)I + Lₜ)^(-1/4)·G·((ε + μₜ)I + Rₜ)^(-1/4),
///
/// with Lₜ and Rₜ the coded sums of G·Gᵀ and Gᵀ·G, ρₜ and μₜ their compensations:
///
///     Σ f_t(Wₜ) − Σ f_t(W*) ≤ (D²/(2η) + η·r)·[2^(1/4)·m·ρ_T^(1/4) + tr L̃^(1/4)]·[2^(1/4)·n·μ_T^(1/4) + tr R̃^(1/4)],
///
/// L̃ = εI + Σ G·Gᵀ, R̃ = εI + Σ Gᵀ·G, D = max ‖Wₜ − W*‖F. With η = D/√(2r) the first factor is √(2r)·D, as the theorem is
/// printed; D is known only afterwards, so that η is ‖W₁ − W*‖F/√(2r) here, and the factor that of its proof.
///
/// The problem is least squares with inputs whose covariance is the leading block of the matrix.
enum RegretBound: Statement {
    static let name = "theorem-1"
    static let summary = "The regret of Shampoo with coded statistics on least squares (with --problem quadratic)."

    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation] {
        guard let (steps, largestOrder) = subject.sequence.problem, subject.order > 0 else { return [] }
        let backend = subject.backend
        let order = min(subject.order, largestOrder)
        let problem = try QuadraticProblem(
            covariance: backend.block(subject.subject.matrix, rows: 0..<order, columns: 0..<order), steps: steps,
            seed: subject.sequence.seed, backend)
        guard problem.best.largestMagnitude > 0 else {
            throw PlanError("the leading block of order \(order) is zero, and nothing is to be learned from it")
        }
        let run = try run(problem, statistic, steps: steps, order: order, backend)
        return [
            Evaluation(
                statement: name, origin: .published, statistic: statistic, exponent: 0.25,
                setting: "steps=\(steps) order=\(order) D=\(run.distance) rho=\(run.compensation)",
                sides: .atMost(run.regret, run.bound, rounding: 1e-9 * run.bound))
        ]
    }

    /// ε, of inputs with variance 1.
    private static let offset = 1e-6

    private static func run(
        _ problem: QuadraticProblem, _ statistic: StatisticCase, steps: Int, order: Int, _ backend: CPUBackend<Double>
    ) throws -> (regret: Double, bound: Double, distance: Double, compensation: Double) {
        var sums = [CodedSum](repeating: CodedSum(statistic, order: order, backend), count: 2)
        var exact = [Matrix<Double>](
            repeating: backend.scaled(offset, backend.identity(order)), count: 2)
        var weights = Matrix<Double>(rows: order, columns: order)
        var (regret, distance) = (0.0, 0.0)
        let rate = backend.combine(1, weights, -1, problem.best).frobeniusNorm / 2.0.squareRoot()
        for step in 0..<steps {
            distance = max(distance, backend.combine(1, weights, -1, problem.best).frobeniusNorm)
            let (loss, gradient) = problem.value(step, at: weights, backend)
            regret += loss - problem.value(step, at: problem.best, backend).loss
            var move = gradient
            for (side, isLeft) in [true, false].enumerated() {
                let moment = backend.symmetricProduct(gradient, transposed: !isLeft, alpha: 1)
                try sums[side].add(moment)
                exact[side] = backend.combine(1, exact[side], 1, moment)
                let root = try power(backend.addToDiagonal(sums[side].compensated, offset), -0.25, backend)
                move = isLeft ? backend.multiply(root, move) : backend.multiply(move, root)
            }
            backend.combine(1, into: &weights, -rate, move)
        }
        var bound = distance * distance / (2 * rate) + rate
        for side in 0..<2 {
            let trace = try backend.symmetricEigen(exact[side]).values.reduce(0) { $0 + pow(max($1, 0), 0.25) }
            bound *= pow(2 * sums[side].compensation, 0.25) * Double(order) + trace
        }
        return (regret, bound, distance, sums[0].compensation)
    }

    private static func power(
        _ a: Matrix<Double>, _ exponent: Double, _ backend: CPUBackend<Double>
    ) throws -> Matrix<Double> {
        let (values, vectors) = try backend.symmetricEigen(a)
        // εI + B is at least εI: less is rounding.
        let powers = values.map { pow(max($0, offset), exponent) }
        return backend.multiply(
            backend.scaleColumns(vectors, by: powers), transposed: false, vectors, transposed: true, alpha: 1)
    }
}
