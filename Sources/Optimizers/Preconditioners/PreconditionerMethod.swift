import Compute
import Preconditioning

/// A method of preconditioning as programs name it, whatever the backend.
public protocol PreconditionerMethod: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    static var defaults: PreconditionerDefaults { get }
    /// Whether roots are kept beside the statistics, by storages, solvers and exponents.
    static var keepsRoots: Bool { get }

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
    public static func admits(_ statistic: StatisticKind) -> Bool { true }
    public static func adjust(_ defaults: inout PreconditionerDefaults, for statistic: StorageTraits) {}
    public static func adjust(_ values: inout FirstOrderHyperparameters) {}
}
