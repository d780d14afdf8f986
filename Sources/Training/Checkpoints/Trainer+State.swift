import Compute
import MatrixCore
import NeuralNetworks
import Optimizers

extension Trainer {
    /// The network's tensors by folder: `parameters`, where it is evaluated; `training_points`, where gradients are taken, of
    /// the parameters for which that is another point; `running_statistics`.
    var namedTensors: [(folder: String, description: ParameterDescription, tensor: Backend.Tensor)] {
        let parameters = network.parameters
        let averaged = parameters.indices.filter { trainingFolder(ofParameter: $0) != "parameters" }
        return zip(parameters, evaluatedNumbers.parameters).map { ("parameters", $0, $1) }
            + averaged.map { ("training_points", parameters[$0], numbers.parameters[$0]) }
            + zip(network.runningStatistics, numbers.runningStatistics).map { ("running_statistics", $0, $1) }
    }

    /// The folder with the point of a parameter at which gradients are taken.
    func trainingFolder(ofParameter index: Int) -> String {
        isEvaluatedElsewhere(index) ? "training_points" : "parameters"
    }

    /// The optimizer's states and the shadows, parameter after parameter.
    var archives: [(folder: String, archive: StateArchive)] {
        zip(network.parameters, slots).flatMap { parameter, slot in
            [("optimizer/\(parameter.name)", rule.archive(slot.state, backend))]
                + (slot.shadow.map { [("shadow/\(parameter.name)", $0.archive(backend))] } ?? [])
        }
    }

    /// - Parameter parameters: the points at which gradients are taken.
    /// - Throws: `StateArchiveError`; nothing is then changed.
    mutating func restore(
        step: Int, loss: Double, parameters: [Matrix<Float>], runningStatistics: [Matrix<Float>],
        archives: [String: StateArchive]
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
        self.loss = loss
    }
}
