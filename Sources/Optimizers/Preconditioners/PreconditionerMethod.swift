import Compute
import Preconditioning

/// A method of preconditioning as programs name it, whatever the backend.
public protocol PreconditionerMethod: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    static var defaults: PreconditionerDefaults { get }
    /// Whether roots are kept beside the statistics, by storages, solvers and exponents.
    static var keepsRoots: Bool { get }

    /// Whether weight and bias of a layer are one matrix to it.
    static var joinsBiases: Bool { get }
    /// Whether the rule underneath keeps nothing for a parameter that the method preconditions.
    static var replacesRule: Bool { get }

    /// The buffers of a parameter's state in float32, without one being made: those of statistics and what stands in their place, and
    /// those of roots.
    static func buffers(
        of parameter: ParameterShape, _ scheme: PreconditionerScheme, _ settings: PreconditionerSettings
    ) -> (statistics: BufferBytes, roots: BufferBytes)

    /// Whether its statistics can be kept so.
    static func admits(_ statistic: StatisticKind) -> Bool

    /// Changes its defaults for statistics that are kept so.
    static func adjust(_ defaults: inout PreconditionerDefaults, for statistic: StorageTraits)

    /// Changes what the rule underneath takes where nothing else is asked for.
    static func adjust(_ values: inout FirstOrderHyperparameters)

    /// The method over a first-order rule.
    ///
    /// - Throws: `HyperparameterError` for a rule that it does not go over.
    static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: PreconditionerSettings
    ) throws(HyperparameterError) -> any OptimizerRule<Base.Backend>
}

extension PreconditionerMethod {
    public static var keepsRoots: Bool { true }
    public static var joinsBiases: Bool { false }
    public static var replacesRule: Bool { false }

    /// Statistics and roots of both sides of every block of a matrix.
    public static func buffers(
        of parameter: ParameterShape, _ scheme: PreconditionerScheme, _ settings: PreconditionerSettings
    ) -> (statistics: BufferBytes, roots: BufferBytes) {
        var (statistics, roots) = (BufferBytes(), BufferBytes())
        guard parameter.isMatrix else { return (statistics, roots) }
        for place in blockPlaces(parameter, largestOrder: settings.largestOrder) {
            for order in [place.rows.count, place.columns.count] {
                statistics = statistics + scheme.statisticBuffers(order: order)
                roots = roots + scheme.rootBuffers(order: order)
            }
        }
        return (statistics, roots)
    }

    public static func admits(_ statistic: StatisticKind) -> Bool { true }
    public static func adjust(_ defaults: inout PreconditionerDefaults, for statistic: StorageTraits) {}
    public static func adjust(_ values: inout FirstOrderHyperparameters) {}
}
