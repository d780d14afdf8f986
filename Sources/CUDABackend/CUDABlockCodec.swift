import Compute
import MatrixCore
import Quantization

/// The block codec on a device: the codes, maxima and values of `ReferenceCodec`, to the bit.
public struct CUDABlockCodec: Sendable {
    private let backend: CUDABackend<Float>

    /// - Throws: `DeviceError`.
    public init(_ cuda: CUDA, device index: Int = 0) throws(DeviceError) {
        backend = try CUDABackend(cuda, device: index)
    }

    /// The parameter `Form` of the kernels, field by field: a run of columns with one coding.
    private struct Form: BitwiseCopyable {
        let rows: Int64
        let firstColumn: Int64
        let endColumn: Int64
        let blockSize: Int64
        let region: Int32
        let bits: Int32
        let keepsDiagonal: Int32
        let signedMaxima: Int32

        init(_ form: CodedForm, _ run: CodingRun) {
            rows = Int64(form.rows)
            firstColumn = Int64(run.columns.lowerBound)
            endColumn = Int64(run.columns.upperBound)
            blockSize = Int64(run.coding.blockSize)
            region =
                switch form.region {
                case .columns: 0
                case .strictUpper: 1
                case .strictLower: 2
                }
            bits = Int32(run.coding.codebook.bits)
            keepsDiagonal = form.keepsDiagonal ? 1 : 0
            signedMaxima = form.maxima == .signedFloat32 ? 1 : 0
        }
    }

    /// The codes of a matrix of the form's shape.
    ///
    /// - Throws: `QuantizationError.notFinite`; `DeviceError`.
    public func encode(_ matrix: Matrix<Float>, as form: CodedForm) throws -> CodedMatrix {
        precondition(
            matrix.rows == form.rows && matrix.columns == form.columns,
            "\(matrix.rows) × \(matrix.columns) as \(form.rows) × \(form.columns)")
        let runs = form.runs
        let entries = backend.tensor(matrix)
        let maxima = backend.makeVector(form.blockCount)
        let packed = backend.allocate(form.plainByteCount, of: UInt8.self)
        for run in runs {
            backend.launch(
                .blockCodec, "block_maxima", blocks: (run.blocks.count + 7) / 8, threads: 256, Form(form, run), entries.address,
                maxima.address + Driver.Address(4 * run.blocks.lowerBound), Int64(run.blocks.count))
        }
        let foundMaxima = backend.values(of: [maxima])[0]
        try backend.synchronize()
        let diagonal = form.keepsDiagonal ? matrix.diagonal : nil
        if !(foundMaxima + (diagonal ?? [])).allSatisfy(\.isFinite) { throw notFinite(matrix, form) }
        for run in runs {
            let midpoints = backend.vector(run.coding.codebook.midpoints)
            backend.launch(
                .blockCodec, "encode_codes", blocks: (run.codeCount + 2047) / 2048, threads: 256, Form(form, run),
                entries.address, maxima.address + Driver.Address(4 * run.blocks.lowerBound), midpoints.address,
                packed.address + Driver.Address(run.bytes.lowerBound), Int64(run.codeCount))
        }
        let codes: [UInt8] = backend.download(packed, count: form.plainByteCount)
        try backend.synchronize()
        return CodedMatrix(
            form: form, packedCodes: codes, blockMaxima: BlockMaxima(foundMaxima, format: form.maxima), diagonal: diagonal)
    }

    /// - Throws: `DeviceError`.
    public func decode(_ coded: CodedMatrix) throws(DeviceError) -> Matrix<Float> {
        let form = coded.form
        let packed = backend.upload(coded.packedCodes)
        let maxima = backend.vector(coded.blockMaxima.values)
        let diagonal = backend.vector(coded.diagonal ?? [])
        let entries = backend.makeTensor(rows: form.rows, columns: form.columns)
        for run in form.runs {
            let values = backend.vector(run.coding.codebook.values)
            backend.launch(
                .blockCodec, "decode_matrix", blocks: (form.rows * run.columns.count + 255) / 256, threads: 256,
                Form(form, run), packed.address + Driver.Address(run.bytes.lowerBound),
                maxima.address + Driver.Address(4 * run.blocks.lowerBound), values.address, diagonal.address, entries.address)
        }
        let matrix = backend.matrix(entries)
        try backend.synchronize()
        return matrix
    }

    /// The entry that stopped an encoding: the first of the region, else the first of the diagonal kept apart.
    private func notFinite(_ matrix: Matrix<Float>, _ form: CodedForm) -> QuantizationError {
        for column in 0..<form.columns {
            for row in form.rows(ofColumn: column)
            where !matrix[row, column].isFinite && !(form.keepsDiagonal && row == column) {
                return .notFinite(row: row, column: column, value: matrix[row, column])
            }
        }
        let position = matrix.diagonal.firstIndex { !$0.isFinite } ?? 0
        return .notFinite(row: position, column: position, value: matrix[position, position])
    }
}
