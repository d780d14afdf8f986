import Preconditioning
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
        for axis in givenAxes where axis.values.isEmpty { throw PlanError("\(axis.name): the list is empty") }
    }

    /// At least the number of cases that `expanded` makes.
    var caseCount: Double {
        let mixesExact = (statistic ?? [.exact]).contains { !$0.traits.isCoded }
        let statistics = (statistic ?? [.exact]).map { kind -> Double in
            guard kind.traits.isCoded else { return 1 }
            return count(codebook) * count(bits) * count(block) * count(solver)
                * (kind.traits.isRectified ? count(rectify) : 1)
        }
        let roots = (root ?? [.exact]).map { kind -> Double in
            guard kind.traits.isCoded else { return 1 }
            return count(rootCodebook ?? (mixesExact ? codebook : nil)) * count(rootBits ?? (mixesExact ? bits : nil))
                * count(rootBlock ?? (mixesExact ? block : nil))
        }
        return count(contraction) * count(damping) * count(exponent) * statistics.reduce(0, +) * roots.reduce(0, +)
    }

    private func count<Value>(_ axis: [Value]?) -> Double { Double(axis?.count ?? 1) }
}

extension StudyPlan {
    /// More cases than anyone waits for, and than memory holds, are a slip of the pen. They are counted before they are
    /// made, and over all grids.
    func requireReasonableCount() throws(PlanError) {
        guard grids.reduce(0, { $0 + $1.caseCount }) <= 100_000 else {
            throw PlanError("the axes multiply to more than 100000 cases a matrix; split the study")
        }
    }

    /// The iteration takes roots of integer order.
    func requireRootOrders(_ cases: [StudyCase]) throws(PlanError) {
        guard reference == .schurNewton else { return }
        if let exponent = cases.map(\.statistic.exponent).first(where: { rootOrder(exponent: $0) == nil }) {
            throw PlanError("reference schur-newton needs exponents that are 1 over an integer; \(exponent) is none")
        }
    }
}
