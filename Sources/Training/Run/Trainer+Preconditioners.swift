import Compute
import MatrixCore
import Optimizers

/// What is seen of preconditioners from outside: sides with their matrices, bytes and failures.
extension Trainer {
    /// The sides of a parameter's preconditioner, none where it has no preconditioner.
    func sides(ofParameter index: Int) -> [PreconditionerSide<Backend>] {
        guard let preconditioner = rule.preconditioner, let state = rule.preconditionerState(of: slots[index].state) else {
            return []
        }
        return preconditioner.sides(of: state)
    }

    /// Every side of every parameter, in their order.
    var sides: [(place: ParameterSide, side: PreconditionerSide<Backend>)] {
        network.parameters.enumerated().flatMap { index, parameter in
            sides(ofParameter: index).map { (ParameterSide(parameter: parameter.name, place: $0.place), $0) }
        }
    }

    /// Whether there is a side of any parameter to be seen.
    public var hasSides: Bool { network.parameters.indices.contains { !sides(ofParameter: $0).isEmpty } }

    /// Whether any parameter's statistics are followed in full precision.
    public var hasShadows: Bool { slots.contains { $0.shadow != nil } }

    /// The names of the parameters with preconditioners.
    public var preconditionedParameters: [String] {
        zip(network.parameters, slots).filter { rule.preconditionerState(of: $1.state) != nil }.map(\.0.name)
    }

    /// The bytes of statistics and roots.
    public var preconditionerBytes: Int {
        guard let preconditioner = rule.preconditioner else { return 0 }
        return slots.reduce(0) { bytes, slot in
            bytes + (rule.preconditionerState(of: slot.state).map { preconditioner.byteCount($0, backend) } ?? 0)
        }
    }

    /// Of the device's memory; nil where it is the program's own.
    public var peakDeviceBytes: Int? { backend.peakDeviceBytes }

    /// Updates and roots that failed so far, and the last failure in words.
    public var preconditionerFailures: (statistics: Int, roots: Int, last: String?) {
        var (statistics, roots) = (0, 0)
        var last: String?
        for (place, side) in sides {
            statistics += side.record.statisticFailures
            roots += side.record.rootFailures
            if let reason = side.record.lastFailure { last = "\(place.path): \(reason)" }
        }
        return (statistics, roots, last)
    }

    /// Of all sides, how far eigenvectors were from those of their statistic at the last update; nil where nobody asks.
    var largestResidual: Double? { sides.compactMap(\.side.residual).max() }

    /// The statistic of a side as its root is taken of it, nil where there is no such side.
    ///
    /// - Throws: `DecompositionError` where decoding is by a decomposition.
    public func decodedStatistic(of place: ParameterSide) throws(DecompositionError) -> Matrix<Float>? {
        guard let side = sides.first(where: { $0.place == place })?.side else { return nil }
        return try (side[.decoded] ?? side[.statistic])?.matrix(backend)
    }

    /// Nil on a step without roots: a run that was resumed after such a failure gets as far as the next root.
    func excessiveRootFailure() -> DivergenceError? {
        guard step > 0, rule.preconditioner?.schedule.takesRoots(at: OptimizerStep(step)) == true else { return nil }
        for (place, side) in sides where side.record.consecutiveRootFailures >= settings.rootFailureLimit {
            return .roots(
                step: step, side: place, count: side.record.consecutiveRootFailures,
                reason: side.record.lastFailure ?? "")
        }
        return nil
    }
}
