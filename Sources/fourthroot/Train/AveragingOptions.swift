import ArgumentParser
import Optimizers

/// An average of the points of a training, at which the network is evaluated.
struct AveragingOptions: ParsableArguments {
    enum Kind: String, CaseIterable, ExpressibleByArgument { case none, ema, lookahead }

    @Option(
        help: ArgumentHelp(
            "Average at which the network is evaluated and stored: none; ema, an exponential mean of all points; lookahead, slow "
                + "weights to which the rule is set back."))
    var averaging = Kind.none

    @Option(help: "Decay of ema a step (default: \(Self.defaultDecay)).")
    var emaDecay: Double?

    @Option(help: "Steps of the rule between two of lookahead (default: \(Self.defaultSteps)).")
    var lookaheadSteps: Int?

    @Option(help: "Share of the way to the rule's point that a step of lookahead goes (default: \(Self.defaultRate)).")
    var lookaheadRate: Double?

    private static let defaultDecay = 0.999
    /// Source: Zhang et al. 2019, section 5.
    private static let (defaultSteps, defaultRate) = (5, 0.5)

    /// - Throws: `StatusError` of status `usage` for an option of another average, a value out of range, and lookahead over a
    ///   rule that has an average of its own: it would be set back without its other point.
    func choice(over rule: FirstOrderName) throws(StatusError) -> Averaging? {
        try [
            OptionRule("ema-decay", emaDecay != nil, appliesIf: averaging == .ema, needs: "--averaging ema"),
            OptionRule(
                "lookahead-steps", lookaheadSteps != nil, appliesIf: averaging == .lookahead, needs: "--averaging lookahead"),
            OptionRule(
                "lookahead-rate", lookaheadRate != nil, appliesIf: averaging == .lookahead, needs: "--averaging lookahead"),
        ].check()
        if averaging == .lookahead && rule.definition.hasEvaluationPoint {
            throw .usage(
                "--averaging lookahead does not go with --optimizer \(rule.rawValue), which keeps an average of its own; give "
                    + "--averaging none or ema")
        }
        do {
            switch averaging {
            case .none: return nil
            case .ema: return try .exponential(validating: emaDecay ?? Self.defaultDecay)
            case .lookahead:
                return try .lookahead(
                    validating: lookaheadSteps ?? Self.defaultSteps, rate: lookaheadRate ?? Self.defaultRate)
            }
        } catch {
            throw StatusError.usage("\(error)")
        }
    }

    static func describe(_ averaging: Averaging?, in configuration: inout TrainConfiguration) {
        // Versions without a choice wrote nothing of it.
        switch averaging {
        case nil: break
        case .exponential(let decay):
            configuration.set("averaging", Kind.ema.rawValue)
            configuration.set("ema-decay", decay)
        case .lookahead(let steps, let rate):
            configuration.set("averaging", Kind.lookahead.rawValue)
            configuration.set("lookahead-steps", steps)
            configuration.set("lookahead-rate", rate)
        }
    }
}
