import Compute
import Foundation
import HDF5Store
import MatrixCore
import NeuralNetworks
import Optimizers

/// The state of a training as an HDF5 file: `/parameters/<name>` and `/running_statistics/<name>` in their own
/// dimensions, `/optimizer/<name>/…` and `/shadow/<name>/…` buffer by buffer as they are kept.
///
/// Equal states give equal files, byte for byte: no times are recorded.
enum Checkpoint {
    static let format = "fourthroot-checkpoint"

    /// - Parameter configuration: what decides the numbers of the run, by name.
    /// - Throws: `HDF5Error`.
    static func write<Model, Rule>(
        _ trainer: Trainer<Model, Rule>, configuration: [String: String], to path: String
    ) throws {
        try HDF5File.create(at: path, overwriting: true) { writer in
            try writer.setAttribute("format", to: .string(format))
            try writer.setAttribute("format_version", to: .integer(1))
            try writer.setAttribute("step", to: .integer(trainer.step))
            try writer.setAttribute("configuration", to: .string(encoded(configuration)))
            for (description, tensor) in trainer.namedParameters {
                try writer.write(array(description, tensor, trainer.backend), to: "parameters/\(description.name)")
            }
            for (description, tensor) in trainer.namedRunningStatistics {
                try writer.write(array(description, tensor, trainer.backend), to: "running_statistics/\(description.name)")
            }
            for (folder, archive) in trainer.archives { try write(archive, to: folder, writer) }
        }
    }

    /// The configuration with which a checkpoint was written.
    ///
    /// - Throws: `HDF5Error`, `CheckpointError`.
    static func configuration(of path: String) throws -> [String: String] {
        let file = try HDF5File.open(path)
        guard try file.attribute("format")?.string == format else {
            throw CheckpointError(kind: .wrongData, path: path, problem: "is not a checkpoint of this program")
        }
        guard let configuration = try storedConfiguration(file) else {
            throw CheckpointError(kind: .wrongData, path: path, problem: "does not say how it was made; it is damaged")
        }
        return configuration
    }

    /// Gives a trainer the state of a checkpoint.
    ///
    /// - Throws: `HDF5Error`, `CheckpointError`; the trainer is then as it was.
    static func read<Model, Rule>(_ path: String, into trainer: inout Trainer<Model, Rule>) throws {
        let file = try HDF5File.open(path)
        func failure(_ problem: String) -> CheckpointError { CheckpointError(kind: .wrongData, path: path, problem: problem) }
        guard let step = try file.attribute("step")?.integer, step >= 1 else { throw failure("has no step; it is damaged") }
        func tensors(_ folder: String, _ descriptions: [ParameterDescription]) throws -> [Matrix<Float>] {
            try descriptions.map { description in
                let array = try file.readArray("\(folder)/\(description.name)", as: Float.self)
                guard array.shape == description.shape.dimensions else {
                    throw failure(
                        "holds \(description.name) with the dimensions \(array.shape) instead of \(description.shape.dimensions)"
                    )
                }
                return matrix(array, description.shape)
            }
        }
        let parameters = try tensors("parameters", trainer.network.parameters)
        let statistics = try tensors("running_statistics", trainer.network.runningStatistics)
        let archives = try readArchives(file)
        do throws(StateArchiveError) {
            try trainer.restore(step: step, parameters: parameters, runningStatistics: statistics, archives: archives)
        } catch {
            throw failure("\(error); it is damaged")
        }
    }

    private static func write(_ archive: StateArchive, to folder: String, _ writer: HDF5Writer) throws {
        for entry in archive.entries {
            let name = "\(folder)/\(entry.name)"
            switch entry.buffer {
            case .floats(let values): try writer.write(NumericArray(shape: [values.count], values: values), to: name)
            case .doubles(let values): try writer.write(NumericArray(shape: [values.count], values: values), to: name)
            case .bytes(let values): try writer.write(NumericArray(shape: [values.count], values: values), to: name)
            case .integers(let values): try writer.write(NumericArray(shape: [values.count], values: values), to: name)
            }
        }
    }

    /// By folder: `optimizer/<parameter>` and `shadow/<parameter>`.
    private static func readArchives(_ file: HDF5File) throws -> [String: StateArchive] {
        var archives: [String: StateArchive] = [:]
        for set in try file.datasets() {
            if let failure = set.failure { throw failure }
            let components = set.name.split(separator: "/", maxSplits: 2).map(String.init)
            guard components.count == 3, components[0] == "optimizer" || components[0] == "shadow" else { continue }
            let buffer: StateBuffer =
                switch set.elementType {
                case .float32: .floats(try file.readArray(set.name, as: Float.self).values)
                case .float64: .doubles(try file.readArray(set.name, as: Double.self).values)
                case .integer(bytes: 8, signed: false): .integers(try file.readIntegers(set.name).values)
                default: .bytes(try file.readBytes(set.name).values)
                }
            archives["\(components[0])/\(components[1])", default: StateArchive()].add(components[2], buffer)
        }
        return archives
    }

    /// The parameter in row-major order of its own dimensions.
    private static func array<Backend: MatrixBackend>(
        _ description: ParameterDescription, _ tensor: Backend.Tensor, _ backend: Backend
    ) -> NumericArray<Float> where Backend.Scalar == Float {
        NumericArray(shape: description.shape.dimensions, values: backend.matrix(tensor).transposed.elements)
    }

    private static func matrix(_ array: NumericArray<Float>, _ shape: ParameterShape) -> Matrix<Float> {
        Matrix(rows: shape.columns, columns: shape.rows, elements: array.values).transposed
    }

    private static func encoded(_ configuration: [String: String]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(configuration), as: UTF8.self)
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
