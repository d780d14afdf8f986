import ArgumentParser
import Compute
import NeuralNetworks
import Optimizers

/// The rule underneath, as options of the commands that run one.
struct FirstOrderOptions: ParsableArguments {
    @Option(help: "First-order rule.")
    var optimizer: FirstOrderName

    @Option(
        name: [.long, .customLong("lr")],
        help: "Learning rate (default: \(defaults { $0.learningRate }); in replay the trace's).")
    var learningRate: Double?

    @Option(
        name: [.long, .customLong("wd")],
        help: ArgumentHelp(
            "Weight decay (default: \(defaults { $0.weightDecay }); in train with β2 \(family { $0.weightDecay }); in replay the "
                + "trace's)."))
    var weightDecay: Double?

    @Option(help: "Momentum (default: \(defaults(of: .momentum) { $0.momentum }); in replay the trace's).")
    var momentum: Double?

    @Flag(inversion: .prefixedNo, help: "Nesterov's form of sgdm.")
    var nesterov = false

    @Option(help: "β1, decay of the first moment (default: \(defaults(of: .firstDecay) { $0.firstDecay })).")
    var firstDecay: Double?

    @Option(
        help: ArgumentHelp(
            "β2, decay of the second moment (default: \(defaults(of: .secondDecay) { $0.secondDecay }); in train "
                + "\(family { $0.secondDecay }))."))
    var secondDecay: Double?

    @Option(help: "ε beside the root of the second moment (default: \(defaults(of: .offset) { $0.offset })).")
    var offset: Double?

    @Option(help: "Trust of lars, its rate over ‖w‖/‖g‖ (default: \(defaults(of: .trustCoefficient) { $0.trustCoefficient })).")
    var trustCoefficient: Double?

    @Option(
        help: ArgumentHelp(
            "Coefficients a,b,c of muon's iteration X ← aX + (bA + cA²)X, A = XXᵀ (default: "
                + "\(coefficients(NewtonSchulz.published.coefficients)))."))
    var newtonSchulzCoefficients: String?

    @Option(help: "Steps of muon's iteration (default: \(NewtonSchulz.published.steps)).")
    var newtonSchulzSteps: Int?

    @Option(
        help: ArgumentHelp(
            "Learning rate of what muon leaves to AdamW: all that is no matrix (default: "
                + "\(defaults(of: .orthogonalization) { $0.auxiliaryLearningRate }))."))
    var auxiliaryLearningRate: Double?

    @Option(
        help: ArgumentHelp(
            "Bits of an entry of momentum or moments: 32, 8 or 4. With 8, tensors below 4096 entries stay in 32 bits, with 4 those "
                + "of up to 4096 (default: 32; adamw-8bit has 8)."), completion: .list(["32", "8", "4"]))
    var momentBits: MomentBits?

    /// - Throws: `StatusError` of status `usage` for an option of another rule.
    func check() throws(StatusError) {
        let given: [(FirstOrderHyperparameters.Option, name: String, isGiven: Bool)] = [
            (.momentum, "momentum", momentum != nil), (.nesterov, "nesterov", nesterov),
            (.firstDecay, "first-decay", firstDecay != nil), (.secondDecay, "second-decay", secondDecay != nil),
            (.offset, "offset", offset != nil), (.trustCoefficient, "trust-coefficient", trustCoefficient != nil),
            (.orthogonalization, "newton-schulz-coefficients", newtonSchulzCoefficients != nil),
            (.orthogonalization, "newton-schulz-steps", newtonSchulzSteps != nil),
            (.orthogonalization, "auxiliary-learning-rate", auxiliaryLearningRate != nil),
            (.momentBits, "moment-bits", momentBits != nil),
        ]
        try given.map { option, name, isGiven in
            let rules = FirstOrderName.allCases.filter { $0.definition.options.contains(option) }
            return OptionRule(
                name, isGiven, appliesIf: rules.contains(optimizer),
                needs: "--optimizer \(rules.map(\.rawValue).joined(separator: " or "))")
        }.check()
    }

    /// The values of the options, and of a function, which gets the rule's own defaults, where no option gives them.
    ///
    /// - Throws: `StatusError` of status `usage` for an option of another rule, and what the function throws.
    func values(
        _ adjust: (inout FirstOrderHyperparameters) throws -> Void = { _ in }
    ) throws -> FirstOrderHyperparameters {
        try check()
        var values = optimizer.definition.defaults
        try adjust(&values)
        values.learningRate = learningRate ?? values.learningRate
        values.weightDecay = weightDecay ?? values.weightDecay
        values.momentum = momentum ?? values.momentum
        values.usesNesterov = nesterov || values.usesNesterov
        values.firstDecay = firstDecay ?? values.firstDecay
        values.secondDecay = secondDecay ?? values.secondDecay
        values.offset = offset ?? values.offset
        values.trustCoefficient = trustCoefficient ?? values.trustCoefficient
        values.orthogonalization = try orthogonalization(values.orthogonalization)
        values.auxiliaryLearningRate = auxiliaryLearningRate ?? values.auxiliaryLearningRate
        values.momentBits = momentBits ?? values.momentBits
        return values
    }

    /// - Throws: `StatusError` of status `usage` for a value out of range.
    private func orthogonalization(_ defaults: NewtonSchulz) throws(StatusError) -> NewtonSchulz {
        let given = newtonSchulzCoefficients?.split(separator: ",", omittingEmptySubsequences: false)
        do {
            return try NewtonSchulz(
                // What is no number is no coefficient either.
                coefficients: given?.map { Double($0) ?? .nan } ?? defaults.coefficients,
                steps: newtonSchulzSteps ?? defaults.steps)
        } catch {
            throw StatusError.usage("\(error)")
        }
    }

    /// The rule with such values.
    ///
    /// - Throws: `StatusError` of status `usage` for a value out of range.
    func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend
    ) throws(StatusError) -> any OptimizerRule<Backend> {
        do {
            return try optimizer.definition.rule(values, on: Backend.self)
        } catch {
            throw StatusError.usage("\(error)")
        }
    }

    func describe(_ values: FirstOrderHyperparameters, in configuration: inout TrainConfiguration) {
        configuration.begin("rule")
        configuration.set("optimizer", optimizer.rawValue)
        configuration.set("learning-rate", values.learningRate)
        configuration.set("weight-decay", values.weightDecay)
        let options = optimizer.definition.options
        if options.contains(.momentum) { configuration.set("momentum", values.momentum) }
        if options.contains(.nesterov) { configuration.set("nesterov", values.usesNesterov) }
        if options.contains(.firstDecay) { configuration.set("first-decay", values.firstDecay) }
        if options.contains(.secondDecay) { configuration.set("second-decay", values.secondDecay) }
        if options.contains(.offset) { configuration.set("offset", values.offset) }
        if options.contains(.trustCoefficient) { configuration.set("trust-coefficient", values.trustCoefficient) }
        if options.contains(.orthogonalization) {
            let coefficients = Self.coefficients(values.orthogonalization.coefficients)
            configuration.set("newton-schulz-coefficients", coefficients)
            configuration.set("newton-schulz-steps", values.orthogonalization.steps)
            configuration.set("auxiliary-learning-rate", values.auxiliaryLearningRate)
        }
        // Versions without a choice wrote nothing of it.
        if options.contains(.momentBits) && values.momentBits != .exact {
            configuration.set("moment-bits", values.momentBits.rawValue)
        }
    }

    private static func coefficients(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: ",") }

    /// What networks take with rules that follow a second moment, where they have something of their own.
    private static func family(_ value: (TrainingDefaults) -> Double?) -> String {
        wordsByValue(
            Model.allCases.compactMap { model in value(model.definition.training).map { (model.rawValue, "\($0)") } })
    }

    /// `0.1 for sgdm, 0.001 for adamw and nadamw`: a value of the rules that have an option.
    private static func defaults(
        of option: FirstOrderHyperparameters.Option? = nil, _ value: (FirstOrderHyperparameters) -> Double
    ) -> String {
        let rules = FirstOrderName.allCases.filter { rule in option.map { rule.definition.options.contains($0) } ?? true }
        return wordsByValue(rules.map { ($0.rawValue, "\(value($0.definition.defaults))") })
    }
}

/// `0.1 for sgdm, 0.001 for adamw and nadamw`; where all have one value, that alone.
func wordsByValue(_ pairs: [(name: String, value: String)]) -> String {
    var groups: [(value: String, names: [String])] = []
    for (name, value) in pairs {
        if let index = groups.firstIndex(where: { $0.value == value }) {
            groups[index].names.append(name)
        } else {
            groups.append((value, [name]))
        }
    }
    guard groups.count > 1 else { return groups.first?.value ?? "" }
    return groups.map { "\($0.value) for \($0.names.joined(separator: " and "))" }.joined(separator: ", ")
}

extension MomentBits: ExpressibleByArgument {}
