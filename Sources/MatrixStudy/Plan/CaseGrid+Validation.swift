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

    /// A codebook or solver that was asked for and never occurs contradicts the other axes.
    func requireEveryChoiceUsed(_ cases: [StudyCase]) throws(PlanError) {
        let codings = cases.flatMap { [$0.statistic.coding, $0.root.coding] }.compactMap { $0 }
        let anyCoded = !(statistic ?? [.exact]).allSatisfy { $0 == .exact } || !(root ?? [.exact]).allSatisfy { $0 == .exact }
        let contradictsBits = { (names: [CodebookName]?) in
            (names ?? []).first { name in anyCoded && !codings.contains { $0.codebook == name } }
        }
        if let name = contradictsBits(codebook) ?? contradictsBits(rootCodebook) {
            let range = name.supportedBits
            throw PlanError(
                "codebook \(name.rawValue) exists for \(range.lowerBound) to \(range.upperBound) bits, none of which is "
                    + "on the bits axis that applies to it")
        }
        if let unused = (solver ?? []).first(where: { solver in
            solver != .eigen && !cases.contains { $0.statistic.solver == solver }
        }) {
            throw PlanError(
                "solver \(unused.rawValue) applies to none of the cases: "
                    + (unused == .factored
                        ? "it needs statistic eigenvector or householder"
                        : "it needs a coded statistic and an exponent that is 1 over an integer"))
        }
        if cases.isEmpty { throw PlanError("the axes leave no case to run") }
    }
}
