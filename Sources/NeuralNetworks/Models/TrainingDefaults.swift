/// How networks of a family are trained where nothing else is asked for; all that is not here is the optimizer's own default.
public struct TrainingDefaults: Sendable, Equatable {
    /// Of all steps, those in which the learning rate rises; never more than `longestWarmUp`.
    public var warmUpShare = 0.0
    /// The largest norm of the gradients of all parameters together; nil for any.
    public var clip: Double?
    /// Of rules that follow a second moment, nil for the rule's own.
    public var weightDecay: Double?
    /// β₂ of such rules, likewise.
    public var secondDecay: Double?

    public static let longestWarmUp = 1000

    public func warmUpSteps(of steps: Int) -> Int {
        min(Self.longestWarmUp, Int((warmUpShare * Double(steps)).rounded(.up)))
    }

    /// From small initial weights, normalizations and attention amplify the first steps of a rule that divides by a second moment
    /// of few gradients: without a warm-up GPT-2's initialization stays at what the character before alone gives.
    ///
    /// Source: Brown et al., arXiv 2005.14165, appendix B (β₂ 0.95, weight decay 0.1, gradients clipped at 1, warm-up).
    static let languageModel = TrainingDefaults(warmUpShare: 0.05, clip: 1, weightDecay: 0.1, secondDecay: 0.95)

    /// Source: Touvron et al., arXiv 2012.12877, table 9 (AdamW, weight decay 0.05, warm-up, no clipping), as Wang et al. 2024,
    /// appendix G.
    static let visionTransformer = TrainingDefaults(warmUpShare: 0.05, weightDecay: 0.05, secondDecay: 0.999)

    /// No warm-up: normalizations behind every convolution make the first steps harmless.
    static let convolutional = TrainingDefaults()

    static let perceptron = TrainingDefaults()
}
