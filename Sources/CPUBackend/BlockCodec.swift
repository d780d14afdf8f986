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
        var codes = [UInt8](repeating: 0, count: form.entryCount)
        var maxima = [Float](repeating: 0, count: form.blockCount)
        var segment = [Float](repeating: 0, count: form.rows)
        var code = 0
        for run in runs {
            let coder = SegmentCoder(kernels, run.coding, signed: form.maxima == .signedFloat32)
            var block = run.blocks.lowerBound
            for column in run.columns {
                let rows = form.rows(ofColumn: column)
                guard !rows.isEmpty else { continue }
                matrix.elements.withUnsafeBufferPointer { entries in
                    for row in rows { segment[row - rows.lowerBound] = Float(entries[row + column * form.rows]) }
                }
                if form.keepsDiagonal && rows.contains(column) { segment[column - rows.lowerBound] = 0 }
                let accepted = coder.encode(&segment, count: rows.count, &codes, from: code, &maxima, from: block)
                guard accepted == rows.count else {
                    let row = rows.lowerBound + accepted
                    throw .notFinite(row: row, column: column, value: Float(matrix[row, column]))
                }
                code += rows.count
                block += run.coding.blockCount(length: rows.count)
            }
        }
        let diagonal = form.keepsDiagonal ? matrix.diagonal.map { Float($0) } : nil
        if let diagonal, let position = diagonal.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(row: position, column: position, value: diagonal[position])
        }
        return CodedMatrix(
            form: form, packedCodes: packed(codes, form.packing, runs),
            blockMaxima: BlockMaxima(maxima, format: form.maxima), diagonal: diagonal)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func decode<Scalar: MatrixScalar>(_ coded: CodedMatrix) -> Matrix<Scalar> {
        let (form, runs) = (coded.form, coded.form.runs)
        let (codes, maxima) = (unpacked(coded, runs), coded.blockMaxima.values)
        let height = form.rows
        // Every entry is written once: filling the matrix with zeros first would cost a pass of its own.
        let elements = [Scalar](unsafeUninitializedCapacity: height * form.columns) { entries, count in
            var segment = [Float](repeating: 0, count: Scalar.self == Float.self ? 0 : height)
            var code = 0
            for run in runs {
                let coder = SegmentCoder(kernels, run.coding, signed: false)
                var block = run.blocks.lowerBound
                for column in run.columns {
                    let rows = form.rows(ofColumn: column)
                    let start = column * height
                    for row in 0..<rows.lowerBound { entries[start + row] = 0 }
                    for row in rows.upperBound..<height { entries[start + row] = 0 }
                    guard !rows.isEmpty else { continue }
                    coder.decode(
                        codes, from: code, maxima, from: block, count: rows.count,
                        into: entries.baseAddress! + start + rows.lowerBound, &segment)
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

    private func packed(_ codes: [UInt8], _ packing: CodePacking, _ runs: [CodingRun]) -> [UInt8] {
        switch packing {
        case .plain:
            let total = runs.last?.bytes.upperBound ?? 0
            return [UInt8](unsafeUninitializedCapacity: total) { bytes, count in
                var first = 0
                codes.withUnsafeBufferPointer { codes in
                    for run in runs where run.codeCount > 0 {
                        fr_pack(
                            codes.baseAddress! + first, run.codeCount, Int32(run.coding.codebook.bits),
                            bytes.baseAddress! + run.bytes.lowerBound)
                        first += run.codeCount
                    }
                }
                count = total
            }
        }
    }

    private func unpacked(_ coded: CodedMatrix, _ runs: [CodingRun]) -> [UInt8] {
        switch coded.form.packing {
        case .plain:
            let total = coded.form.entryCount
            return [UInt8](unsafeUninitializedCapacity: total) { codes, count in
                var first = 0
                coded.packedCodes.withUnsafeBufferPointer { bytes in
                    for run in runs where run.codeCount > 0 {
                        fr_unpack(
                            bytes.baseAddress! + run.bytes.lowerBound, run.codeCount,
                            Int32(run.coding.codebook.bits), codes.baseAddress! + first)
                        first += run.codeCount
                    }
                }
                count = total
            }
        }
    }
}
