import ArgumentParser
import Optimizers
import Preconditioning
import Quantization

/// The preconditioner of an optimizer as options, with the study's words.
struct PreconditionerOptions: ParsableArguments {
    @Option(help: "Method of preconditioning (default: shampoo where a storage is given, none otherwise).")
    var preconditioner: PreconditionerChoice?

    @Option(help: "Storage of the statistics (default: exact).")
    var statistic: StatisticKind?

    @Option(
        help: ArgumentHelp(
            "Storage of the roots; shared is the root that statistic \(StatisticKind.names(where: \.keepsRoot)) keeps, taken at "
                + "every update (default: exact)."))
    var root: RootKind?

    @Option(help: "Codebook (default: \(BlockCoding.defaultCodebook.rawValue)).")
    var codebook: CodebookName?

    @Option(help: "Bits of a code, 2 to 8 (default: \(BlockCoding.defaultBits)).")
    var bits: Int?

    @Option(help: "Entries that share a block maximum (default: \(BlockCoding.defaultBlockSize)).")
    var block: Int?

    @Option(help: "Codebook of the roots (default: that of the statistics).")
    var rootCodebook: CodebookName?

    @Option(help: "Bits of the roots' codes (default: those of the statistics).")
    var rootBits: Int?

    @Option(help: "Blocks of the roots (default: those of the statistics).")
    var rootBlock: Int?

    @Option(
        help: ArgumentHelp(
            "Error of the root that statistic or root \(variable) is to reach (default: \(DeflationGoal.standardError))."))
    var nre: Double?

    @Option(
        help: ArgumentHelp(
            "Bits an n² entry that statistic or root \(variable) may take, everything counted, in place of --nre."))
    var bitsPerEntry: Double?

    @Option(
        help: ArgumentHelp(
            "How much finer \(variable) codes what would inflate small eigenvalues at later updates, in units of the error "
                + "(default: \(DeflationGoal.trainingLeak))."))
    var leak: Double?

    @Option(
        help: ArgumentHelp(
            "How the reflectors of \(StatisticKind.names(where: \.codesReflectors)) are computed: closed, each from what the coded "
                + "ones before it left over, or open, by a QR (default: closed)."))
    var reflectorLoop: ReflectorLoop?

    @Option(
        help: ArgumentHelp(
            "How \(StatisticKind.names(where: \.isFactored)) renews its eigenvectors at an update: subspace, QR steps as "
                + "published, or eigen, a whole decomposition (default: subspace)."))
    var updateDecomposition: UpdateDecomposition?

    @Option(help: "QR steps of --update-decomposition subspace (default: \(defaults { $0.subspaceSteps })).")
    var subspaceSteps: Int?

    @Option(
        help: ArgumentHelp(
            "τ: eigenvectors are renewed only where ‖offdiag(VᵀAV)‖ > τ‖VᵀAV‖; 0 renews always and logs the residual (default: "
                + "renewed always)."))
    var refreshThreshold: Double?

    @Option(help: "Björck steps on eigenvectors before an update (default: \(defaults { $0.updateRectificationSteps })).")
    var rectifyUpdate: Int?

    @Option(help: "Björck steps on eigenvectors before a root (default: \(defaults { $0.rootRectificationSteps })).")
    var rectifyRoot: Int?

    @Option(
        help: ArgumentHelp(
            "How the root is taken (default: factored for \(StatisticKind.names(where: \.comesBackFactored)), "
                + "schur-newton for the rest)."))
    var solver: RootSolver?

    @Option(
        help: ArgumentHelp(
            "Decay of the error feedback of statistic \(StatisticKind.names(where: \.takesErrorFeedback)) "
                + "(default: no error feedback)."))
    var errorFeedbackDecay: Double?

    @Option(
        help: ArgumentHelp(
            "What statistic \(StatisticKind.names(where: \.isShifted)) adds before it factorizes: relative, ε·λmax, or "
                + "absolute, ε, with ε·λmax again before the root (default: relative)."))
    var shift: StatisticShift?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Leave Schur–Newton's damping in uncoded statistics, as the published code does (default: "
                + "\(defaults { $0.retainsDamping ? "yes" : "no" }))."))
    var retainDamping: Bool?

    @Option(
        help: ArgumentHelp(
            "Steps between updates of the statistics (default: \(defaults { $0.statisticsInterval }); train takes fewer where the "
                + "run has no room for ten roots)."))
    var statisticsInterval: Int?

    @Option(help: "Steps between roots, but for root shared (default: \(defaults { $0.rootInterval })).")
    var rootInterval: Int?

    @Option(help: "Decay of the statistics; 1 accumulates (default: \(defaults { $0.decay })).")
    var decay: Double?

    @Option(help: "Relative damping: A + ε·λmax·I (default: \(defaults { $0.damping })).")
    var damping: Double?

    @Option(
        help: "Longer dimensions are cut (default: \(defaults { $0.largestOrder == .max ? "none" : "\($0.largestOrder)" })).")
    var maxOrder: Int?

    @Option(help: "p of A^(-p) (default: \(defaults { $0.exponent })).")
    var exponent: Double?

    @Option(help: "Gradients of a window (default: \(defaults(of: \.gradients))).")
    var gradients: Int?

    @Option(
        help: ArgumentHelp(
            "κ: directions are scaled together so that their quadratic form is at most κ; 0 gives each the norm of its gradient "
                + "(default: \(defaults(of: \.clip)))."))
    var klClip: Double?

    @Option(
        help: "β1 of the mean of gradients that is preconditioned in their place (default: \(defaults(of: \.momentum))).")
    var preconditionerMomentum: Double?

    @Option(help: "Size of the steps in which a factor is fitted, up to 1 (default: \(defaults(of: \.rate))).")
    var preconditionerRate: Double?

    private static let variable = StatisticKind.names(where: \.hasVariableLength)

    /// `1 for shampoo and caspr, 0 for kfac`.
    private static func defaults(_ value: (PreconditionerDefaults) -> some CustomStringConvertible) -> String {
        wordsByValue(PreconditionerName.allCases.map { ($0.rawValue, "\(value($0.definition.defaults))") })
    }

    /// `32 for mfac`: a parameter of the methods that have it.
    private static func defaults<Value>(of parameter: KeyPath<MethodParameters, Value?>) -> String {
        PreconditionerName.allCases.compactMap { method in
            method.definition.defaults.own[keyPath: parameter].map { "\($0) for \(method.rawValue)" }
        }.joined(separator: ", ")
    }

    /// The method that is named, nil where none is or only a storage.
    var method: PreconditionerName? {
        guard case .method(let name)? = preconditioner else { return nil }
        return name
    }

    typealias Choice = (name: PreconditionerName, settings: PreconditionerSettings)

    /// The method and settings that the options ask for, nil without a preconditioner.
    ///
    /// - Parameters:
    ///   - hasPlan: whether a plan says how parameters are stored.
    ///   - keepsUncodedStatistics: for dumps.
    ///   - adjust: changes the method's defaults, which hold where no option is given.
    /// - Throws: `StatusError` of status `usage` for a value out of range or options that contradict each other, and what
    ///   `adjust` throws.
    func choice(
        hasPlan: Bool = false, keepsUncodedStatistics: Bool = false,
        _ adjust: (inout PreconditionerDefaults) throws -> Void = { _ in }
    ) throws -> Choice? {
        let storesSomething = statistic != nil || root != nil || hasPlan
        let choice = preconditioner ?? (storesSomething ? PreconditionerChoice(argument: Shampoo.name) : nil)
        guard case .method(let name)? = choice else {
            let methods = PreconditionerName.allCases.map(\.rawValue).joined(separator: " or ")
            try rules.allNeeding("--preconditioner \(methods)").check()
            return nil
        }
        try check(name)
        var defaults = name.definition.defaults
        name.definition.adjust(&defaults, for: (statistic ?? .exact).traits)
        try adjust(&defaults)
        do {
            return (name, try settings(defaults, keepsUncodedStatistics))
        } catch let error
            where error is HyperparameterError || error is PreconditionerSchemeError || error is QuantizationError
            || error is DeflationError
        {
            throw StatusError.usage("\(error)")
        }
    }

    private func settings(_ defaults: PreconditionerDefaults, _ keepsUncodedStatistics: Bool) throws -> PreconditionerSettings {
        let (codebook, rootCodebook) = (
            codebook ?? BlockCoding.defaultCodebook, rootCodebook ?? codebook ?? BlockCoding.defaultCodebook
        )
        let (statistic, root) = (statistic ?? .exact, root ?? .exact)
        let statisticCoding = statistic.traits.isCoded ? try coding(codebook, bits, block) : nil
        let rootCoding =
            root.traits.isCoded ? try coding(rootCodebook, rootBits ?? bits, rootBlock ?? block) : nil
        let error = DeflationGoal.Target.error(nre ?? DeflationGoal.standardError)
        let target = bitsPerEntry.map { DeflationGoal.Target.bitsPerEntry($0) } ?? error
        let goal = try DeflationGoal(target, leak: leak ?? DeflationGoal.trainingLeak)
        let scheme = try PreconditionerScheme(
            statistic: StatisticStorage(
                statistic,
                StorageSettings(coding: statisticCoding, reflectorLoop: reflectorLoop, deflation: goal)),
            root: RootStorage(root, StorageSettings(coding: rootCoding, deflation: goal)),
            decay: decay ?? defaults.decay, damping: damping ?? defaults.damping, exponent: exponent ?? defaults.exponent,
            solver: solver, updateDecomposition: updateDecomposition ?? .subspace,
            updateRectificationSteps: rectifyUpdate ?? defaults.updateRectificationSteps,
            rootRectificationSteps: rectifyRoot ?? defaults.rootRectificationSteps,
            errorFeedbackDecay: errorFeedbackDecay, shift: shift, retainsDamping: retainDamping ?? defaults.retainsDamping,
            keepsUncodedStatistic: keepsUncodedStatistics, beginsAtZero: defaults.beginsAtZero,
            refreshThreshold: refreshThreshold,
            subspaceSteps: statistic.traits.isFactored ? subspaceSteps ?? defaults.subspaceSteps : 1)
        return try PreconditionerSettings(
            scheme, statisticsInterval: statisticsInterval ?? defaults.statisticsInterval,
            rootInterval: rootInterval ?? defaults.rootInterval, largestOrder: maxOrder ?? defaults.largestOrder,
            own: own(defaults.own))
    }

    /// Of what a method has, the options or its defaults.
    private func own(_ defaults: MethodParameters) -> MethodParameters {
        MethodParameters(
            gradients: gradients ?? defaults.gradients, clip: klClip ?? defaults.clip,
            momentum: preconditionerMomentum ?? defaults.momentum, rate: preconditionerRate ?? defaults.rate)
    }

    private func coding(_ name: CodebookName, _ bits: Int?, _ block: Int?) throws -> BlockCoding {
        // A codebook of one width needs no --bits.
        let usual = BlockCoding.defaultBits
        let bits = bits ?? (name.supportedBits.contains(usual) ? usual : name.supportedBits.lowerBound)
        return try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: block ?? BlockCoding.defaultBlockSize)
    }

    /// - Throws: `StatusError` of status `usage` for an option that the method does not have.
    private func check(_ name: PreconditionerName) throws {
        try rules.check()
        let method = name.definition
        let kind = statistic ?? .exact
        guard method.admits(kind) else {
            let admitted = StatisticKind.allCases.filter { method.admits($0) }.map(\.rawValue)
            throw StatusError.usage(
                "--statistic \(kind.rawValue): \(name.rawValue) takes \(admitted.joined(separator: ", "))")
        }
        let ofRoots: [(String, Bool)] = [
            ("root", root != nil), ("root-codebook", rootCodebook != nil), ("root-bits", rootBits != nil),
            ("root-block", rootBlock != nil), ("solver", solver != nil), ("exponent", exponent != nil),
            ("retain-damping", retainDamping == true),
        ]
        let rooted = PreconditionerName.allCases.filter { $0.definition.keepsRoots }.map(\.rawValue)
        try ofRoots.map {
            OptionRule(
                $0, $1, appliesIf: method.keepsRoots,
                needs: "a method that keeps roots: --preconditioner \(rooted.joined(separator: ", "))")
        }.check()
        try ownRules(method).check()
        try [
            OptionRule(
                "refresh-threshold", refreshThreshold != nil,
                appliesIf: kind.traits.isFactored || (!method.keepsRoots && method.admits(.eigenvector)),
                needs: "kept eigenvectors: --statistic \(StatisticKind.names(where: \.isFactored))")
        ].check()
    }

    private func ownRules(_ method: any PreconditionerMethod.Type) -> [OptionRule] {
        func of<Value>(_ parameter: KeyPath<MethodParameters, Value?>, _ name: String, _ isGiven: Bool) -> OptionRule {
            let methods = PreconditionerName.allCases.filter { $0.definition.defaults.own[keyPath: parameter] != nil }
            return OptionRule(
                name, isGiven, appliesIf: method.defaults.own[keyPath: parameter] != nil,
                needs: "--preconditioner \(methods.map(\.rawValue).joined(separator: " or "))")
        }
        return [
            of(\.gradients, "gradients", gradients != nil), of(\.clip, "kl-clip", klClip != nil),
            of(\.momentum, "preconditioner-momentum", preconditionerMomentum != nil),
            of(\.rate, "preconditioner-rate", preconditionerRate != nil),
        ]
    }

    /// A first-order rule under the method, or as it is without one.
    ///
    /// - Throws: `StatusError` of status `usage` for a rule that the method does not go over.
    static func rule<Base: OptimizerRule>(
        _ base: Base, under choice: Choice
    ) throws(StatusError) -> any OptimizerRule<Base.Backend> {
        do throws(HyperparameterError) {
            return try choice.name.definition.preconditioned(base, choice.settings)
        } catch {
            throw StatusError.usage("\(error)")
        }
    }

    /// Every option with what it needs beside a preconditioner.
    private var rules: [OptionRule] {
        let (statistic, root) = (self.statistic ?? .exact, self.root ?? .exact)
        let solver = self.solver ?? statistic.traits.defaultSolver
        let codes = "a coded statistic or root; both are exact"
        /// A value of the coding is used by the statistic, and by the root where it has none of its own.
        func coding(_ name: String, _ isGiven: Bool, _ rootHasOwn: Bool) -> OptionRule {
            OptionRule(
                name, isGiven, appliesIf: statistic.traits.isCoded || (root.traits.isCoded && !rootHasOwn),
                needs: root.traits.isCoded ? "a coded statistic, for --root-\(name) is given" : codes)
        }
        func rootCoding(_ name: String, _ isGiven: Bool) -> OptionRule {
            OptionRule(name, isGiven, appliesIf: root.traits.isCoded, needs: "a coded root; the root is exact")
        }
        func of(_ trait: KeyPath<StorageTraits, Bool>, option name: String, _ isGiven: Bool) -> OptionRule {
            OptionRule(
                name, isGiven, appliesIf: statistic.traits[keyPath: trait],
                needs: "--statistic \(StatisticKind.names(where: trait))")
        }
        func goal(_ name: String, _ isGiven: Bool) -> OptionRule {
            OptionRule(
                name, isGiven, appliesIf: statistic.traits.hasVariableLength || root.traits.hasVariableLength,
                needs: "--statistic or --root \(Self.variable)")
        }
        var sharing = OptionRule(
            "root", self.root != nil, appliesIf: !root.traits.isShared || statistic.traits.keepsRoot,
            needs: "--statistic \(StatisticKind.names(where: \.keepsRoot))")
        sharing.value = root.rawValue
        let ownRoot = "a root of its own; root \(root.rawValue) is the statistic's, renewed with it"
        return [
            OptionRule("statistic", self.statistic != nil), sharing,
            coding("codebook", codebook != nil, rootCodebook != nil), coding("bits", bits != nil, rootBits != nil),
            coding("block", block != nil, rootBlock != nil),
            rootCoding("root-codebook", rootCodebook != nil), rootCoding("root-bits", rootBits != nil),
            rootCoding("root-block", rootBlock != nil),
            goal("nre", nre != nil), goal("bits-per-entry", bitsPerEntry != nil), goal("leak", leak != nil),
            OptionRule("bits-per-entry", bitsPerEntry != nil, appliesIf: nre == nil, needs: "no --nre beside it"),
            of(\.codesReflectors, option: "reflector-loop", reflectorLoop != nil),
            of(\.isFactored, option: "update-decomposition", updateDecomposition != nil),
            OptionRule(
                "subspace-steps", subspaceSteps != nil, appliesIf: statistic.traits.isFactored && updateDecomposition != .eigen,
                needs: "--statistic \(StatisticKind.names(where: \.isFactored)) renewed by --update-decomposition subspace"),
            of(\.isRectified, option: "rectify-update", rectifyUpdate != nil),
            of(\.isRectified, option: "rectify-root", rectifyRoot != nil),
            of(\.takesErrorFeedback, option: "error-feedback-decay", errorFeedbackDecay != nil),
            of(\.isShifted, option: "shift", shift != nil),
            OptionRule("solver", self.solver != nil, appliesIf: !root.traits.isShared, needs: ownRoot),
            // That nothing is retained can always be said.
            OptionRule(
                "retain-damping", retainDamping == true,
                appliesIf: solver == .schurNewton && !statistic.traits.comesBackFactored,
                needs: "--solver schur-newton and a statistic other than \(StatisticKind.names(where: \.comesBackFactored))"),
            OptionRule("statistics-interval", statisticsInterval != nil),
            OptionRule("root-interval", rootInterval != nil, appliesIf: !root.traits.isShared, needs: ownRoot),
            OptionRule("decay", decay != nil), OptionRule("damping", damping != nil),
            OptionRule("max-order", maxOrder != nil), OptionRule("exponent", exponent != nil),
            OptionRule("refresh-threshold", refreshThreshold != nil),
            OptionRule("gradients", gradients != nil), OptionRule("kl-clip", klClip != nil),
            OptionRule("preconditioner-momentum", preconditionerMomentum != nil),
            OptionRule("preconditioner-rate", preconditionerRate != nil),
        ]
    }
}
