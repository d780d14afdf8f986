import Compute
import Files
import Foundation
import HDF5Store
import MatrixCore
import NeuralNetworks
import Optimizers
import Preconditioning
import Quantization

/// The preconditioners of a training, written to an HDF5 file every few steps.
///
/// A step is `/steps/<8 digits>/<parameter>/<block row>_<block column>/{left,right}/`: `statistic`, before it was coded, its
/// symmetric part (missing where a run goes on that did not dump, until the next update); with coded storages `decoded`, as
/// the optimizer uses it; `root`, as it uses it; with a shadow `reference`; and whatever else a preconditioner names. All are
/// float32, row by row as published: `decoded` and `root` need not be symmetric where blocks run along rows. The attribute
/// `updates` counts the gradients that a set has seen; with 0 it shows how the training begins, not what it has learned.
///
/// `DumpFile` says what lies on the disk while a run goes on. The dump belongs to this value as long as it lives.
public final class PreconditionerDump {
    public let path: String
    /// Names of the parameters to dump.
    private let includes: @Sendable (String) -> Bool
    private let folder: FolderClaim
    /// Whether a dump, or what a killed run has left of one, was there before.
    public let isThere: Bool
    /// Nil before `start` or `resume`.
    private var file: DumpFile?

    /// Takes a path for the dump; what is there stays as it is until `start` or `resume`.
    ///
    /// - Throws: `OutputError`, also where another run writes it.
    public init(path: String, parameters includes: @escaping @Sendable (String) -> Bool) throws {
        self.path = path
        self.includes = includes
        folder = try FolderClaim(DumpFile.folder(of: path), followsLink: false)
        isThere = try FileManager.default.fileExists(atPath: path) || DumpFile.hasParts(folder)
    }

    /// Removes what this value has made, for a run that does not begin.
    public func withdraw() {
        if !isThere { try? DumpFile.remove(path, folder: folder) }
        if folder.isNew { folder.removeEmpty() }
    }

    /// Begins a dump in place of what is there.
    ///
    /// - Parameter attributes: those of the root.
    /// - Throws: `HDF5Error`, `OutputError`.
    public func start(attributes: [String: AttributeValue]) throws {
        try DumpFile.remove(path, folder: folder)
        file = try DumpFile(path: path, folder: folder, attributes: attributes)
    }

    /// Goes on with the dump that is there, or begins one.
    ///
    /// - Throws: `HDF5Error`, `OutputError`; `DumpError` where steps of another run lie there.
    public func resume(attributes: [String: AttributeValue]) throws {
        file = try DumpFile(path: path, folder: folder, attributes: attributes)
    }

    /// Writes the step that a trainer has done, whole or not at all. A step that the dump has is left as it is: a resumed
    /// run computes it again.
    ///
    /// - Precondition: the dump was begun.
    /// - Throws: `HDF5Error`, `OutputError`, `DeviceFailure` of the backend; the step can then be tried again.
    public func append<Model, Rule>(_ trainer: Trainer<Model, Rule>) throws {
        try begun.append(step: trainer.step) { writer, group in
            for (index, parameter) in trainer.network.parameters.enumerated() where includes(parameter.name) {
                let references = trainer.slots[index].shadow?.statistics.map { $0.statisticMatrix(trainer.backend) }
                for (position, side) in trainer.sides(ofParameter: index).enumerated() {
                    try write(
                        side, reference: references?[position], of: parameter,
                        to: "\(group)/\(parameter.name)/\(side.place)", writer, trainer.backend)
                }
            }
            // What a device that has failed gives back is not the state.
            try trainer.backend.synchronize()
        }
    }

    /// What a step of a trainer's dump holds: its matrices, and their bytes before they are compressed.
    public func content<Model, Rule>(of trainer: Trainer<Model, Rule>) -> (matrices: Int, bytes: Int) {
        var (matrices, bytes) = (0, 0)
        for (index, parameter) in trainer.network.parameters.enumerated() where includes(parameter.name) {
            for side in trainer.sides(ofParameter: index) {
                let count = side.matrices.count + (trainer.slots[index].shadow == nil ? 0 : 1)
                let order = side.place.range.count
                matrices += count
                bytes += count * order * order * MemoryLayout<Float>.size
            }
        }
        return (matrices, bytes)
    }

    /// Makes one file of the dump, at the end of a run.
    ///
    /// - Throws: `HDF5Error`, `OutputError`; the dump then needs its folder.
    public func join() throws { try begun.join() }

    private var begun: DumpFile {
        guard let file else { preconditionFailure("the dump \(path) was not begun") }
        return file
    }

    private func write<Backend>(
        _ side: PreconditionerSide<Backend>, reference: Matrix<Float>?, of parameter: ParameterDescription, to folder: String,
        _ writer: HDF5Writer, _ backend: Backend
    ) throws where Backend.Scalar == Float {
        let attributes =
            [
                ("parameter_shape", .integers(parameter.shape.dimensions)), ("side", .string(side.place.side.rawValue)),
            ] + side.scheme.attributes
        func write(_ name: String, _ matrix: Matrix<Float>, updates: Int) throws {
            // Column-major memory is the transpose row by row.
            let values = matrix.transposed.elements
            let set = "\(folder)/\(name)"
            try writer.write(
                NumericArray(shape: [matrix.rows, matrix.columns], values: values), to: set, storage: .compressed)
            for (name, value) in attributes { try writer.setAttribute(name, to: value, of: set) }
            try writer.setAttribute("updates", to: .integer(updates), of: set)
        }
        for matrix in side.matrices {
            try write(matrix.name.rawValue, try matrix.matrix(backend), updates: matrix.updates)
        }
        if let reference { try write("reference", reference, updates: side.matrices[0].updates) }
        for (name, value) in attributes { try writer.setAttribute(name, to: value, of: folder) }
    }
}

extension PreconditionerScheme {
    /// As a dump names its properties.
    fileprivate var attributes: [(name: String, value: AttributeValue)] {
        var attributes: [(String, AttributeValue)] = [
            ("storage", .string(statistic.kind.rawValue)), ("root_storage", .string(root.kind.rawValue)),
        ]
        for (prefix, coding) in [("", statistic.coding), ("root_", root.coding)] {
            guard let coding else { continue }
            if let name = coding.codebook.name { attributes.append(("\(prefix)codebook", .string(name.rawValue))) }
            attributes.append(("\(prefix)bits", .integer(coding.codebook.bits)))
            attributes.append(("\(prefix)block", .integer(coding.blockSize)))
        }
        return attributes + [
            ("damping", .number(damping)), ("decay", .number(decay)), ("exponent", .number(exponent)),
        ]
    }
}
