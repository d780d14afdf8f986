import ArgumentParser
import MatrixStudy
import Optimizers
import Preconditioning
import Quantization

/// The preconditioner of an optimizer as options, with the study's words.
struct ShampooOptions: ParsableArguments {
    enum Preconditioner: String, CaseIterable { case none, shampoo, caspr }

    @Option(help: "none, shampoo or caspr (default: shampoo where a storage is given, none otherwise).")
    var preconditioner: String?

    @Option(
        help: "Storage of the statistics: \(StatisticKind.allCases.map(\.rawValue).joined(separator: ", ")) (default exact).")
    var statistic: String?

    @Option(help: "Storage of the roots: \(RootKind.allCases.map(\.rawValue).joined(separator: ", ")) (default exact).")
    var root: String?

    @Option(help: "Codebook: linear, linear-1.5, linear-2, dynamic-tree, nf4, fp4 (default linear-2).")
    var codebook: String?

    @Option(help: "Bits of a code, 2 to 8 (default 4).")
    var bits: Int?

    @Option(help: "Entries that share a block maximum (default 64).")
    var block: Int?

    @Option(help: "Codebook of the roots, where it differs from the statistics'.")
    var rootCodebook: String?

    @Option(help: "Bits of the roots' codes, where they differ from the statistics'.")
    var rootBits: Int?

    @Option(help: "Blocks of the roots, where they differ from the statistics'.")
    var rootBlock: Int?

    @Option(
        help: ArgumentHelp(
            "How \(StatisticKind.names(where: \.isFactored)) renews its eigenvectors at an update: subspace, one QR step as "
                + "published, or eigen, a whole decomposition (default subspace)."))
    var updateDecomposition: String?

    @Option(help: "Björck steps on eigenvectors before an update (default 1).")
    var rectifyUpdate: Int?

    @Option(help: "Björck steps on eigenvectors before a root (default 4).")
    var rectifyRoot: Int?

    @Option(
        help: ArgumentHelp(
            "How the root is taken: eigen, factored, schur-newton (default: factored for "
                + "\(StatisticKind.names(where: \.isFactored)), "
                + "schur-newton for the rest)."))
    var solver: String?

    @Option(
        help: ArgumentHelp(
            "Decay of the error feedback of statistic \(StatisticKind.names(where: \.takesErrorFeedback)) "
                + "(default: no error feedback)."))
    var errorFeedbackDecay: Double?

    @Option(
        help: ArgumentHelp(
            "What statistic \(StatisticKind.names(where: \.isShifted)) adds before it factorizes: relative, ε·λmax, or "
                + "absolute, ε, with ε·λmax again before the root (default relative)."))
    var shift: String?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Leave Schur–Newton's damping in uncoded statistics, as the published code does (default: do where there is one)."))
    var retainDamping: Bool?

    @Option(help: "Steps between updates of the statistics.")
    var statisticsInterval: Int?

    @Option(help: "Steps between roots.")
    var rootInterval: Int?

    @Option(help: "Decay of the statistics; 1 accumulates.")
    var decay: Double?

    @Option(help: "Relative damping: A + ε·λmax·I.")
    var damping: Double?

    @Option(help: "Longer dimensions are cut (default 1200).")
    var maxOrder: Int?

    @Option(help: "p of A^(-p) (default 0.25).")
    var exponent: Double?

    /// What is used where neither an option nor a file says otherwise.
    struct Defaults {
        var statisticsInterval = 100
        var rootInterval = 500
        var decay = 0.95
        var damping = 1e-6
    }

    typealias Choice = (schedule: ShampooSchedule, scheme: PreconditionerScheme)

    /// The schedule and scheme that the options ask for, nil without a preconditioner.
    ///
    /// - Parameter keepsUncodedStatistics: for dumps.
    /// - Throws: `PlanError` for a word that is none; `StatusError` of status `usage` for a value out of range or options
    ///   that contradict each other.
    func preconditioning(
        defaults: Defaults, keepsUncodedStatistics: Bool = false
    ) throws -> Choice? {
        let kind: Preconditioner =
            try preconditioner.map { try word($0, option: "--preconditioner") }
            ?? (statistic == nil && root == nil ? .none : .shampoo)
        let statisticKind: StatisticKind = try statistic.map { try word($0, option: "--statistic") } ?? .exact
        let rootKind: RootKind = try root.map { try word($0, option: "--root") } ?? .exact
        let solver: RootSolver? = try solver.map { try word($0, option: "--solver") }
        let rules = rules(statisticKind, rootKind, solver)
        guard kind != .none else {
            try rules.allNeeding("--preconditioner shampoo or caspr").check()
            return nil
        }
        try rules.check()
        do {
            return (
                try ShampooSchedule(
                    statisticsInterval: statisticsInterval ?? defaults.statisticsInterval,
                    rootInterval: rootInterval ?? defaults.rootInterval, largestOrder: maxOrder ?? 1200,
                    combination: kind == .caspr ? .caspr : .shampoo),
                try scheme(statisticKind, rootKind, solver, defaults, keepsUncodedStatistics)
            )
        } catch let error as HyperparameterError {
            throw StatusError.usage("\(error)")
        } catch let error as PreconditionerSchemeError {
            throw StatusError.usage("\(error)")
        } catch let error as QuantizationError {
            throw StatusError.usage("\(error)")
        }
    }

    private func scheme(
        _ statisticKind: StatisticKind, _ rootKind: RootKind, _ solver: RootSolver?, _ defaults: Defaults,
        _ keepsUncodedStatistics: Bool
    ) throws -> PreconditionerScheme {
        let name: CodebookName = try codebook.map { try word($0, option: "--codebook") } ?? .linear2
        let rootName: CodebookName = try rootCodebook.map { try word($0, option: "--root-codebook") } ?? name
        return try PreconditionerScheme(
            statistic: StatisticStorage(statisticKind) { try coding(name, bits, block) },
            root: RootStorage(rootKind) { try coding(rootName, rootBits ?? bits, rootBlock ?? block) },
            decay: decay ?? defaults.decay, damping: damping ?? defaults.damping, exponent: exponent ?? 0.25,
            solver: solver,
            updateDecomposition: try updateDecomposition.map { try word($0, option: "--update-decomposition") } ?? .subspace,
            updateRectificationSteps: rectifyUpdate ?? 1, rootRectificationSteps: rectifyRoot ?? 4,
            errorFeedbackDecay: errorFeedbackDecay, shift: try shift.map { try word($0, option: "--shift") },
            retainsDamping: retainDamping ?? true,
            keepsUncodedStatistic: keepsUncodedStatistics)
    }

    private func coding(_ name: CodebookName, _ bits: Int?, _ block: Int?) throws -> BlockCoding {
        // A codebook of one width needs no --bits.
        let bits = bits ?? (name.supportedBits.contains(4) ? 4 : name.supportedBits.lowerBound)
        return try CodingChoice(codebook: name, bits: bits, block: block ?? 64).blockCoding()
    }

    /// Every option with what it needs beside a preconditioner.
    private func rules(_ statistic: StatisticKind, _ root: RootKind, _ solver: RootSolver?) -> [OptionRule] {
        let solver = solver ?? statistic.traits.defaultSolver
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
        return [
            OptionRule("statistic", self.statistic != nil), OptionRule("root", self.root != nil),
            coding("codebook", codebook != nil, rootCodebook != nil), coding("bits", bits != nil, rootBits != nil),
            coding("block", block != nil, rootBlock != nil),
            rootCoding("root-codebook", rootCodebook != nil), rootCoding("root-bits", rootBits != nil),
            rootCoding("root-block", rootBlock != nil),
            of(\.isFactored, option: "update-decomposition", updateDecomposition != nil),
            of(\.isRectified, option: "rectify-update", rectifyUpdate != nil),
            of(\.isRectified, option: "rectify-root", rectifyRoot != nil),
            of(\.takesErrorFeedback, option: "error-feedback-decay", errorFeedbackDecay != nil),
            of(\.isShifted, option: "shift", shift != nil),
            OptionRule("solver", self.solver != nil),
            // That nothing is retained can always be said.
            OptionRule(
                "retain-damping", retainDamping == true, appliesIf: solver == .schurNewton && !statistic.traits.isFactored,
                needs: "--solver schur-newton and a statistic other than \(StatisticKind.names(where: \.isFactored))"),
            OptionRule("statistics-interval", statisticsInterval != nil), OptionRule("root-interval", rootInterval != nil),
            OptionRule("decay", decay != nil), OptionRule("damping", damping != nil),
            OptionRule("max-order", maxOrder != nil), OptionRule("exponent", exponent != nil),
        ]
    }
}
