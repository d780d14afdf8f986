import Compute
import MatrixCore
import Quantization

/// A tensor that a first-order rule keeps from step to step, exact or in codes.
///
/// A step decodes it, changes it, makes its own move of the changed one and keeps that: what is lost in coding is lost to the
/// next steps only.
///
/// Numerics: an entry comes back within κ·s of what was kept, κ the codebook's worst error and s the maximum of its block, or
/// the lesser of those of its row and its column. A block of zeros comes back as zeros.
public struct KeptTensor<Backend: MatrixBackend>: Sendable {
    private enum Content {
        case exact(Backend.Tensor)
        /// Between `take` and `keep`.
        case taken
        /// A column of the entries in row-major order.
        case blocks(Backend.CodedTensor)
        /// The same of entries over their scales, with the largest magnitudes of rows and columns.
        case crossed(Backend.CodedTensor, rows: Backend.Vector, columns: Backend.Vector)
    }

    private let rows: Int
    private let columns: Int
    private let form: MomentForm
    private var content: Content

    /// Zeros of a parameter's form.
    public init(zerosOf kind: MomentKind, for parameter: ParameterShape, _ bits: MomentBits, _ backend: Backend) {
        self.init(zerosOf: parameter, as: bits.form(of: kind, parameter), backend)
    }

    /// Zeros of a parameter's form, in blocks of a coding, or as they are without one.
    init(zerosOf parameter: ParameterShape, coding: BlockCoding?, _ backend: Backend) {
        self.init(zerosOf: parameter, as: coding.map { .blocks($0) } ?? .exact, backend)
    }

    private init(zerosOf parameter: ParameterShape, as form: MomentForm, _ backend: Backend) {
        rows = parameter.rows
        columns = parameter.columns
        self.form = form
        let zeros = backend.zeros(rows: rows, columns: columns)
        content = .exact(zeros)
        keep(zeros, backend)
    }

    public var isCoded: Bool { form != .exact }

    /// The tensor that is kept.
    public func decoded(_ backend: Backend) -> Backend.Tensor {
        switch content {
        case .exact(let tensor): tensor
        case .taken: preconditionFailure("a tensor that was taken and not kept again")
        case .blocks(let coded): fromRowMajor(backend.decode(coded), backend)
        case .crossed(let coded, let rows, let columns):
            backend.scaleByLesser(fromRowMajor(backend.decode(coded), backend), rows: rows, columns: columns, isDivided: false)
        }
    }

    /// The tensor that is kept, to be changed and kept again: an exact one is then held by the caller alone.
    public mutating func take(_ backend: Backend) -> Backend.Tensor {
        let tensor = decoded(backend)
        if !isCoded { content = .taken }
        return tensor
    }

    /// Keeps another tensor of the same shape. One that has left the range of float32 is not taken into codes: what was kept
    /// stays, for a code of infinity would make a NaN of its whole block.
    public mutating func keep(_ tensor: Backend.Tensor, _ backend: Backend) {
        do throws(QuantizationError) {
            content = try coded(tensor, backend)
        } catch {
            // As it was.
        }
    }

    private func coded(_ tensor: Backend.Tensor, _ backend: Backend) throws(QuantizationError) -> Content {
        switch form {
        case .exact: return .exact(tensor)
        case .blocks(let coding):
            return .blocks(try backend.encode(toRowMajor(tensor, backend), as: columnForm(coding)))
        case .crossed(let codebook):
            let ownRows = backend.map(backend.columnMagnitudes(backend.transposed(tensor)), .roundToFloat)
            let ownColumns = backend.map(backend.columnMagnitudes(tensor), .roundToFloat)
            let scaled = backend.scaleByLesser(tensor, rows: ownRows, columns: ownColumns, isDivided: true)
            return .crossed(
                try backend.encode(toRowMajor(scaled, backend), as: crossedForm(codebook)), rows: ownRows, columns: ownColumns)
        }
    }

    private func toRowMajor(_ tensor: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        backend.reshaped(backend.transposed(tensor), rows: rows * columns, columns: 1)
    }

    private func fromRowMajor(_ column: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        backend.transposed(backend.reshaped(column, rows: columns, columns: rows))
    }

    private func columnForm(_ coding: BlockCoding) -> CodedForm {
        CodedForm(rows: rows * columns, columns: 1, region: .columns, codings: .all(coding))
    }

    /// One block, whose maximum is 1, or 0 for zeros: the scales are those of rows and columns.
    private func crossedForm(_ codebook: Codebook) -> CodedForm {
        guard let coding = try? BlockCoding(codebook: codebook, blockSize: max(rows * columns, 1)) else {
            preconditionFailure("blocks of \(rows * columns)")
        }
        return columnForm(coding)
    }
}

extension KeptTensor {
    /// The bytes of the buffers.
    public func byteCount(_ backend: Backend) -> Int {
        switch content {
        case .exact(let tensor): backend.byteCount(tensor)
        case .taken: 0
        case .blocks(let coded): backend.byteCount(coded)
        case .crossed(let coded, _, _): backend.byteCount(coded) + 4 * (rows + columns)
        }
    }

    /// Writes the tensor, or a part of its codes, maxima and codebook, under a name.
    public func add(to archive: inout StateArchive, as name: String, _ backend: Backend) {
        switch content {
        case .exact(let tensor): archive.add(name, tensor, backend)
        case .taken: break
        case .blocks(let coded): archive.add(name, backend.codedMatrix(coded).archive)
        case .crossed(let coded, let rows, let columns):
            archive.add(name, backend.codedMatrix(coded).archive)
            let scales = backend.values(of: [rows, columns]).map { $0.map { Float($0) } }
            archive.add("\(name)/row_maxima", .floats(scales[0]))
            archive.add("\(name)/column_maxima", .floats(scales[1]))
        }
    }

    /// Takes what `add` wrote of a tensor of the same form.
    ///
    /// - Throws: `StateArchiveError`; the tensor is then as before.
    public mutating func read(
        _ name: String, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        switch content {
        case .exact(let tensor): content = .exact(try archive.tensor(name, like: tensor, backend))
        case .taken: break
        case .blocks(let coded): content = .blocks(try backend.codedTensor(like: coded, from: archive.part(name)))
        case .crossed(let coded, _, _):
            let part = archive.part(name)
            content = .crossed(
                try backend.codedTensor(like: coded, from: part),
                rows: backend.vector(try part.magnitudes("row_maxima", count: rows)),
                columns: backend.vector(try part.magnitudes("column_maxima", count: columns)))
        }
    }
}

extension StateArchive {
    /// - Throws: `StateArchiveError`, also where a value is negative.
    fileprivate func magnitudes<Scalar: MatrixScalar>(
        _ name: String, count: Int
    ) throws(StateArchiveError) -> [Scalar] {
        let values = try floats(name, count: count)
        guard values.allSatisfy({ $0.sign == .plus }) else { throw error(name, .invalid("a maximum is negative")) }
        return values.map { Scalar($0) }
    }
}

/// Lists of kept tensors; coded ones are worked on side by side where the device allows it.
extension MatrixBackend {
    /// All tensors, to be changed and kept again.
    func take(_ kept: inout [KeptTensor<Self>]) -> [Tensor] {
        let coded = kept.indices.filter { kept[$0].isCoded }
        let codes = coded.map { kept[$0] }
        let decoded = concurrentMap(coded.count) { lane, index in codes[index].decoded(lane) }
        var tensors = Dictionary(uniqueKeysWithValues: zip(coded, decoded))
        return kept.indices.map { tensors.removeValue(forKey: $0) ?? kept[$0].take(self) }
    }

    func keep(_ tensors: [Tensor], in kept: inout [KeptTensor<Self>]) {
        let coded = kept.indices.filter { kept[$0].isCoded }
        var changed = coded.map { kept[$0] }
        updateConcurrently(&changed) { lane, index, kept in kept.keep(tensors[coded[index]], lane) }
        for (index, value) in zip(coded, changed) { kept[index] = value }
        for index in kept.indices where !kept[index].isCoded { kept[index].keep(tensors[index], self) }
    }
}
