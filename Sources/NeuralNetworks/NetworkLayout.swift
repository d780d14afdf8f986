/// Collects the descriptions of a network's tensors and hands out their positions, in the order of the layers.
struct NetworkLayout: Sendable {
    private(set) var parameters: [ParameterDescription] = []
    private(set) var runningStatistics: [ParameterDescription] = []

    /// - Returns: the parameter's position in `NetworkState.parameters`.
    mutating func addParameter(
        _ name: String, _ dimensions: [Int], _ initialization: ParameterDescription.Initialization, decays: Bool = true
    ) -> Int {
        parameters.append(ParameterDescription(name, dimensions, initialization, decays: decays))
        return parameters.count - 1
    }

    /// The bias of a map, `<name>.bias`.
    ///
    /// - Parameter weight: the position of the map's weight.
    mutating func addBias(
        _ name: String, outputs: Int, _ initialization: ParameterDescription.Initialization, of weight: Int
    ) -> Int {
        parameters.append(
            ParameterDescription("\(name).bias", [outputs], initialization, decays: false, weight: weight))
        return parameters.count - 1
    }

    /// - Returns: the statistic's position in `NetworkState.runningStatistics`.
    mutating func addRunningStatistic(_ name: String, _ dimensions: [Int], startingAt value: Double) -> Int {
        runningStatistics.append(ParameterDescription(name, dimensions, .constant(value)))
        return runningStatistics.count - 1
    }
}
