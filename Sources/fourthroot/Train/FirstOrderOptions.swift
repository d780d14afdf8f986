import ArgumentParser
import Compute
import Optimizers

/// The rule underneath, as options of the commands that run one.
struct FirstOrderOptions: ParsableArguments {
    @Option(help: "First-order rule.")
    var optimizer: FirstOrderName

    @Option(
        name: [.long, .customLong("lr")],
        help: "Learning rate (default in training: \(defaults { $0.learningRate })).")
    var learningRate: Double?

    @Option(
        name: [.long, .customLong("wd")],
        help: "Weight decay (default in training: \(defaults { $0.weightDecay })).")
    var weightDecay: Double?

    @Option(help: "Momentum (default in training: \(defaults(of: .momentum) { $0.momentum })).")
    var momentum: Double?

    @Flag(help: "Nesterov's form of sgdm.")
    var nesterov = false

    @Option(help: "β1, decay of the first moment (default: \(defaults(of: .firstDecay) { $0.firstDecay })).")
    var firstDecay: Double?

    @Option(help: "β2, decay of the second moment (default: \(defaults(of: .secondDecay) { $0.secondDecay })).")
    var secondDecay: Double?

    @Option(help: "ε beside the root of the second moment (default: \(defaults(of: .offset) { $0.offset })).")
    var offset: Double?

    /// - Throws: `StatusError` of status `usage` for an option of another rule.
    func check() throws(StatusError) {
        let given: [(FirstOrderHyperparameters.Option, name: String, isGiven: Bool)] = [
            (.momentum, "momentum", momentum != nil), (.nesterov, "nesterov", nesterov),
            (.firstDecay, "first-decay", firstDecay != nil), (.secondDecay, "second-decay", secondDecay != nil),
            (.offset, "offset", offset != nil),
        ]
        try given.map { option, name, isGiven in
            let rules = FirstOrderName.allCases.filter { $0.definition.options.contains(option) }
            return OptionRule(
                name, isGiven, appliesIf: rules.contains(optimizer),
                needs: "--optimizer \(rules.map(\.rawValue).joined(separator: " or "))")
        }.check()
    }

    /// The rule with the values of a function, which gets the defaults of training, where no option gives them.
    ///
    /// - Throws: `StatusError` of status `usage` for a value out of range or an option of another rule, and what the function
    ///   throws.
    func rule<Backend: MatrixBackend>(
        on backend: Backend, _ adjust: (inout FirstOrderHyperparameters) throws -> Void = { _ in }
    ) throws -> any OptimizerRule<Backend> {
        try check()
        var values = optimizer.definition.defaults
        try adjust(&values)
        values.learningRate = learningRate ?? values.learningRate
        values.weightDecay = weightDecay ?? values.weightDecay
        values.momentum = momentum ?? values.momentum
        values.usesNesterov = nesterov
        values.firstDecay = firstDecay ?? values.firstDecay
        values.secondDecay = secondDecay ?? values.secondDecay
        values.offset = offset ?? values.offset
        do {
            return try optimizer.definition.rule(values, on: Backend.self)
        } catch {
            throw StatusError.usage("\(error)")
        }
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
