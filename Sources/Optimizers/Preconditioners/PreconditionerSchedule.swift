/// The steps at which statistics take gradients, and those at which roots are taken.
public struct PreconditionerSchedule: Sendable, Equatable {
    /// T₁.
    public let statisticsInterval: Int
    /// T₂; nil where statistics keep their roots, which then are as fresh as they are.
    public let rootInterval: Int?

    /// - Throws: `HyperparameterError`.
    public init(statisticsInterval: Int, rootInterval: Int?) throws(HyperparameterError) {
        try HyperparameterError.require(statisticsInterval >= 1, "statistics interval", statisticsInterval, "at least 1")
        if let rootInterval {
            try HyperparameterError.require(rootInterval >= 1, "root interval", rootInterval, "at least 1")
        }
        self.statisticsInterval = statisticsInterval
        self.rootInterval = rootInterval
    }

    public func takesStatistics(at step: OptimizerStep) -> Bool { step.number.isMultiple(of: statisticsInterval) }

    /// The steps at which roots become others.
    public func takesRoots(at step: OptimizerStep) -> Bool {
        rootInterval.map { step.number.isMultiple(of: $0) } ?? takesStatistics(at: step)
    }

    /// The first step at which the root of a statistic with a gradient in it is taken; nil beyond `steps`.
    public func firstRoot(within steps: Int) -> Int? {
        let rootInterval = rootInterval ?? statisticsInterval
        guard max(statisticsInterval, rootInterval) <= steps else { return nil }
        let step = (statisticsInterval - 1) / rootInterval * rootInterval + rootInterval
        return step <= steps ? step : nil
    }
}
