import ArgumentParser
import MatrixStudy
import Preconditioning

/// The axes of the study as options, shared by the commands that put matrices through storages.
struct CaseOptions: ParsableArguments {
    @Option(help: "Storages of the statistic: \(StatisticKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var statistic: String?

    @Option(help: "Storages of the root: \(RootKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var root: String?

    @Option(help: "Codebooks: linear, linear-1.5, linear-2, dynamic-tree, nf4, fp4 (default linear-2).")
    var codebook: String?

    @Option(help: "Bits of a code, 2 to 8 (default 4).")
    var bits: String?

    @Option(help: "Entries that share a block maximum (default 64).")
    var block: String?

    @Option(help: "Codebooks of the root, where they differ from the statistic's.")
    var rootCodebook: String?

    @Option(help: "Bits of the root's codes, where they differ from the statistic's.")
    var rootBits: String?

    @Option(help: "Blocks of the root, where they differ from the statistic's.")
    var rootBlock: String?

    @Option(help: "Björck steps on decoded eigenvectors (default 1).")
    var rectify: String?

    @Option(help: "How the root is taken: eigen (default), factored, schur-newton.")
    var solver: String?

    @Option(help: "Relative damping: A + ε·λmax·I (default 0).")
    var damping: String?

    @Option(help: "p of A^(-p) (default 0.25).")
    var exponent: String?

    @Option(
        parsing: .unconditional,
        help: "log2 τ of the contraction τ(λ − λmin) + λmin, for example 0:-20 (default: none).")
    var contraction: String?

    /// The axes that were given.
    ///
    /// - Throws: `PlanError`.
    func axes() throws(PlanError) -> CaseGrid {
        var grid = CaseGrid()
        if let statistic { grid.statistic = try words(statistic, axis: "--statistic") }
        if let root { grid.root = try words(root, axis: "--root") }
        if let codebook { grid.codebook = try words(codebook, axis: "--codebook") }
        if let bits { grid.bits = try integers(bits, axis: "--bits") }
        if let block { grid.block = try integers(block, axis: "--block") }
        if let rootCodebook { grid.rootCodebook = try words(rootCodebook, axis: "--root-codebook") }
        if let rootBits { grid.rootBits = try integers(rootBits, axis: "--root-bits") }
        if let rootBlock { grid.rootBlock = try integers(rootBlock, axis: "--root-block") }
        if let rectify { grid.rectify = try integers(rectify, axis: "--rectify") }
        if let solver { grid.solver = try words(solver, axis: "--solver") }
        if let damping { grid.damping = try numbers(damping, axis: "--damping") }
        if let exponent { grid.exponent = try numbers(exponent, axis: "--exponent") }
        if let contraction { grid.contraction = try numbers(contraction, axis: "--contraction") }
        return grid
    }
}
