/// A hyperparameter out of its range.
public struct HyperparameterError: Error, Sendable, Equatable, CustomStringConvertible {
    public let name: String
    public let value: String
    /// What it must be.
    public let range: String

    public var description: String { "\(name) \(value): it must be \(range)" }

    static func require(_ holds: Bool, _ name: String, _ value: some Any, _ range: String) throws(HyperparameterError) {
        if !holds { throw HyperparameterError(name: name, value: "\(value)", range: range) }
    }

    static func requireNotNegative(_ value: Double, _ name: String) throws(HyperparameterError) {
        try require(value >= 0 && value.isFinite, name, value, "finite and not negative")
    }

    /// A decay rate of a running mean.
    static func requireFraction(_ value: Double, _ name: String) throws(HyperparameterError) {
        try require(value >= 0 && value < 1, name, value, "at least 0 and below 1")
    }
}
