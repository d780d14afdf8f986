import Compute
import Files
import Foundation
import HDF5Store
import MatrixCore
import Optimizers
import Preconditioning
import Quantization

/// The preconditioners of a training, written to an HDF5 file every few steps.
///
/// A step is `/steps/<8 digits>/<parameter>/<block row>_<block column>/{left,right}/`: `statistic`, before it was coded, its
/// symmetric part (missing where a run goes on that did not dump, until the next update); with coded storages `decoded`, as
/// the optimizer uses it; `root`, as it uses it; with a shadow `reference`. All are float32, order × order, row by row as
/// published: `decoded` and `root` need not be symmetric where blocks run along rows. The attribute `updates` counts the
/// gradients that a set has seen; with 0 it shows how the training begins, not what it has learned.
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
    /// - Throws: `HDF5Error`, `OutputError`; the step can then be tried again.
    public func append<Model, Rule>(_ trainer: Trainer<Model, Rule>) throws {
        try begun.append(step: trainer.step) { writer, group in
            try trainer.forEachPreconditionerSide(of: includes) { side in
                try write(side, to: "\(group)/\(side.place.path)", writer)
            }
        }
    }

    /// Makes one file of the dump, at the end of a run.
    ///
    /// - Throws: `HDF5Error`, `OutputError`; the dump then needs its folder.
    public func join() throws { try begun.join() }

    private var begun: DumpFile {
        guard let file else { preconditionFailure("the dump \(path) was not begun") }
        return file
    }

    private func write(_ side: DumpedSide, to folder: String, _ writer: HDF5Writer) throws {
        for (name, matrix, updates) in [
            ("statistic", side.statistic, side.updates), ("decoded", side.decoded, side.updates),
            ("root", side.root, side.updatesOfRoot), ("reference", side.reference, side.updates),
        ] {
            guard let matrix else { continue }
            let rowMajor = NumericArray(shape: [matrix.columns, matrix.rows], values: matrix.elements)
            try writer.write(rowMajor, to: "\(folder)/\(name)", storage: .compressed)
            try side.describe { try writer.setAttribute($0, to: $1, of: "\(folder)/\(name)") }
            try writer.setAttribute("updates", to: .integer(updates), of: "\(folder)/\(name)")
        }
        try side.describe { try writer.setAttribute($0, to: $1, of: folder) }
    }
}

/// One side of a preconditioner as a dump shows it. Matrices hold row i of the published matrix in column i.
struct DumpedSide {
    let place: PreconditionerSide
    let shape: [Int]
    let scheme: PreconditionerScheme
    let statistic: Matrix<Float>?
    let decoded: Matrix<Float>?
    let root: Matrix<Float>
    let reference: Matrix<Float>?
    /// Gradients that the statistic has seen, and those of them that the root has.
    let updates: Int
    let updatesOfRoot: Int

    func describe(_ set: (String, AttributeValue) throws -> Void) rethrows {
        try set("parameter_shape", .integers(shape))
        try set("side", .string(place.side.rawValue))
        try set("storage", .string(scheme.statistic.kind.rawValue))
        try set("root_storage", .string(scheme.root.kind.rawValue))
        if let coding = scheme.statistic.coding {
            try set("codebook", .string(coding.codebook.name.rawValue))
            try set("bits", .integer(coding.codebook.bits))
            try set("block", .integer(coding.blockSize))
        }
        if let coding = scheme.root.coding {
            try set("root_codebook", .string(coding.codebook.name.rawValue))
            try set("root_bits", .integer(coding.codebook.bits))
            try set("root_block", .integer(coding.blockSize))
        }
        try set("damping", .number(scheme.damping))
        try set("decay", .number(scheme.decay))
        try set("exponent", .number(scheme.exponent))
    }
}

extension Trainer {
    /// Every side of every preconditioner of the parameters asked for, in their order, decoded one at a time.
    func forEachPreconditionerSide(of includes: (String) -> Bool, _ body: (DumpedSide) throws -> Void) rethrows {
        guard let scheme = rule.preconditioning?.scheme else { return }
        for (parameter, slot) in zip(network.parameters, slots) where includes(parameter.name) {
            guard let preconditioners = rule.preconditioners(of: slot.state) else { continue }
            let references = slot.shadow?.statistics(backend)
            for (index, side) in preconditioners.sides(of: parameter.name).enumerated() {
                let isCoded = side.state.statistic.isCoded
                let decoded = backend.matrix(
                    side.state.statistic.decoded(rectificationSteps: scheme.rootRectificationSteps, backend))
                try body(
                    DumpedSide(
                        place: side.side, shape: parameter.shape.dimensions, scheme: scheme,
                        statistic: (isCoded ? side.state.uncodedStatistic.map { backend.matrix($0) } : decoded)?.symmetrized,
                        decoded: isCoded ? decoded : nil,
                        root: backend.matrix(side.state.root.decoded(backend)), reference: references?[index],
                        updates: side.state.updates, updatesOfRoot: side.state.updatesOfRoot))
            }
        }
    }
}

extension Trainer {
    /// The statistic of a side as its root is taken of it, nil where there is no such side.
    public func decodedStatistic(of place: PreconditionerSide) -> Matrix<Float>? {
        for (parameter, slot) in zip(network.parameters, slots) where parameter.name == place.parameter {
            let sides = rule.preconditioners(of: slot.state)?.sides(of: parameter.name) ?? []
            return sides.first { $0.side == place }?.state.statisticMatrix(backend)
        }
        return nil
    }
}
