import Compute
import MatrixCore
import Preconditioning

/// KL-Shampoo: statistics that whiten the gradient by the other side's, and a step by their roots.
///
/// S₁ ← βS₁ + (1 − β)/d₂·G·S₂⁻¹·Gᵀ and S₂ ← βS₂ + (1 − β)/d₁·Gᵀ·S₁⁻¹·G minimize the Kullback–Leibler divergence of S₁ ⊗ S₂ from
/// E[ggᵀ]. Their inverses are by bases Q and eigenvalue estimates D that a step renews by means of squares of the rotated
/// gradient, D₁ ← βD₁ + (1 − β)·mean of (Q₁ᵀGQ₂·D₂^(-1/2))² over the columns; D^(-1/2) is at most max(10, min(d, 4000)). With
/// M ← β₁M + (1 − β₁)G a step is Q₁·((Q₁ᵀMQ₂)/(√(D₁D₂ᵀ) + ε))·Q₂ᵀ, without grafting and without the moments of a rule underneath.
/// The first gradient serves the statistics alone; D begins at 0.1. Bases turn as SOAP's do, but keep the order of their columns.
///
/// A step meets statistics that do not know its gradient. A side that is longer than the largest order has S = I.
///
/// Source: Lin et al., "Understanding and improving Shampoo and SOAP via Kullback–Leibler minimization", arXiv 2509.03378, and its
/// published code, which computes all but QR in bfloat16.
public enum KLShampooMethod: PreconditionerMethod {
    public static let name = "kl-shampoo"
    public static let keepsRoots = false
    public static let replacesRule = true
    public static let defaults = {
        var defaults = SOAPMethod.defaults
        defaults.decay = 0.98
        defaults.own = MethodParameters(momentum: 0.9)
        return defaults
    }()

    public static func admits(_ statistic: StatisticKind) -> Bool { SOAPMethod.admits(statistic) }

    public static func adjust(_ defaults: inout PreconditionerDefaults, for statistic: StorageTraits) {
        SOAPMethod.adjust(&defaults, for: statistic)
    }

    public static func adjust(_ values: inout FirstOrderHyperparameters) {
        (values.learningRate, values.weightDecay, values.firstDecay, values.secondDecay) = (1e-4, 0.01, 0.9, 0.98)
    }

    /// Those of SOAP, the momentum and the values of both sides.
    public static func buffers(
        of parameter: ParameterShape, _ scheme: PreconditionerScheme, _ settings: PreconditionerSettings
    ) -> (statistics: BufferBytes, roots: BufferBytes) {
        guard parameter.isMatrix else { return (BufferBytes(), BufferBytes()) }
        let (rows, columns) = (parameter.rows, parameter.columns)
        let statistics = SOAPMethod.buffers(of: parameter, scheme, settings).statistics
        return (statistics + .entries(rows * columns + rows + columns), BufferBytes())
    }

    public static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: PreconditionerSettings
    ) throws(HyperparameterError) -> any OptimizerRule<Base.Backend> {
        try HyperparameterError.require(
            base.decoupledWeightDecay != nil, "preconditioner", name, "over a rule with decoupled weight decay, such as adamw")
        return Preconditioned(base: base, method: KLShampoo<Base.Backend>(settings))
    }
}

/// KL-Shampoo with its settings.
public struct KLShampoo<Backend: MatrixBackend>: GradientPreconditioner {
    public struct State: Sendable {
        var sides: EigenbasisSides<Backend>
        /// M.
        var momentum: Backend.Tensor
        /// D₁ and D₂, a column each.
        var left: Backend.Tensor
        var right: Backend.Tensor
    }

    public let settings: PreconditionerSettings
    private var offset: Backend.Scalar { 1e-8 }

    public init(_ settings: PreconditionerSettings) { self.settings = settings }

    public init(from decoder: any Decoder) throws {
        settings = try PreconditionerSettings(from: decoder, method: KLShampooMethod.name)
    }

    public func encode(to encoder: any Encoder) throws { try settings.encode(to: encoder, method: KLShampooMethod.name) }

    public var schedule: PreconditionerSchedule { settings.schedule }
    public var skippedSteps: Int { 1 }
    public var use: DirectionUse { .step }

    public func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State? {
        guard parameter.isMatrix else { return nil }
        let sides = try EigenbasisSides(parameter, named: name, settings, using: &generator, backend)
        func values(_ side: BlockSide, _ order: Int) -> Backend.Tensor {
            let start: Backend.Scalar = sides[side] == nil ? 1 : 0.1
            return backend.column(backend.vector([Backend.Scalar](repeating: start, count: order)))
        }
        return State(
            sides: sides, momentum: backend.zeros(rows: parameter.rows, columns: parameter.columns),
            left: values(.left, parameter.rows), right: values(.right, parameter.columns))
    }

    /// The direction first: it meets statistics and bases as the step before left them.
    public func follow(
        _ gradient: ParameterGradient<Backend>, _ state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor {
        guard step.number > skippedSteps else {
            update(&state, with: gradient, step: step, backend)
            return gradient.tensor
        }
        let momentum = Backend.Scalar(settings.own.momentum ?? 0)
        backend.combine(momentum, into: &state.momentum, 1 - momentum, gradient.tensor)
        let direction = direction(of: state.momentum, state, backend)
        update(&state, with: gradient, step: step, backend)
        return direction
    }

    public func direction(of gradient: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor {
        let coordinates = state.sides.coordinates(of: gradient, backend)
        let squares = backend.multiply(state.left, transposed: false, state.right, transposed: true, alpha: 1)
        var scaled = backend.scaled(0, coordinates)
        backend.addQuotient(1, into: &scaled, coordinates, rootOf: squares, scale: 1, offset: offset)
        return state.sides.displacement(of: scaled, backend)
    }

    public func update(
        _ state: inout State, with gradient: ParameterGradient<Backend>, step: OptimizerStep, _ backend: Backend
    ) {
        let stepsDone = step.number - skippedSteps
        if stepsDone == 0 || schedule.takesStatistics(at: step) {
            updateStatistics(&state, with: gradient.tensor, isFirst: stepsDone == 0, backend)
        }
        if stepsDone > 0 { updateValues(&state, with: gradient.tensor, backend) }
        // Nothing is kept in coordinates. A first moment that comes late turns the basis in the same step as a refresh.
        _ = state.sides.takeTurn()
        if let interval = schedule.rootInterval, stepsDone > 0, stepsDone.isMultiple(of: interval) {
            state.sides.refresh(sorting: false, backend)
        }
        _ = state.sides.takeTurn()
    }

    /// The moments W·Wᵀ/d of both sides before either is taken.
    private func updateStatistics(_ state: inout State, with gradient: Backend.Tensor, isFirst: Bool, _ backend: Backend) {
        let flipped = backend.transposed(gradient)
        let left = isFirst ? gradient : whitened(gradient, by: .right, state.right, state, backend)
        let right = isFirst ? flipped : whitened(flipped, by: .left, state.left, state, backend)
        state.sides.update(backend) { side in
            let own = side == .left ? left : right
            return backend.symmetricProduct(own, transposed: false, alpha: 1 / Backend.Scalar(backend.shape(of: own).columns))
        }
    }

    /// W = G·Q·D^(-1/2), G with a column for every entry of the side that whitens it.
    private func whitened(
        _ gradient: Backend.Tensor, by side: BlockSide, _ values: Backend.Tensor, _ state: State, _ backend: Backend
    ) -> Backend.Tensor {
        let rotated = state.sides.basis(side, backend).map { backend.multiply(gradient, $0) } ?? gradient
        return backend.scaleColumns(
            rotated, by: backend.map(backend.vector(flattening: values), .inversePower(exponent: 0.5, damping: 0)))
    }

    /// D of both sides, each from the other's before this step changes it: the means of squares of the coordinates over D.
    private func updateValues(_ state: inout State, with gradient: Backend.Tensor, _ backend: Backend) {
        let coordinates = state.sides.coordinates(of: gradient, backend)
        let squares = backend.elementwiseProduct(coordinates, coordinates)
        let (rows, columns) = backend.shape(of: gradient)
        let left = backend.multiply(
            squares, transposed: false, inverse(state.right, backend), transposed: false, alpha: 1 / Backend.Scalar(columns))
        let right = backend.multiply(
            squares, transposed: true, inverse(state.left, backend), transposed: false, alpha: 1 / Backend.Scalar(rows))
        if state.sides[.left] != nil { state.left = renewed(state.left, left, order: rows, backend) }
        if state.sides[.right] != nil { state.right = renewed(state.right, right, order: columns, backend) }
    }

    private func inverse(_ values: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        backend.column(backend.map(backend.vector(flattening: values), .inversePower(exponent: 1, damping: 0)))
    }

    private func renewed(
        _ values: Backend.Tensor, _ means: Backend.Tensor, order: Int, _ backend: Backend
    ) -> Backend.Tensor {
        let decay = Backend.Scalar(settings.scheme.decay)
        let next = backend.combine(decay, values, 1 - decay, means)
        let largestRoot = Backend.Scalar(max(10, min(order, 4000)))
        return backend.column(
            backend.map(backend.vector(flattening: next), .raise(to: 1 / (largestRoot * largestRoot))))
    }

    /// Nothing is left to give it.
    public func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [State],
        learningRate: Double, _ backend: Backend
    ) throws(GradientError) { _ = try finiteNorms(of: directions, backend) }

    public func sides(of state: State) -> [PreconditionerSide<Backend>] { state.sides.sides }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        [state.momentum, state.left, state.right].reduce(state.sides.byteCount(backend)) { $0 + backend.byteCount($1) }
    }

    /// `blocks/0_0/…`, `momentum`, and `values/left` and `values/right`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = state.sides.archive(backend)
        archive.add("momentum", state.momentum, backend)
        archive.add("values/left", state.left, backend)
        archive.add("values/right", state.right, backend)
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try state.sides.read(archive, backend)
        state.momentum = try archive.finiteTensor("momentum", like: state.momentum, backend)
        state.left = try archive.finiteTensor("values/left", like: state.left, backend)
        state.right = try archive.finiteTensor("values/right", like: state.right, backend)
    }
}
