import ArgumentParser
import MatrixStudy
import Preconditioning

/// The axes of the study as options, shared by the commands that put matrices through storages. Each is a list.
struct CaseOptions: ParsableArguments {
    @Option(help: "Storages of the statistic: \(StatisticKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var statistic: [String] = []

    @Option(help: "Storages of the root: \(RootKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var root: [String] = []

    @Option(help: "Codebooks: linear, linear-1.5, linear-2, dynamic-tree, nf4, fp4 (default linear-2).")
    var codebook: [String] = []

    @Option(help: "Bits of a code, 2 to 8 (default 4).")
    var bits: [String] = []

    @Option(help: "Entries that share a block maximum (default 64).")
    var block: [String] = []

    @Option(help: "Codebooks of the root, where they differ from the statistic's.")
    var rootCodebook: [String] = []

    @Option(help: "Bits of the root's codes, where they differ from the statistic's.")
    var rootBits: [String] = []

    @Option(help: "Blocks of the root, where they differ from the statistic's.")
    var rootBlock: [String] = []

    @Option(help: "Björck steps on decoded eigenvectors (default 1).")
    var rectify: [String] = []

    @Option(help: "How the root is taken: eigen (default), factored, schur-newton.")
    var solver: [String] = []

    @Option(help: "Relative damping: A + ε·λmax·I (default 0).")
    var damping: [String] = []

    @Option(help: "p of A^(-p) (default 0.25).")
    var exponent: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: "log2 τ of the contraction τ(λ − λmin) + λmin, for example 0:-20 (default: none).")
    var contraction: [String] = []

    /// The axes that were given. A list that is given twice is one list.
    ///
    /// - Throws: `PlanError`.
    func axes() throws(PlanError) -> CaseGrid {
        var grid = CaseGrid()
        grid.statistic = try wordList(statistic, axis: "--statistic")
        grid.root = try wordList(root, axis: "--root")
        grid.codebook = try wordList(codebook, axis: "--codebook")
        grid.bits = try integerList(bits, axis: "--bits")
        grid.block = try integerList(block, axis: "--block")
        grid.rootCodebook = try wordList(rootCodebook, axis: "--root-codebook")
        grid.rootBits = try integerList(rootBits, axis: "--root-bits")
        grid.rootBlock = try integerList(rootBlock, axis: "--root-block")
        grid.rectify = try integerList(rectify, axis: "--rectify")
        grid.solver = try wordList(solver, axis: "--solver")
        grid.damping = try numberList(damping, axis: "--damping")
        grid.exponent = try numberList(exponent, axis: "--exponent")
        grid.contraction = try numberList(contraction, axis: "--contraction")
        return grid
    }
}

/// The integers of a list option, which may be given several times; nil where it is not given.
func integerList(_ texts: [String], axis: String) throws(PlanError) -> [Int]? {
    texts.isEmpty ? nil : try integers(texts.joined(separator: ","), axis: axis)
}

/// Likewise for numbers.
func numberList(_ texts: [String], axis: String) throws(PlanError) -> [Double]? {
    texts.isEmpty ? nil : try numbers(texts.joined(separator: ","), axis: axis)
}

/// Likewise for words.
func wordList<Word: RawRepresentable & CaseIterable>(
    _ texts: [String], axis: String
) throws(PlanError) -> [Word]? where Word.RawValue == String {
    texts.isEmpty ? nil : try words(texts.joined(separator: ","), axis: axis)
}
