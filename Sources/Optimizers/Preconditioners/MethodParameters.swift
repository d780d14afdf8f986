/// What single methods have beside intervals, order and scheme; nil for what a method does not have.
public struct MethodParameters: Sendable, Equatable, Codable {
    /// m: the gradients of a window.
    public var gradients: Int?
    /// κ of ν = min(1, √(κ/Σ η²⟨Ĝ, G⟩)), by which all directions are scaled; 0 gives each the norm of its gradient.
    public var clip: Double?
    /// β₁ of a running mean of gradients that is preconditioned in their place.
    public var momentum: Double?
    /// μ of the steps in which a factor is fitted.
    public var rate: Double?

    public init(gradients: Int? = nil, clip: Double? = nil, momentum: Double? = nil, rate: Double? = nil) {
        self.gradients = gradients
        self.clip = clip
        self.momentum = momentum
        self.rate = rate
    }

    /// - Throws: `HyperparameterError` for a value out of its range.
    func validate() throws(HyperparameterError) {
        if let gradients {
            try HyperparameterError.require((1...4096).contains(gradients), "gradients", gradients, "from 1 to 4096")
        }
        if let clip { try HyperparameterError.requireNotNegative(clip, "clip") }
        if let momentum { try HyperparameterError.requireFraction(momentum, "preconditioner momentum") }
        if let rate { try HyperparameterError.require(rate > 0 && rate <= 1, "rate", rate, "above 0 and at most 1") }
    }
}
