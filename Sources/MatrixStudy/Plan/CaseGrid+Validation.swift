import Quantization

/// A plan that cannot be run, in words for its author.
public struct PlanError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

extension CaseGrid {
    func validate() throws(PlanError) {
        try requireNotEmpty()
        for count in (bits ?? []) + (rootBits ?? []) where !(2...8).contains(count) {
            throw PlanError("bits \(count): codes have 2 to 8 bits")
        }
        for size in (block ?? []) + (rootBlock ?? []) where size < 1 {
            throw PlanError("block \(size): a block has at least 1 entry")
        }
        for steps in rectify ?? [] where !(0...1000).contains(steps) {
            throw PlanError("rectify \(steps): give 0 to 1000 steps")
        }
        for value in damping ?? [] where !(value.isFinite && value >= 0) {
            throw PlanError("damping \(value): it must be finite and not negative")
        }
        for value in exponent ?? [] where !(value.isFinite && value > 0 && value <= 16) {
            throw PlanError("exponent \(value): A^(-p) needs 0 < p ≤ 16")
        }
        for value in contraction ?? [] where !(value.isFinite && value.magnitude <= 1000) {
            throw PlanError("contraction \(value): give log2 τ between -1000 and 1000")
        }
        try requireReasonableCount()
    }

    private func requireNotEmpty() throws(PlanError) {
        let axes: [(String, Bool?)] = [
            ("statistic", statistic?.isEmpty), ("root", root?.isEmpty), ("codebook", codebook?.isEmpty),
            ("bits", bits?.isEmpty), ("block", block?.isEmpty), ("root-codebook", rootCodebook?.isEmpty),
            ("root-bits", rootBits?.isEmpty), ("root-block", rootBlock?.isEmpty), ("rectify", rectify?.isEmpty),
            ("solver", solver?.isEmpty), ("damping", damping?.isEmpty), ("exponent", exponent?.isEmpty),
            ("contraction", contraction?.isEmpty),
        ]
        for (name, isEmpty) in axes where isEmpty == true { throw PlanError("\(name): the list is empty") }
    }

    /// More cases than anyone waits for, and than memory holds, are a slip of the pen.
    private func requireReasonableCount() throws(PlanError) {
        let mixesExact = (statistic ?? [.exact]).contains(.exact)
        let statistics = (statistic ?? [.exact]).map { kind -> Double in
            if kind == .exact { return 1 }
            return count(codebook) * count(bits) * count(block) * count(solver) * (kind == .eigenvector ? count(rectify) : 1)
        }
        let roots = (root ?? [.exact]).map { kind -> Double in
            if kind == .exact { return 1 }
            return count(rootCodebook ?? (mixesExact ? codebook : nil)) * count(rootBits ?? (mixesExact ? bits : nil))
                * count(rootBlock ?? (mixesExact ? block : nil))
        }
        let total =
            count(contraction) * count(damping) * count(exponent) * statistics.reduce(0, +) * roots.reduce(0, +)
        guard total <= 1_000_000 else {
            throw PlanError("the axes multiply to more than 1000000 cases a matrix; split the study")
        }
    }

    private func count<Value>(_ axis: [Value]?) -> Double { Double(axis?.count ?? 1) }

    /// The codebooks of this grid that a coded storage takes.
    fileprivate var appliedCodebooks: [CodebookName] {
        let codesStatistic = (statistic ?? []).contains { $0 != .exact }
        let codesRoot = (root ?? []).contains { $0 != .exact }
        return (codesStatistic || (codesRoot && rootCodebook == nil) ? codebook ?? [] : [])
            + (codesRoot ? rootCodebook ?? [] : [])
    }
}

extension StudyPlan {
    /// A codebook or solver that is asked for and occurs in no case of any grid contradicts the other axes. A grid of
    /// a preset may well have no use for it.
    func requireEveryChoiceUsed(_ cases: [StudyCase]) throws(PlanError) {
        let codings = cases.flatMap { [$0.statistic.coding, $0.root.coding] }
        let codebooks = Set(codings.compactMap { $0?.codebook })
        if let unused = grids.flatMap(\.appliedCodebooks).first(where: { !codebooks.contains($0) }) {
            let range = unused.supportedBits
            throw PlanError(
                "codebook \(unused.rawValue) exists for \(range.lowerBound) to \(range.upperBound) bits, none of which is "
                    + "on the bits axis that applies to it")
        }
        let solvers = Set(cases.map(\.statistic.solver))
        if let unused = grids.flatMap({ $0.solver ?? [] }).first(where: { $0 != .eigen && !solvers.contains($0) }) {
            throw PlanError(
                "solver \(unused.rawValue) applies to none of the cases: "
                    + (unused == .factored
                        ? "it needs statistic eigenvector or householder"
                        : "it needs a coded statistic and an exponent that is 1 over an integer"))
        }
        if cases.isEmpty { throw PlanError("the axes leave no case to run") }
    }
}
