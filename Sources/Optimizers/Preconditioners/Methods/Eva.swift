import Compute
import MatrixCore
import Preconditioning

/// Eva: K-FAC's factors as vectors. Of a layer's inputs X and output gradients Y the means over a batch's positions, x̄ and ȳ, are
/// followed by a ← βa + (1 − β)x̄ and b ← βb + (1 − β)ȳ, beginning with the first ones as they are, and
/// Ĝ = (G − (bᵀGa)/(‖a‖²‖b‖² + γ)·baᵀ)/γ: by Sherman and Morrison the inverse of aaᵀ ⊗ bbᵀ + γI.
///
/// The directions of all parameters are scaled together by ν = min(1, √(κ/|Σ η²⟨Ĝ, G⟩|)), as classical K-FAC is; κ = 0 gives
/// each the norm of its gradient instead. A parameter that several layers use takes the sum of their means.
///
/// Source: Zhang, Shi and Li, "Eva: Practical second-order optimization with Kronecker-vectorized approximation", ICLR 2023, and
/// its published code, whose ξ = 0.95 is the weight of what is new; there, too, output gradients are of the mean loss.
public enum EvaMethod: PreconditionerMethod {
    public static let name = "eva"
    public static let keepsRoots = false
    public static let joinsBiases = true
    /// The decay is 1 − ξ, the damping γ.
    public static let defaults = PreconditionerDefaults(
        statisticsInterval: 1, rootInterval: 1, largestOrder: .max, decay: 0.05, damping: 0.03, exponent: 1,
        updateRectificationSteps: 0, rootRectificationSteps: 0, beginsAtZero: true, retainsDamping: false,
        own: MethodParameters(clip: 1e-3))

    /// Vectors are kept as they are.
    public static func admits(_ statistic: StatisticKind) -> Bool { statistic == .exact }

    public static func buffers(
        of parameter: ParameterShape, _ scheme: PreconditionerScheme, _ settings: PreconditionerSettings
    ) -> (statistics: BufferBytes, roots: BufferBytes) {
        (.entries(parameter.isMatrix ? parameter.rows + parameter.columns : 0), BufferBytes())
    }

    public static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: PreconditionerSettings
    ) -> any OptimizerRule<Base.Backend> {
        Preconditioned(base: base, method: Eva<Base.Backend>(settings))
    }
}

/// Eva with its settings.
public struct Eva<Backend: MatrixBackend>: GradientPreconditioner {
    /// The running means of one parameter, a column each.
    public struct State: Sendable {
        /// b, of output gradients.
        var rows: Backend.Tensor
        /// a, of inputs.
        var columns: Backend.Tensor
        /// Whether both are means of something.
        var hasBegun = false
    }

    public let settings: PreconditionerSettings

    public init(_ settings: PreconditionerSettings) { self.settings = settings }

    public init(from decoder: any Decoder) throws {
        settings = try PreconditionerSettings(from: decoder, method: EvaMethod.name)
    }

    public func encode(to encoder: any Encoder) throws { try settings.encode(to: encoder, method: EvaMethod.name) }

    public var schedule: PreconditionerSchedule { settings.schedule }
    private var clip: Double { settings.own.clip ?? EvaMethod.defaults.own.clip ?? 0 }

    public func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) -> State? {
        guard parameter.isMatrix else { return nil }
        return State(
            rows: backend.zeros(rows: parameter.rows, columns: 1),
            columns: backend.zeros(rows: parameter.columns, columns: 1))
    }

    public var joinsBiases: Bool { EvaMethod.joinsBiases }
    public func wantsFactors(at step: OptimizerStep) -> Bool { schedule.takesStatistics(at: step) }

    public func update(
        _ state: inout State, with gradient: ParameterGradient<Backend>, step: OptimizerStep, _ backend: Backend
    ) {
        guard schedule.takesStatistics(at: step) else { return }
        let kept: Backend.Scalar = state.hasBegun ? Backend.Scalar(settings.scheme.decay) : 0
        state.hasBegun = true
        for (place, factors) in gradient.factors.enumerated() {
            // What was decays once, whatever the number of layers.
            let before = place == 0 ? kept : 1
            backend.combine(before, into: &state.rows, 1 - kept, mean(factors.rows, backend))
            backend.combine(before, into: &state.columns, 1 - kept, mean(factors.columns, backend))
        }
    }

    /// The mean over positions, as a column.
    private func mean(_ factor: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        let positions = backend.shape(of: factor).columns
        let ones = backend.vector([Backend.Scalar](repeating: 1 / Backend.Scalar(max(positions, 1)), count: positions))
        return backend.multiply(factor, backend.column(ones))
    }

    public func direction(of gradient: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor {
        let damping = Backend.Scalar(settings.scheme.damping)
        let product = backend.multiply(gradient, state.columns)
        let onHost = backend.values(of: [
            backend.columnProducts(state.rows, product), backend.squaredColumnNorms(state.rows),
            backend.squaredColumnNorms(state.columns),
        ])
        let share = onHost[0][0] / (onHost[1][0] * onHost[2][0] + damping)
        let outer = backend.multiply(state.rows, transposed: false, state.columns, transposed: true, alpha: share)
        return backend.combine(1 / damping, gradient, -1 / damping, outer)
    }

    public func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [State],
        learningRate: Double, _ backend: Backend
    ) throws(GradientError) {
        let norms = try finiteNorms(of: directions, backend)
        let factors: [Backend.Scalar]
        if clip == 0 {
            factors = zip(gradients, norms).map { $0.norm / ($1 + 1e-12) }
        } else {
            let products = zip(directions, gradients).map { backend.columnProducts($0, $1.tensor) }
            let sum = backend.values(of: products).reduce(0.0) { $0 + $1.reduce(0.0) { $0 + Double($1) } }
            let scaled = (sum * learningRate * learningRate).magnitude
            factors = [Backend.Scalar](
                repeating: Backend.Scalar(scaled > clip ? (clip / scaled).squareRoot() : 1), count: directions.count)
        }
        backend.combine(factors, intoEach: &directions, 0, gradients.map(\.tensor))
    }

    public func sides(of state: State) -> [PreconditionerSide<Backend>] { [] }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        backend.byteCount(state.rows) + backend.byteCount(state.columns)
    }

    /// `mean_output_gradient` and `mean_input`, and `begun`, 1 where they are means of something.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("mean_output_gradient", state.rows, backend)
        archive.add("mean_input", state.columns, backend)
        archive.add("begun", .integers([state.hasBegun ? 1 : 0]))
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        state.rows = try archive.finiteTensor("mean_output_gradient", like: state.rows, backend)
        state.columns = try archive.finiteTensor("mean_input", like: state.columns, backend)
        state.hasBegun = try archive.integers("begun", count: 1)[0] == 1
    }
}
