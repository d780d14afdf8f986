import CKernels
import MatrixCore
import Quantization

/// One implementation of the block codec in C; all give the codes and values of `ReferenceCodec`.
public struct BlockCodec: Sendable {
    /// What it is compiled for: "AVX-512", "AVX2" or "generic".
    public let instructionSet: String
    private let kernels: fr_block_codec

    /// Those that this machine can run, fastest first.
    public static let available: [BlockCodec] = {
        var count = 0
        let codecs = fr_block_codecs(&count)!
        return (0..<count).map { index in
            let kernels = codecs[index]!.pointee
            return BlockCodec(instructionSet: String(cString: kernels.instruction_set), kernels: kernels)
        }
    }()

    public static var fastest: BlockCodec { available[0] }

    /// The codes of a region of a square matrix; the entries are rounded to float32 first.
    ///
    /// - Throws: `QuantizationError.notFinite`, also where an entry leaves the range of float32.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func encode<Scalar: MatrixScalar>(
        _ matrix: Matrix<Scalar>, region: CodedRegion, coding: BlockCoding, keepingDiagonal: Bool
    ) throws(QuantizationError) -> CodedMatrix {
        let order = matrix.order
        let count = region.entryCount(order: order)
        var codes = [UInt8](repeating: 0, count: count)
        var maxima = [Float](repeating: 0, count: region.blockCount(order: order, coding: coding))
        var segment = [Float](repeating: 0, count: order)
        let tables = KernelCodebook(coding.codebook)
        var (code, block) = (0, 0)
        for column in 0..<order {
            let rows = region.rows(ofColumn: column, order: order)
            guard !rows.isEmpty else { continue }
            matrix.elements.withUnsafeBufferPointer { entries in
                for row in rows { segment[row - rows.lowerBound] = Float(entries[row + column * order]) }
            }
            if keepingDiagonal && rows.contains(column) { segment[column - rows.lowerBound] = 0 }
            let accepted = codes.withUnsafeMutableBufferPointer { codes in
                maxima.withUnsafeMutableBufferPointer { maxima in
                    kernels.encode(
                        segment, rows.count, coding.blockSize, tables.pointer, codes.baseAddress! + code,
                        maxima.baseAddress! + block)
                }
            }
            guard accepted == rows.count else {
                throw .notFinite(row: rows.lowerBound + accepted, column: column, value: segment[accepted])
            }
            code += rows.count
            block += coding.blockCount(length: rows.count)
        }
        let diagonal = keepingDiagonal ? matrix.diagonal.map { Float($0) } : nil
        if let position = diagonal?.firstIndex(where: { !$0.isFinite }), let value = diagonal?[position] {
            throw .notFinite(row: position, column: position, value: value)
        }
        return CodedMatrix(
            order: order, region: region, coding: coding, packedCodes: packed(codes, bits: coding.codebook.bits),
            blockMaxima: maxima, diagonal: diagonal)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func decode<Scalar: MatrixScalar>(_ coded: CodedMatrix) -> Matrix<Scalar> {
        let order = coded.order
        let codes = unpacked(coded)
        let tables = KernelCodebook(coded.coding.codebook)
        // Every entry is written once: filling the matrix with zeros first would cost a pass of its own.
        let elements = [Scalar](unsafeUninitializedCapacity: order * order) { entries, count in
            var segment = [Float](repeating: 0, count: Scalar.self == Float.self ? 0 : order)
            var (code, block) = (0, 0)
            for column in 0..<order {
                let rows = coded.region.rows(ofColumn: column, order: order)
                let start = column * order
                for row in 0..<rows.lowerBound { entries[start + row] = 0 }
                for row in rows.upperBound..<order { entries[start + row] = 0 }
                guard !rows.isEmpty else { continue }
                let target = entries.baseAddress! + start + rows.lowerBound
                decode(coded, codes, code, block, rows.count, tables, into: target, &segment)
                code += rows.count
                block += coded.coding.blockCount(length: rows.count)
            }
            count = order * order
        }
        var result = Matrix<Scalar>(rows: order, columns: order, elements: elements)
        if let diagonal = coded.diagonal { result.diagonal = diagonal.map { Scalar($0) } }
        return result
    }

    /// One column's entries from the codes and blocks that begin there; float32 entries go to their place at once.
    private func decode<Scalar: MatrixScalar>(
        _ coded: CodedMatrix, _ codes: [UInt8], _ code: Int, _ block: Int, _ count: Int, _ tables: KernelCodebook,
        into target: UnsafeMutablePointer<Scalar>, _ segment: inout [Float]
    ) {
        codes.withUnsafeBufferPointer { codes in
            coded.blockMaxima.withUnsafeBufferPointer { maxima in
                if Scalar.self == Float.self {
                    kernels.decode(
                        codes.baseAddress! + code, count, coded.coding.blockSize, tables.pointer,
                        maxima.baseAddress! + block, UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self))
                } else {
                    kernels.decode(
                        codes.baseAddress! + code, count, coded.coding.blockSize, tables.pointer,
                        maxima.baseAddress! + block, &segment)
                    for row in 0..<count { target[row] = Scalar(segment[row]) }
                }
            }
        }
    }

    private func packed(_ codes: [UInt8], bits: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: packedByteCount(codes: codes.count, bits: bits)) { bytes, count in
            count = bytes.count
            if count > 0 { fr_pack(codes, codes.count, Int32(bits), bytes.baseAddress!) }
        }
    }

    private func unpacked(_ coded: CodedMatrix) -> [UInt8] {
        let total = coded.region.entryCount(order: coded.order)
        return [UInt8](unsafeUninitializedCapacity: total) { codes, count in
            count = total
            if count > 0 {
                fr_unpack(coded.packedCodes, total, Int32(coded.coding.codebook.bits), codes.baseAddress!)
            }
        }
    }
}

/// A codebook in the form that the kernels read, owned.
private final class KernelCodebook {
    let pointer: UnsafeMutablePointer<fr_codebook>

    init(_ codebook: Codebook) {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: fr_codebook())
        pointer.pointee.bits = Int32(codebook.bits)
        withUnsafeMutableBytes(of: &pointer.pointee.values) { raw in
            let values = raw.bindMemory(to: Float.self)
            for index in values.indices {
                values[index] = index < codebook.values.count ? codebook.values[index] : 0
            }
        }
        withUnsafeMutableBytes(of: &pointer.pointee.midpoints) { raw in
            let midpoints = raw.bindMemory(to: Float.self)
            for index in midpoints.indices {
                midpoints[index] = index < codebook.midpoints.count ? codebook.midpoints[index] : .infinity
            }
        }
    }

    deinit { pointer.deallocate() }
}
