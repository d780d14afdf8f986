import Compute

/// A method of preconditioning as programs name it, whatever the backend.
public protocol PreconditionerMethod: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    static var defaults: PreconditionerDefaults { get }

    /// The method over a first-order rule.
    static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: ShampooSettings
    ) -> any OptimizerRule<Base.Backend>
}
