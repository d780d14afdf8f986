import Compute
import MatrixCore
import Optimizers

/// All parameters of a trace on their way through an optimizer, side by side, as they are in training.
struct ReplayCourse<Rule: OptimizerRule> where Rule.Backend.Scalar: TraceScalar {
    typealias Backend = Rule.Backend

    private let rule: Rule
    private let source: GradientTrace
    private let backend: Backend
    private var parameters: [Backend.Tensor]
    /// One a parameter.
    private(set) var states: [Rule.State]
    /// Of every parameter its values at the kept steps, one after another in row-major order.
    private(set) var kept: [[Backend.Scalar]]

    /// - Throws: what reading and the storages refuse.
    init(_ rule: Rule, _ source: GradientTrace, seed: UInt64, _ backend: Backend) throws {
        self.rule = rule
        self.source = source
        self.backend = backend
        parameters = try source.parameters.map { backend.tensor(try source.initial($0)) }
        states = try source.parameters.enumerated().map { index, parameter in
            var generator = PhiloxGenerator(seed: seed, stream: UInt64(index))
            return try rule.initialState(for: parameter.shape, named: parameter.name, using: &generator, backend)
        }
        kept = source.parameters.map { _ in [] }
    }

    /// - Throws: what reading refuses, and `StatusError` of status `wrongData` for a gradient that no step can follow.
    mutating func advance(to number: Int) throws {
        let step = OptimizerStep(number)
        var (gradients, directions): ([ParameterGradient<Backend>], [Backend.Tensor]) = ([], [])
        for (index, parameter) in source.parameters.enumerated() {
            let gradient = try gradient(of: parameter, index, step)
            guard gradient.norm.isFinite else {
                throw refused(GradientError(norm: Double(gradient.norm), isPreconditioned: false, parameter: index), number)
            }
            directions.append(rule.direction(of: gradient, state: &states[index], step: step, backend))
            gradients.append(gradient)
        }
        do {
            try rule.complete(&directions, of: gradients, states, step: step, backend)
        } catch {
            throw refused(error, number)
        }
        rule.move(&parameters, along: consume directions, states: &states, step: step, backend)
        if source.keptSteps.contains(number) { keep() }
    }

    private func gradient(
        of parameter: GradientTrace.Parameter, _ index: Int, _ step: OptimizerStep
    ) throws -> ParameterGradient<Backend> {
        let tensor = backend.tensor(try source.gradient(parameter, step: step.number) as Matrix<Backend.Scalar>)
        let wantsFactors =
            rule.preconditionerState(of: states[index]) != nil && rule.preconditioner?.wantsFactors(at: step) == true
        return ParameterGradient(
            tensor, norm: backend.frobeniusNorm(tensor), factors: wantsFactors ? [try factors(of: parameter, step)] : [])
    }

    private func factors(
        of parameter: GradientTrace.Parameter, _ step: OptimizerStep
    ) throws -> GradientFactors<Backend.Tensor> {
        let factors: (outputGradients: Matrix<Backend.Scalar>, inputs: Matrix<Backend.Scalar>) =
            try source.factors(parameter, step: step.number)
        return GradientFactors(
            rows: backend.tensor(factors.outputGradients), columns: backend.tensor(factors.inputs))
    }

    private mutating func keep() {
        for index in kept.indices {
            let point = rule.evaluationPoint(of: parameters[index], state: states[index], backend) ?? parameters[index]
            kept[index] += backend.matrix(point).transposed.elements
        }
    }

    private func refused(_ error: GradientError, _ number: Int) -> StatusError {
        let name = source.parameters[error.parameter].name
        return StatusError(
            status: .wrongData,
            description: "\(source.path): gradients/\(name), step \(number): \(error); scale the gradients down")
    }
}
