import Preconditioning
import Quantization

extension StudyAxis {
    /// The axes, in the order in which a case is made: the first varies slowest, and each may ask for what those before it
    /// have chosen. A new one is a line here, a list of `CaseGrid` and a value of `CaseDraft`; its column is the last.
    public static let all: [StudyAxis] = [
        StudyAxis(
            "contraction", \.contraction, \.contraction,
            help: "log2 τ of the contraction τ(λ − λmin) + λmin, for example 0:-20 (default: none).",
            range: { $0.isFinite && $0.magnitude <= 1000 ? nil : "give log2 τ between -1000 and 1000" },
            values: { _, grid, _ in grid.contraction }),
        StudyAxis(
            "damping", \.damping, \.damping,
            help: "Relative damping: A + ε·λmax·I (default: 0; in float32 and of recoded statistics 1e-6).",
            range: { $0.isFinite && $0 >= 0 ? nil : "it must be finite and not negative" },
            values: { _, grid, defaults in grid.damping ?? [defaults.damping] }),
        StudyAxis(
            "exponent", \.exponent, \.exponent, help: "p of A^(-p) (default: 0.25).",
            range: { $0.isFinite && $0 > 0 && $0 <= 16 ? nil : "A^(-p) needs 0 < p ≤ 16" },
            values: { _, grid, _ in grid.exponent ?? [0.25] }),
        StudyAxis(
            "statistic", \.statistic, \.statistic, help: "Storages of the statistic (default: exact, beside a coded root).",
            values: { _, grid, _ in grid.statistic ?? [.exact] }),
        StudyAxis(
            "codebook", \.codebook, \.codebook, help: "Codebooks (default: \(BlockCoding.defaultCodebook.rawValue)).",
            values: { draft, grid, _ in draft.codesStatistic ? grid.codebook ?? [BlockCoding.defaultCodebook] : nil },
            used: { draft, grid in grid.rootCodebook == nil ? draft.rootCodebook : nil },
            field: { $0.codebook ?? $0.rootCodebook }, need: { CodebookName(rawValue: $0)?.need ?? "" }),
        StudyAxis(
            "bits", \.bits, \.bits, help: "Bits of a code, 2 to 8 (default: \(BlockCoding.defaultBits)).",
            range: bitsProblem,
            values: { draft, grid, _ in
                draft.codebook.map { codebook in
                    (grid.bits ?? [BlockCoding.defaultBits]).filter(codebook.supportedBits.contains)
                }
            },
            used: { draft, grid in grid.rootBits == nil ? draft.rootBits : nil }, field: { $0.bits ?? $0.rootBits },
            need: { _ in codingNeed("bits") + ", and a codebook of so many bits" }),
        StudyAxis(
            "block", \.block, \.block, help: "Entries that share a block maximum (default: \(BlockCoding.defaultBlockSize)).",
            range: blockProblem,
            values: { draft, grid, _ in draft.codesStatistic ? grid.block ?? [BlockCoding.defaultBlockSize] : nil },
            used: { draft, grid in grid.rootBlock == nil ? draft.rootBlock : nil }, field: { $0.block ?? $0.rootBlock },
            need: { _ in codingNeed("block") }),
        StudyAxis(
            "rectify", \.rectify, \.rectify,
            help: "Björck steps on decoded eigenvectors (default: 1; of recoded statistics 4, before a root).",
            range: { (0...1000).contains($0) ? nil : "give 0 to 1000 steps" },
            values: { draft, grid, defaults in
                draft.statistic?.traits.isRectified == true ? grid.rectify ?? [defaults.rectificationSteps] : nil
            },
            need: { _ in "statistic \(StatisticKind.names(where: \.isRectified))" }),
        StudyAxis(
            "solver", \.solver, \.solver,
            help: "How the root is taken (default: eigen; of recoded statistics, factored if there are factors).",
            values: { draft, grid, defaults in
                guard let kind = draft.statistic, !kind.traits.isExact else { return [defaults.exactSolver] }
                return (grid.solver ?? [defaults.codedSolver(kind.traits)]).filter {
                    $0.applies(to: kind.traits, exponent: draft.exponent ?? 0.25)
                }
            },
            field: { StudyCase($0).solver },
            need: { RootSolver(rawValue: $0)?.need ?? "" }),
        StudyAxis(
            "root", \.root, \.root, help: "Storages of the root (default: exact, beside a coded statistic).",
            values: { draft, grid, _ in
                (grid.root ?? [.exact]).filter { !$0.traits.isShared || draft.statistic?.traits.keepsRoot == true }
            },
            need: { RootKind(rawValue: $0)?.need ?? "" }),
        // A root is coded like the statistic beside it unless an axis of its own says otherwise.
        StudyAxis(
            "root-codebook", \.rootCodebook, \.rootCodebook,
            help: "Codebooks of the root (default: the statistic's, or --codebook).",
            values: { draft, grid, _ in
                guard draft.codesRoot else { return nil }
                return grid.rootCodebook ?? draft.codebook.map { [$0] } ?? grid.codebook ?? [BlockCoding.defaultCodebook]
            },
            need: { _ in "a coded root, and a codebook of so many bits" }),
        StudyAxis(
            "root-bits", \.rootBits, \.rootBits, help: "Bits of the root's codes (default: the statistic's, or --bits).",
            range: bitsProblem,
            values: { draft, grid, _ in
                draft.rootCodebook.map { codebook in
                    (grid.rootBits ?? draft.bits.map { [$0] } ?? grid.bits ?? [BlockCoding.defaultBits])
                        .filter(codebook.supportedBits.contains)
                }
            },
            need: { _ in "a coded root, and a codebook of so many bits" }),
        StudyAxis(
            "root-block", \.rootBlock, \.rootBlock, help: "Blocks of the root (default: the statistic's, or --block).",
            range: blockProblem,
            values: { draft, grid, _ in
                guard draft.codesRoot else { return nil }
                return grid.rootBlock ?? draft.block.map { [$0] } ?? grid.block ?? [BlockCoding.defaultBlockSize]
            },
            need: { _ in "a coded root" }),
        StudyAxis(
            "reflector-loop", \.reflectorLoop, \.reflectorLoop,
            help: "Whether a reflector makes up for the codes of those before it, or is that of a QR (default: closed).",
            values: { draft, grid, _ in
                draft.statistic?.traits.codesReflectors == true ? grid.reflectorLoop ?? [.closed] : nil
            },
            need: { _ in "statistic \(StatisticKind.names(where: \.codesReflectors))" }),
        StudyAxis(
            "nre", \.targetError, \.targetError, column: "target_nre",
            help: "Errors of the root that \(variable) is to reach (default: \(DeflationGoal.standardError)).",
            range: { $0 >= 1e-6 && $0 <= 0.5 ? nil : "give 1e-6 to 0.5" },
            values: { draft, grid, _ in
                guard draft.hasGoal else { return nil }
                return grid.targetError ?? (grid.budget == nil ? [DeflationGoal.standardError] : nil)
            },
            need: { _ in "statistic or root \(variable)" }),
        StudyAxis(
            "bits-per-entry", \.budget, \.budget, column: "target_bits_per_entry",
            help: "Bits an n² entry that \(variable) may take, everything counted, in place of an error.",
            range: { $0 >= 0.05 && $0 <= 16 ? nil : "give 0.05 to 16" },
            values: { draft, grid, _ in draft.hasGoal && draft.targetError == nil ? grid.budget : nil },
            need: { _ in "statistic or root \(variable), and no nre" }),
        StudyAxis(
            "leak", \.leak, \.leak,
            help: "How much finer \(variable) codes what would inflate small eigenvalues in updates, in units of the error "
                + "(default: 0; of recoded statistics \(DeflationGoal.trainingLeak)).",
            range: { $0 >= 0 && $0 <= 1000 ? nil : "give 0 to 1000" },
            values: { draft, grid, defaults in draft.hasGoal ? grid.leak ?? [defaults.leak] : nil },
            need: { _ in "statistic or root \(variable)" }),
    ]

    private static let variable = StatisticKind.names(where: \.hasVariableLength)

    private static let bitsProblem: @Sendable (Int) -> String? = {
        (2...8).contains($0) ? nil : "codes have 2 to 8 bits"
    }

    private static let blockProblem: @Sendable (Int) -> String? = { $0 >= 1 ? nil : "a block has at least 1 entry" }

    private static func codingNeed(_ axis: String) -> String {
        "a coded statistic, or a coded root without a root-\(axis) of its own"
    }
}

extension CodebookName {
    /// What it has no use without.
    var need: String {
        "a coded statistic or root, and \(supportedBits.lowerBound) to \(supportedBits.upperBound) bits on the bits axis "
            + "that applies to it"
    }
}

extension RootKind {
    /// What it has no use without.
    var need: String {
        traits.isShared
            ? "statistic \(StatisticKind.names(where: \.keepsRoot))"
            : "a case, and the codebook, bits and solver that are asked for leave it none"
    }
}

extension RootSolver {
    /// What it has no use without.
    var need: String {
        self == .factored
            ? "statistic \(StatisticKind.names(where: \.comesBackFactored))"
            : "a coded statistic and an exponent that is 1 over an integer"
    }
}
