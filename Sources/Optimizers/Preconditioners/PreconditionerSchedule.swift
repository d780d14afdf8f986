/// The steps at which statistics take gradients, and those at which roots are taken.
public struct PreconditionerSchedule: Sendable, Equatable {
    /// T₁.
    public let statisticsInterval: Int
    /// T₂.
    public let rootInterval: Int

    /// - Throws: `HyperparameterError`.
    public init(statisticsInterval: Int, rootInterval: Int) throws(HyperparameterError) {
        try HyperparameterError.require(statisticsInterval >= 1, "statistics interval", statisticsInterval, "at least 1")
        try HyperparameterError.require(rootInterval >= 1, "root interval", rootInterval, "at least 1")
        self.statisticsInterval = statisticsInterval
        self.rootInterval = rootInterval
    }

    public func takesStatistics(at step: OptimizerStep) -> Bool { step.number.isMultiple(of: statisticsInterval) }

    public func takesRoots(at step: OptimizerStep) -> Bool { step.number.isMultiple(of: rootInterval) }

    /// The first step at which the root of a statistic with a gradient in it is taken; nil beyond `steps`.
    public func firstRoot(within steps: Int) -> Int? {
        guard max(statisticsInterval, rootInterval) <= steps else { return nil }
        let step = (statisticsInterval - 1) / rootInterval * rootInterval + rootInterval
        return step <= steps ? step : nil
    }
}
