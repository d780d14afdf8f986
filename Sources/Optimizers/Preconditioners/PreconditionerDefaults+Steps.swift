extension PreconditionerDefaults {
    /// A training in which roots are taken less often than this would see little of them.
    public static let fewestRoots = 10

    /// The same with intervals that fit a training of so many steps: the published ones where they leave `fewestRoots` roots, else
    /// shorter ones of the same proportion. An interval that is given stays, and the other one goes with it.
    public func fitting(
        steps: Int, statisticsInterval givenStatistics: Int? = nil, rootInterval givenRoot: Int? = nil
    ) -> PreconditionerDefaults {
        var result = self
        let shorter = max(1, steps / Self.fewestRoots)
        // Between two roots the statistics take several gradients.
        result.rootInterval = givenRoot ?? min(rootInterval, max(shorter, givenStatistics ?? 1))
        let proportional = result.rootInterval * statisticsInterval / rootInterval
        result.statisticsInterval = givenStatistics ?? min(statisticsInterval, max(1, proportional))
        return result
    }
}
