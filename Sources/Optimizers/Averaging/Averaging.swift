import Compute

/// An average of a training's points, beside the rule that makes them.
public enum Averaging: Sendable, Equatable, Codable {
    /// a ← d·a + (1 − d)·w after every step, from the w before the first.
    case exponential(decay: Double)
    /// Every k steps φ ← φ + α·(w − φ), from which the rule goes on: w ← φ.
    ///
    /// Source: Zhang, Lucas, Hinton, Ba, "Lookahead Optimizer: k steps forward, 1 step back", NeurIPS 2019, algorithm 1.
    case lookahead(steps: Int, rate: Double)

    /// - Throws: `HyperparameterError`.
    public static func exponential(validating decay: Double) throws(HyperparameterError) -> Averaging {
        try HyperparameterError.requireFraction(decay, "decay of the average")
        return .exponential(decay: decay)
    }

    /// - Throws: `HyperparameterError`.
    public static func lookahead(validating steps: Int, rate: Double) throws(HyperparameterError) -> Averaging {
        try HyperparameterError.require(steps >= 1, "lookahead steps", steps, "at least 1")
        try HyperparameterError.require(rate > 0 && rate <= 1, "lookahead rate", rate, "above 0 and at most 1")
        return .lookahead(steps: steps, rate: rate)
    }

    /// The bytes of a parameter's average in float32, and of whether it has begun.
    public static func byteCount(_ parameter: ParameterShape) -> Int { 4 * parameter.rows * parameter.columns + 1 }
}
