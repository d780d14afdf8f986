import Compute
import MatrixCore
import Quantization

/// The block codec on a device: the codes, maxima and values of `ReferenceCodec`, to the bit.
public struct CUDABlockCodec: Sendable {
    private let device: CUDADevice
    private let kernels: KernelModule

    /// - Throws: `DeviceError`, among others where the kernels do not compile.
    public init(_ cuda: CUDA, device: CUDADevice) throws(DeviceError) {
        self.device = device
        kernels = try KernelModule(.blockCodec, compiler: cuda.compiler, device: device)
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
        let entries = try DeviceBuffer(matrix.elements, on: device)
        let maxima = try DeviceBuffer<Float>(count: form.blockCount, on: device)
        let packed = try DeviceBuffer<UInt8>(count: form.plainByteCount, on: device)
        for run in runs {
            try kernels.launch(
                "block_maxima", threads: 32 * run.blocks.count, Form(form, run), entries.address,
                maxima.address(of: run.blocks.lowerBound), Int64(run.blocks.count))
        }
        let foundMaxima = try maxima.values()
        let diagonal = form.keepsDiagonal ? matrix.diagonal : nil
        if !(foundMaxima + (diagonal ?? [])).allSatisfy(\.isFinite) { throw notFinite(matrix, form) }
        for run in runs {
            let midpoints = try DeviceBuffer(run.coding.codebook.midpoints, on: device)
            try kernels.launch(
                "encode_codes", threads: (run.codeCount + 7) / 8, Form(form, run), entries.address,
                maxima.address(of: run.blocks.lowerBound), midpoints.address,
                packed.address(of: run.bytes.lowerBound), Int64(run.codeCount))
        }
        return CodedMatrix(
            form: form, packedCodes: try packed.values(),
            blockMaxima: BlockMaxima(foundMaxima, format: form.maxima), diagonal: diagonal)
    }

    /// - Throws: `DeviceError`.
    public func decode(_ coded: CodedMatrix) throws(DeviceError) -> Matrix<Float> {
        let form = coded.form
        let packed = try DeviceBuffer(coded.packedCodes, on: device)
        let maxima = try DeviceBuffer(coded.blockMaxima.values, on: device)
        let diagonal = try DeviceBuffer(coded.diagonal ?? [], on: device)
        let entries = try DeviceBuffer<Float>(count: form.rows * form.columns, on: device)
        for run in form.runs {
            let values = try DeviceBuffer(run.coding.codebook.values, on: device)
            try kernels.launch(
                "decode_matrix", threads: form.rows * run.columns.count, Form(form, run),
                packed.address(of: run.bytes.lowerBound), maxima.address(of: run.blocks.lowerBound), values.address,
                diagonal.address, entries.address)
        }
        return Matrix(rows: form.rows, columns: form.columns, elements: try entries.values())
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
