import Compute
import Files
import HDF5Store
import MatrixCore
import NeuralNetworks
import Optimizers

/// The state of a training as an HDF5 file: `/parameters/<name>` and `/running_statistics/<name>` in their own
/// dimensions, `/optimizer/<name>/…` and `/shadow/<name>/…` buffer by buffer as they are kept.
///
/// Parameters are those of the trained network. Where a rule takes gradients at other points than it evaluates at, these are
/// in `/training_points/<name>`.
///
/// Equal states give equal files, byte for byte: no times are recorded.
enum Checkpoint {
    /// - Parameter configuration: what decides the numbers of the run, by name.
    /// - Throws: `HDF5Error`; `DeviceFailure` of the backend. The path is then as it was.
    static func write<Model, Rule>(
        _ trainer: Trainer<Model, Rule>, configuration: RunConfiguration, to path: String
    ) throws {
        var content = CheckpointContent(
            step: trainer.step, loss: trainer.loss ?? 0, configuration: try configurationText(configuration.values))
        for (folder, description, tensor) in trainer.namedTensors {
            content.entries.append(entry(folder, description, tensor, trainer.backend))
        }
        for (folder, archive) in trainer.archives {
            content.entries += archive.entries.map { .init("\(folder)/\($0.name)", $0.buffer) }
        }
        // What a device that has failed gives back is not the state.
        try trainer.backend.synchronize()
        try content.write(to: path)
    }

    /// The content of a sound checkpoint of a run with this configuration.
    ///
    /// - Throws: `HDF5Error`; `CheckpointError`, which for a run with another configuration names what differs.
    static func read(_ path: String, of configuration: RunConfiguration) throws -> CheckpointContent {
        let content = try CheckpointContent(readingFrom: path)
        guard let found = try? configurationValues(content.configuration) else {
            throw CheckpointError(kind: .wrongData, path: path, problem: "does not say how it was made; it is damaged")
        }
        let differences = configuration.differences(from: found)
        guard differences.isEmpty else {
            throw CheckpointError(
                kind: .otherSettings, path: path,
                problem: "was written by a run with other settings: \(differences.joined(separator: "; ")); "
                    + "resume with the same ones, or name another folder")
        }
        return content
    }

    /// Gives a trainer the state of a checkpoint.
    ///
    /// - Parameter path: where the content was read, for errors.
    /// - Throws: `CheckpointError`; the trainer is then as it was.
    static func restore<Model, Rule>(
        _ trainer: inout Trainer<Model, Rule>, from content: CheckpointContent, _ path: String
    ) throws(CheckpointError) {
        func failure(_ problem: String) -> CheckpointError { CheckpointError(kind: .wrongData, path: path, problem: problem) }
        let named = Dictionary(content.entries.map { ($0.name, $0) }) { first, _ in first }
        func matrix(_ folder: String, _ description: ParameterDescription) throws(CheckpointError) -> Matrix<Float> {
            let name = "\(folder)/\(description.name)"
            guard let entry = named[name], case .floats(let values) = entry.values else { throw failure("lacks \(name)") }
            guard entry.shape == description.shape.dimensions else {
                throw failure(
                    "holds \(description.name) with the dimensions \(entry.shape) instead of "
                        + "\(description.shape.dimensions)")
            }
            let shape = description.shape
            return Matrix(rows: shape.columns, columns: shape.rows, elements: values).transposed
        }
        guard content.step >= 1 else { throw failure("is of step \(content.step)") }
        let network = trainer.network
        let parameters = try network.parameters.indices.map { (index) throws(CheckpointError) in
            try matrix(trainer.trainingFolder(ofParameter: index), network.parameters[index])
        }
        let statistics = try network.runningStatistics.map { (description) throws(CheckpointError) in
            try matrix("running_statistics", description)
        }
        do throws(StateArchiveError) {
            try trainer.restore(
                step: content.step, loss: content.loss, parameters: parameters, runningStatistics: statistics,
                archives: archives(content.entries))
        } catch {
            throw failure("\(error)")
        }
    }

    /// By folder: `optimizer/<parameter>` and `shadow/<parameter>`.
    private static func archives(_ entries: [CheckpointContent.Entry]) -> [String: StateArchive] {
        var archives: [String: StateArchive] = [:]
        for entry in entries {
            let components = entry.name.split(separator: "/", maxSplits: 2).map(String.init)
            guard components.count == 3, components[0] == "optimizer" || components[0] == "shadow" else { continue }
            archives["\(components[0])/\(components[1])", default: StateArchive()].add(components[2], entry.values)
        }
        return archives
    }

    /// The parameter in row-major order of its own dimensions.
    private static func entry<Backend: MatrixBackend>(
        _ folder: String, _ description: ParameterDescription, _ tensor: Backend.Tensor, _ backend: Backend
    ) -> CheckpointContent.Entry where Backend.Scalar == Float {
        .init(
            name: "\(folder)/\(description.name)", shape: description.shape.dimensions,
            values: .floats(backend.matrix(tensor).transposed.elements))
    }
}

/// A checkpoint that cannot be gone on from.
public struct CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Not a checkpoint, damaged, or of another network.
        case wrongData
        /// Of a run with other settings.
        case otherSettings
        /// The folder cannot be made or read.
        case noFolder
    }

    public let kind: Kind
    public let path: String
    public let problem: String

    public var description: String { "\(path): \(problem)" }
}
