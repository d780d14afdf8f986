import Compute
import MatrixCore
import NeuralNetworks
import Optimizers

extension Trainer {
    var namedParameters: [(ParameterDescription, Backend.Tensor)] {
        Array(zip(network.parameters, numbers.parameters))
    }

    var namedRunningStatistics: [(ParameterDescription, Backend.Tensor)] {
        Array(zip(network.runningStatistics, numbers.runningStatistics))
    }

    /// The optimizer's states and the shadows, parameter after parameter.
    var archives: [(folder: String, archive: StateArchive)] {
        zip(network.parameters, slots).flatMap { parameter, slot in
            [("optimizer/\(parameter.name)", rule.archive(slot.state, backend))]
                + (slot.shadow.map { [("shadow/\(parameter.name)", $0.archive(backend))] } ?? [])
        }
    }

    /// - Throws: `StateArchiveError`; nothing is then changed.
    mutating func restore(
        step: Int, parameters: [Matrix<Float>], runningStatistics: [Matrix<Float>], archives: [String: StateArchive]
    ) throws(StateArchiveError) {
        var restored = slots
        for (index, parameter) in network.parameters.enumerated() {
            let folder = "optimizer/\(parameter.name)"
            // A rule may have nothing to keep for a parameter.
            try rule.restore(&restored[index].state, from: archives[folder] ?? StateArchive(), backend)
            if restored[index].shadow != nil {
                try restored[index].shadow!.restore(from: archives["shadow/\(parameter.name)"] ?? StateArchive(), backend)
            }
        }
        slots = restored
        numbers = NetworkState(
            parameters: parameters.map(backend.tensor), runningStatistics: runningStatistics.map(backend.tensor))
        self.step = step
    }
}
