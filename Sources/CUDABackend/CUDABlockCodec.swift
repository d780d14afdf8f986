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

    /// The parameter `Form` of the kernels, field by field.
    private struct Form: BitwiseCopyable {
        let order: Int64
        let blockSize: Int64
        let region: Int32
        let bits: Int32
        let keepsDiagonal: Int32

        init(order: Int, region: CodedRegion, coding: BlockCoding, keepsDiagonal: Bool) {
            self.order = Int64(order)
            blockSize = Int64(coding.blockSize)
            self.region =
                switch region {
                case .columns: 0
                case .strictUpper: 1
                case .strictLower: 2
                }
            bits = Int32(coding.codebook.bits)
            self.keepsDiagonal = keepsDiagonal ? 1 : 0
        }
    }

    /// The codes of a region of a square matrix.
    ///
    /// - Throws: `QuantizationError.notFinite`; `DeviceError`.
    public func encode(
        _ matrix: Matrix<Float>, region: CodedRegion, coding: BlockCoding, keepingDiagonal: Bool
    ) throws -> CodedParts {
        let order = matrix.order
        let codes = region.entryCount(order: order)
        let blocks = region.blockCount(order: order, coding: coding)
        let form = Form(order: order, region: region, coding: coding, keepsDiagonal: keepingDiagonal)
        let entries = try DeviceBuffer(matrix.elements, on: device)
        let midpoints = try DeviceBuffer(coding.codebook.midpoints, on: device)
        let maxima = try DeviceBuffer<Float>(count: blocks, on: device)
        let packed = try DeviceBuffer<UInt8>(
            count: packedByteCount(codes: codes, bits: coding.codebook.bits), on: device)
        try kernels.launch(
            "block_maxima", threads: 32 * blocks, form, entries.address, maxima.address, Int64(blocks))
        let foundMaxima = try maxima.values()
        let diagonal = keepingDiagonal ? matrix.diagonal : nil
        if !(foundMaxima + (diagonal ?? [])).allSatisfy(\.isFinite) {
            throw notFinite(matrix, region: region, keepingDiagonal: keepingDiagonal)
        }
        try kernels.launch(
            "encode_codes", threads: (codes + 7) / 8, form, entries.address, maxima.address, midpoints.address,
            packed.address, Int64(codes))
        return CodedParts(
            order: order, region: region, coding: coding, packedCodes: try packed.values(), blockMaxima: foundMaxima,
            diagonal: diagonal)
    }

    /// - Throws: `DeviceError`.
    public func decode(_ coded: CodedParts) throws(DeviceError) -> Matrix<Float> {
        let form = Form(
            order: coded.order, region: coded.region, coding: coded.coding, keepsDiagonal: coded.diagonal != nil)
        let packed = try DeviceBuffer(coded.packedCodes, on: device)
        let maxima = try DeviceBuffer(coded.blockMaxima, on: device)
        let values = try DeviceBuffer(coded.coding.codebook.values, on: device)
        let diagonal = try DeviceBuffer(coded.diagonal ?? [], on: device)
        let entries = try DeviceBuffer<Float>(count: coded.order * coded.order, on: device)
        try kernels.launch(
            "decode_matrix", threads: entries.count, form, packed.address, maxima.address, values.address,
            diagonal.address, entries.address)
        return Matrix(rows: coded.order, columns: coded.order, elements: try entries.values())
    }

    /// The entry that stopped an encoding: the first of the region, else the first of the diagonal kept apart.
    private func notFinite(_ matrix: Matrix<Float>, region: CodedRegion, keepingDiagonal: Bool) -> QuantizationError {
        for column in 0..<matrix.order {
            for row in region.rows(ofColumn: column, order: matrix.order)
            where !matrix[row, column].isFinite && !(keepingDiagonal && row == column) {
                return .notFinite(row: row, column: column, value: matrix[row, column])
            }
        }
        let position = matrix.diagonal.firstIndex { !$0.isFinite } ?? 0
        return .notFinite(row: position, column: position, value: matrix[position, position])
    }
}
