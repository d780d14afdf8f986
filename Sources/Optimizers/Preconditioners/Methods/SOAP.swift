import Compute
import MatrixCore
import Preconditioning

/// SOAP: a rule with Adam's moments runs in the eigenbases Q₁ and Q₂ of Shampoo's statistics, G′ = Q₁ᵀGQ₂, and its step comes back
/// as Q₁·Δ·Q₂ᵀ.
///
/// L ← βL + (1 − β)GGᵀ and R likewise, from zero. The first gradient serves the statistics alone: its step moves nothing, and
/// Q is the eigenbasis of what it leaves. After every f further steps, f being the root interval, Q ← QR(L·Q) with columns in
/// descending order of QᵀLQ's diagonal; the first moment turns with Q, and the second follows the order alone.
///
/// A statistic kept by its eigenvectors is the basis, so that nothing is kept beside it: it turns at every update, and the
/// gradient of an update is seen in a basis that knows it, as Shampoo's is by its root. There the second moment is mixed by the squares of
/// the turn. The moments are as the rule underneath keeps them.
///
/// Parameters of one dimension follow the rule as they are. A parameter of more than two is the matrix that it is for all
/// methods; the published code gives each of its dimensions a basis of its own.
///
/// Source: Vyas et al., "SOAP: Improving and stabilizing Shampoo using Adam", arXiv 2409.11321, algorithm 3, and its published code.
public enum SOAPMethod: PreconditionerMethod {
    public static let name = "soap"
    public static let keepsRoots = false
    public static let defaults = PreconditionerDefaults(
        statisticsInterval: 1, rootInterval: 10, largestOrder: 10_000, decay: 0.95, damping: 1e-6, exponent: 0.25,
        updateRectificationSteps: 1, rootRectificationSteps: 1, beginsAtZero: true, retainsDamping: false)

    public static func admits(_ statistic: StatisticKind) -> Bool { statistic == .exact || statistic.traits.isFactored }

    /// Every update of a factored statistic takes the QR that the interval is for.
    public static func adjust(_ defaults: inout PreconditionerDefaults, for statistic: StorageTraits) {
        if statistic.isFactored { defaults.statisticsInterval = defaults.rootInterval }
    }

    public static func adjust(_ values: inout FirstOrderHyperparameters) {
        (values.learningRate, values.weightDecay, values.firstDecay, values.secondDecay) = (3e-3, 0.01, 0.95, 0.95)
    }

    /// The statistic of every side that is not too long, and of one that is kept by its entries the basis.
    public static func buffers(
        of parameter: ParameterShape, _ scheme: PreconditionerScheme, _ settings: PreconditionerSettings
    ) -> (statistics: BufferBytes, roots: BufferBytes) {
        var statistics = BufferBytes()
        for order in parameter.isMatrix ? [parameter.rows, parameter.columns] : [] where order <= settings.largestOrder {
            statistics = statistics + scheme.statisticBuffers(order: order)
            if !scheme.statistic.traits.isFactored { statistics = statistics + .entries(order * order) }
        }
        return (statistics, BufferBytes())
    }

    public static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: PreconditionerSettings
    ) throws(HyperparameterError) -> any OptimizerRule<Base.Backend> {
        try HyperparameterError.require(
            base.canTurn, "preconditioner", name, "over a rule with Adam's moments, such as adamw")
        return Preconditioned(base: base, method: SOAP<Base.Backend>(settings))
    }
}

/// SOAP with its settings.
public struct SOAP<Backend: MatrixBackend>: GradientPreconditioner {
    public let settings: PreconditionerSettings

    public init(_ settings: PreconditionerSettings) { self.settings = settings }

    public init(from decoder: any Decoder) throws {
        settings = try PreconditionerSettings(from: decoder, method: SOAPMethod.name)
    }

    public func encode(to encoder: any Encoder) throws { try settings.encode(to: encoder, method: SOAPMethod.name) }

    public var schedule: PreconditionerSchedule { settings.schedule }
    public var skippedSteps: Int { 1 }
    public var use: DirectionUse { .coordinates }

    public func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> EigenbasisSides<Backend>? {
        parameter.isMatrix ? try EigenbasisSides(parameter, named: name, settings, using: &generator, backend) : nil
    }

    public func update(
        _ state: inout EigenbasisSides<Backend>, with gradient: ParameterGradient<Backend>, step: OptimizerStep,
        _ backend: Backend
    ) {
        // Due after the step before this one, whose moments met the basis as it was.
        let stepsDone = step.number - 1 - skippedSteps
        if let interval = schedule.rootInterval, stepsDone > 0, stepsDone.isMultiple(of: interval) {
            state.refresh(sorting: true, backend)
        }
        guard step.number == 1 || schedule.takesStatistics(at: step) else { return }
        state.update(backend) { side in
            backend.symmetricProduct(gradient.tensor, transposed: side == .right, alpha: 1)
        }
    }

    public func direction(
        of gradient: Backend.Tensor, _ state: EigenbasisSides<Backend>, _ backend: Backend
    ) -> Backend.Tensor { state.coordinates(of: gradient, backend) }

    /// Adam gives the coordinates their length.
    public func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [EigenbasisSides<Backend>],
        learningRate: Double, _ backend: Backend
    ) throws(GradientError) { _ = try finiteNorms(of: directions, backend) }

    public func takeTurn(of state: inout EigenbasisSides<Backend>) -> BasisTurn<Backend>? { state.takeTurn() }

    public func displacement(
        _ coordinates: Backend.Tensor, _ state: EigenbasisSides<Backend>, _ backend: Backend
    ) -> Backend.Tensor { state.displacement(of: coordinates, backend) }

    public func sides(of state: EigenbasisSides<Backend>) -> [PreconditionerSide<Backend>] { state.sides }

    public func byteCount(_ state: EigenbasisSides<Backend>, _ backend: Backend) -> Int { state.byteCount(backend) }

    public func archive(_ state: EigenbasisSides<Backend>, _ backend: Backend) -> StateArchive { state.archive(backend) }

    public func read(
        _ state: inout EigenbasisSides<Backend>, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) { try state.read(archive, backend) }
}
