/// Two numbers and what a statement says of them.
public struct Inequality: Sendable {
    public enum Relation: String, Sendable {
        case atMost = "<="
        case atLeast = ">="
        case equal = "="
    }

    public let left: Double
    public let relation: Relation
    public let right: Double
    /// What the rounding of both sides may amount to: less than this is no violation.
    public let rounding: Double

    /// By how much it holds: right − left, left − right, or −|left − right|; negative where it is violated, but for rounding.
    public var slack: Double {
        switch relation {
        case .atMost: right - left
        case .atLeast: left - right
        case .equal: -(left - right).magnitude
        }
    }

    /// Whether it holds to within rounding; not where a side is no number.
    public var holds: Bool { slack >= -rounding }

    static func atMost(_ left: Double, _ right: Double, rounding: Double) -> Inequality {
        Inequality(left: left, relation: .atMost, right: right, rounding: rounding)
    }

    static func atLeast(_ left: Double, _ right: Double, rounding: Double) -> Inequality {
        Inequality(left: left, relation: .atLeast, right: right, rounding: rounding)
    }

    static func equal(_ left: Double, _ right: Double, rounding: Double) -> Inequality {
        Inequality(left: left, relation: .equal, right: right, rounding: rounding)
    }
}
