import Optimizers
import Preconditioning
import Quantization

extension PreconditionerOptions {
    /// What a method and its settings come to, as far as it applies.
    ///
    /// - Parameter plan: the file that has other storages for some parameters. What they are counts, not its name.
    static func describe(_ choice: Choice?, plan: String? = nil, in configuration: inout TrainConfiguration) {
        configuration.begin("preconditioner")
        configuration.set("preconditioner", choice?.name.rawValue ?? "none")
        guard let settings = choice?.settings else { return }
        let scheme = settings.scheme
        let traits = scheme.statistic.traits
        configuration.set("statistic", scheme.statistic.kind.rawValue)
        let keepsRoots = choice?.name.definition.keepsRoots ?? true
        if keepsRoots { configuration.set("root", scheme.root.kind.rawValue) }
        for (prefix, coding) in [("", scheme.statistic.coding), ("root-", scheme.root.coding)] {
            configuration.set("\(prefix)codebook", coding?.codebook.name?.rawValue)
            configuration.set("\(prefix)bits", coding?.codebook.bits)
            configuration.set("\(prefix)block", coding?.blockSize)
        }
        if let goal = scheme.statistic.settings.deflation ?? scheme.root.settings.deflation {
            switch goal.target {
            case .error(let error): configuration.set("nre", error)
            case .bitsPerEntry(let bits): configuration.set("bits-per-entry", bits)
            }
            configuration.set("leak", goal.leak)
        }
        configuration.set("reflector-loop", scheme.statistic.settings.reflectorLoop?.rawValue)
        if traits.isFactored { configuration.set("update-decomposition", scheme.updateDecomposition.rawValue) }
        // Versions without a choice took one and wrote nothing of it.
        if scheme.subspaceSteps != 1 { configuration.set("subspace-steps", scheme.subspaceSteps) }
        configuration.set("refresh-threshold", scheme.refreshThreshold)
        if traits.isRectified {
            configuration.set("rectify-update", scheme.updateRectificationSteps)
            configuration.set("rectify-root", scheme.rootRectificationSteps)
        }
        if keepsRoots && !scheme.root.traits.isShared { configuration.set("solver", scheme.solver.rawValue) }
        configuration.set("error-feedback-decay", scheme.errorFeedbackDecay)
        if traits.isShifted { configuration.set("shift", (scheme.shift ?? .relative).rawValue) }
        if keepsRoots && scheme.solver == .schurNewton && !traits.comesBackFactored {
            configuration.set("retain-damping", scheme.retainsDamping, off: "--no-retain-damping")
        }
        configuration.set("statistics-interval", settings.schedule.statisticsInterval)
        configuration.set("root-interval", settings.schedule.rootInterval)
        configuration.set("decay", scheme.decay)
        configuration.set("damping", scheme.damping)
        // Without a limit there is no number for it.
        configuration.set("max-order", settings.largestOrder == .max ? nil : settings.largestOrder)
        if keepsRoots { configuration.set("exponent", scheme.exponent) }
        configuration.set("gradients", settings.own.gradients)
        configuration.set("kl-clip", settings.own.clip)
        configuration.set("preconditioner-momentum", settings.own.momentum)
        configuration.set("preconditioner-rate", settings.own.rate)
        if let plan { configuration.add(option: "storage-plan", plan) }
        for (parameter, scheme) in settings.schemes.sorted(by: { $0.key < $1.key }) {
            configuration.record("storage-plan:\(parameter)", .text(text(of: scheme)))
        }
    }

    /// A scheme as the options that make it, in one line.
    private static func text(of scheme: PreconditionerScheme) -> String {
        guard let settings = try? PreconditionerSettings(scheme) else { return "" }
        var own = TrainConfiguration()
        describe((PreconditionerName.allCases[0], settings), in: &own)
        let schedule = ["preconditioner", "statistics-interval", "root-interval", "max-order"]
        return own.values.filter { !schedule.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
