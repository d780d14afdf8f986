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
            "How eigenvector and householder renew their eigenvectors at an update: subspace, one QR step as published, "
                + "or eigen, a whole decomposition (default subspace)."))
    var updateDecomposition: String?

    @Option(help: "Björck steps on eigenvectors before an update (default 1).")
    var rectifyUpdate: Int?

    @Option(help: "Björck steps on eigenvectors before a root (default 4).")
    var rectifyRoot: Int?

    @Option(
        help: ArgumentHelp(
            "How the root is taken: eigen, factored, schur-newton (default: factored for eigenvector and householder, "
                + "schur-newton for the rest)."))
    var solver: String?

    @Option(help: "Decay of the error feedback of statistic cholesky (default: no error feedback).")
    var errorFeedbackDecay: Double?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp("Leave Schur–Newton's damping in uncoded statistics, as the published code does."))
    var retainDamping = true

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
        guard kind != .none else {
            if let name = givenOption { throw StatusError.usage("--\(name) needs --preconditioner shampoo or caspr") }
            return nil
        }
        do {
            return (
                try ShampooSchedule(
                    statisticsInterval: statisticsInterval ?? defaults.statisticsInterval,
                    rootInterval: rootInterval ?? defaults.rootInterval, largestOrder: maxOrder ?? 1200,
                    combination: kind == .caspr ? .caspr : .shampoo),
                try scheme(defaults, keepsUncodedStatistics)
            )
        } catch let error as HyperparameterError {
            throw StatusError.usage("\(error)")
        } catch let error as PreconditionerSchemeError {
            throw StatusError.usage("\(error)")
        } catch let error as QuantizationError {
            throw StatusError.usage("\(error)")
        }
    }

    private func scheme(_ defaults: Defaults, _ keepsUncodedStatistics: Bool) throws -> PreconditionerScheme {
        let statisticKind: StatisticKind = try statistic.map { try word($0, option: "--statistic") } ?? .exact
        let rootKind: RootKind = try root.map { try word($0, option: "--root") } ?? .exact
        if statisticKind == .exact && rootKind == .exact, let name = givenCoding {
            throw StatusError.usage("--\(name) contradicts exact statistics and roots")
        }
        let name: CodebookName = try codebook.map { try word($0, option: "--codebook") } ?? .linear2
        let rootName: CodebookName = try rootCodebook.map { try word($0, option: "--root-codebook") } ?? name
        return try PreconditionerScheme(
            statistic: statisticKind.storage { try coding(name, bits, block) },
            root: rootKind.storage { try coding(rootName, rootBits ?? bits, rootBlock ?? block) },
            decay: decay ?? defaults.decay, damping: damping ?? defaults.damping, exponent: exponent ?? 0.25,
            solver: try solver.map { try word($0, option: "--solver") },
            updateDecomposition: try updateDecomposition.map { try word($0, option: "--update-decomposition") } ?? .subspace,
            updateRectificationSteps: rectifyUpdate ?? 1, rootRectificationSteps: rectifyRoot ?? 4,
            errorFeedbackDecay: errorFeedbackDecay, retainsDamping: retainDamping,
            keepsUncodedStatistic: keepsUncodedStatistics)
    }

    private func coding(_ name: CodebookName, _ bits: Int?, _ block: Int?) throws -> BlockCoding {
        // A codebook of one width needs no --bits.
        let bits = bits ?? (name.supportedBits.contains(4) ? 4 : name.supportedBits.lowerBound)
        return try CodingChoice(codebook: name, bits: bits, block: block ?? 64).blockCoding()
    }

    private var givenCoding: String? {
        let given: [(String, Bool)] = [
            ("codebook", codebook != nil), ("bits", bits != nil), ("block", block != nil),
            ("root-codebook", rootCodebook != nil), ("root-bits", rootBits != nil), ("root-block", rootBlock != nil),
        ]
        return given.first { $0.1 }?.0
    }

    private var givenOption: String? {
        let given: [(String, Bool)] = [
            ("statistic", statistic != nil), ("root", root != nil),
            ("update-decomposition", updateDecomposition != nil), ("rectify-update", rectifyUpdate != nil),
            ("rectify-root", rectifyRoot != nil), ("solver", solver != nil),
            ("error-feedback-decay", errorFeedbackDecay != nil), ("statistics-interval", statisticsInterval != nil),
            ("root-interval", rootInterval != nil), ("decay", decay != nil), ("damping", damping != nil),
            ("max-order", maxOrder != nil), ("exponent", exponent != nil),
        ]
        return given.first { $0.1 }?.0 ?? givenCoding
    }
}
