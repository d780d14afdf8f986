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

    /// The codes of a matrix of the form's shape; the entries are rounded to float32 first.
    ///
    /// - Throws: `QuantizationError.notFinite`, also where an entry leaves the range of float32.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func encode<Scalar: MatrixScalar>(
        _ matrix: Matrix<Scalar>, as form: CodedForm
    ) throws(QuantizationError) -> CodedMatrix {
        precondition(
            matrix.rows == form.rows && matrix.columns == form.columns,
            "\(matrix.rows) × \(matrix.columns) as \(form.rows) × \(form.columns)")
        let runs = form.runs
        var maxima = [Float](repeating: 0, count: runs.blockCount)
        let bytes: [UInt8]
        switch form.packing {
        case .plain:
            var plain = [UInt8](repeating: 0, count: runs.plainByteCount)
            for run in runs where run.codeCount > 0 {
                let refused = plain.withUnsafeMutableBufferPointer { bytes in
                    maxima.withUnsafeMutableBufferPointer { maxima in
                        encode(
                            matrix, form, run, to: bytes.baseAddress! + run.bytes.lowerBound,
                            maxima.baseAddress! + run.blocks.lowerBound)
                    }
                }
                if let (row, column) = refused {
                    throw .notFinite(row: row, column: column, value: Float(matrix[row, column]))
                }
            }
            bytes = plain
        }
        let diagonal = form.keepsDiagonal ? matrix.diagonal.map { Float($0) } : nil
        if let diagonal, let position = diagonal.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(row: position, column: position, value: diagonal[position])
        }
        return CodedMatrix(
            form: form, packedCodes: bytes, blockMaxima: BlockMaxima(maxima, format: form.maxima), diagonal: diagonal)
    }

    /// Writes the bytes and maxima of the columns of a run.
    ///
    /// - Returns: the place of the first entry that is not finite; nil where all are.
    @inline(__always)
    private func encode<Scalar: MatrixScalar>(
        _ matrix: Matrix<Scalar>, _ form: CodedForm, _ run: CodingRun, to bytes: UnsafeMutablePointer<UInt8>,
        _ maxima: UnsafeMutablePointer<Float>
    ) -> (row: Int, column: Int)? {
        let coder = SegmentCoder(kernels, run.coding)
        let stream = CodeStream(to: bytes)
        var segment = [Float](repeating: 0, count: form.rows)
        var block = 0
        for column in run.columns {
            let rows = form.rows(ofColumn: column)
            guard !rows.isEmpty else { continue }
            let replacesDiagonal = form.keepsDiagonal && rows.contains(column)
            let accepted = matrix.elements.withUnsafeBufferPointer { elements in
                let entries = elements.baseAddress! + column * form.rows + rows.lowerBound
                if Scalar.self == Float.self && !replacesDiagonal {
                    return coder.encode(
                        floats(entries), count: rows.count, signed: form.maxima == .signedFloat32, to: stream, maxima + block)
                }
                return segment.withUnsafeMutableBufferPointer { segment in
                    for index in 0..<rows.count { segment[index] = Float(entries[index]) }
                    if replacesDiagonal { segment[column - rows.lowerBound] = 0 }
                    return coder.encode(
                        segment.baseAddress!, count: rows.count, signed: form.maxima == .signedFloat32, to: stream,
                        maxima + block)
                }
            }
            guard accepted == rows.count else { return (rows.lowerBound + accepted, column) }
            block += run.coding.blockCount(length: rows.count)
        }
        coder.finish(stream)
        return nil
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func decode<Scalar: MatrixScalar>(_ coded: CodedMatrix) -> Matrix<Scalar> {
        let form = coded.form
        let maxima = coded.blockMaxima.values
        let height = form.rows
        // Every entry is written once: filling the matrix with zeros first would cost a pass of its own.
        let elements = [Scalar](unsafeUninitializedCapacity: height * form.columns) { entries, count in
            var segment = [Float](repeating: 0, count: Scalar.self == Float.self ? 0 : height)
            for run in form.runs {
                let coder = SegmentCoder(kernels, run.coding)
                var (code, block) = (0, run.blocks.lowerBound)
                for column in run.columns {
                    let rows = form.rows(ofColumn: column)
                    let start = column * height
                    for row in 0..<rows.lowerBound { entries[start + row] = 0 }
                    for row in rows.upperBound..<height { entries[start + row] = 0 }
                    guard !rows.isEmpty else { continue }
                    switch form.packing {
                    case .plain:
                        coder.decode(
                            coded.packedCodes, run.bytes, from: code, maxima, from: block, count: rows.count,
                            into: entries.baseAddress! + start + rows.lowerBound, &segment)
                    }
                    code += rows.count
                    block += run.coding.blockCount(length: rows.count)
                }
            }
            count = height * form.columns
        }
        var result = Matrix<Scalar>(rows: height, columns: form.columns, elements: elements)
        if let diagonal = coded.diagonal { result.diagonal = diagonal.map { Scalar($0) } }
        return result
    }
}
