import Compute
import Foundation
import HDF5Store
import MatrixCore
import Optimizers
import Preconditioning
import Quantization

/// The preconditioners of a training, written to an HDF5 file every few steps.
///
/// A step is `/steps/<8 digits>/<parameter>/<block row>_<block column>/{left,right}/`: `statistic`, before it was coded, its
/// symmetric part (missing where a run goes on that did not dump, until the next update); with coded storages `decoded`, as the optimizer uses it; `root`, as it uses it; with a shadow
/// `reference`. All are float32, order × order, row by row as published: `decoded` and `root` need not be symmetric where
/// blocks run along rows.
public struct PreconditionerDump: Sendable {
    public let path: String
    /// Names of the parameters to dump.
    private let includes: @Sendable (String) -> Bool

    /// Makes the file, or goes on with one.
    ///
    /// - Parameter describe: writes the attributes of the root into a file that is new.
    /// - Throws: `HDF5Error`.
    public init(
        path: String, parameters includes: @escaping @Sendable (String) -> Bool,
        describe: (HDF5Writer) throws -> Void
    ) throws {
        self.path = path
        self.includes = includes
        let isNew = !FileManager.default.fileExists(atPath: path)
        let appender = try HDF5Appender(path: path)
        if isNew { try appender.append(describe) }
    }

    /// Writes the step that a trainer has done, whole or not at all. A step that the file has is left as it is: a resumed
    /// run computes it again.
    ///
    /// - Throws: `HDF5Error`.
    public func append<Model, Rule>(_ trainer: Trainer<Model, Rule>) throws {
        let step = String(format: "%08d", trainer.step)
        let folder = "steps/\(step)"
        guard try !HDF5File.open(path).contains(folder) else { return }
        try HDF5Appender(path: path).append { writer in
            try writer.createGroup(folder)
            try trainer.forEachPreconditionerSide(of: includes) { side in
                try write(side, to: "\(folder)/\(side.place.path)", writer)
            }
        }
    }

    private func write(_ side: DumpedSide, to folder: String, _ writer: HDF5Writer) throws {
        for (name, matrix) in [
            ("statistic", side.statistic), ("decoded", side.decoded), ("root", side.root), ("reference", side.reference),
        ] {
            guard let matrix else { continue }
            let rowMajor = NumericArray(shape: [matrix.columns, matrix.rows], values: matrix.elements)
            try writer.write(rowMajor, to: "\(folder)/\(name)", storage: .compressed)
            try side.describe { try writer.setAttribute($0, to: $1, of: "\(folder)/\(name)") }
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
                        root: backend.matrix(side.state.root.decoded(backend)), reference: references?[index]))
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
