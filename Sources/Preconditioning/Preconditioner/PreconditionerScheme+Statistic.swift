import Compute
import MatrixCore

extension PreconditionerScheme {
    /// The storage of the statistic of a side of this order.
    func statisticDefinition(order: Int) -> any StatisticDefinition {
        order < smallestCodedOrder ? statistic.definition.uncoded : statistic.definition
    }

    var statisticShift: StatisticShift { shift ?? .relative }

    var use: StatisticUse {
        StatisticUse(
            exponent: exponent, damping: damping, shift: statisticShift, hasErrorFeedback: errorFeedbackDecay != nil)
    }

    /// The statistic of a side of this order as training begins with it: A(0) = εI, or zero.
    ///
    /// - Throws: `QuantizationError` where ε leaves the range of float32.
    public func initialStatistic<Backend: MatrixBackend>(
        order: Int, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        let start = ScaledIdentity(order: order, scale: Backend.Scalar(initialValue), backend: backend)
        return try statisticDefinition(order: order).keep(start, for: use, backend)
    }

    /// (A + ε·λmax·I)^(-p) of the decoded statistic by the scheme's solver, finite. With `retainsDamping` the damping of
    /// Schur–Newton stays in a statistic that is kept as it is.
    ///
    /// - Throws: `RootError` or `DecompositionError`.
    public func root<Backend: MatrixBackend>(
        of statistic: inout any KeptStatistic<Backend>, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> Backend.Tensor {
        if keepsUnitRoot(order: statistic.order) { return backend.identity(1) }
        let method = RootMethod(
            solver, exponent: exponent, damping: statistic.isDamped ? 0 : damping, rule: indefinite, iterations: iterations)
        let decoded = try statistic.decodedStatistic(rectificationSteps: rootRectificationSteps, backend)
        let record = try method.root(of: decoded, using: &generator, backend)
        guard let root = record.root else { throw record.failure ?? .statisticNotFinite }
        if retainsDamping && solver == .schurNewton { statistic.retain(shift: record.shift, backend) }
        return root
    }
}

/// s·I, whose decomposition is known. Of A(0) = εI nothing is damped: it is damping alone.
private struct ScaledIdentity<Backend: MatrixBackend>: StatisticSource {
    let order: Int
    let scale: Backend.Scalar
    let backend: Backend

    var matrix: Backend.Tensor { backend.scaled(scale, backend.identity(order)) }
    var eigenvalues: Backend.Vector { backend.vector([Backend.Scalar](repeating: scale, count: order)) }
    var eigenvectors: Backend.Tensor { backend.identity(order) }

    func shift(damping: Double) -> Backend.Scalar { 0 }
}
