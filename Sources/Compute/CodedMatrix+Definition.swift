import MatrixCore
import Quantization

/// The coding of a matrix by the codec's definition, entry by entry: what every backend's is held to, to the bit.
extension CodedMatrix {
    /// - Parameter noise: what moves entries before they are rounded; nil for the nearest codes.
    /// - Throws: `QuantizationError.notFinite` for the first entry of the region, else of the kept diagonal.
    /// - Precondition: the matrix has the form's shape.
    public init(
        defining matrix: Matrix<Float>, as form: CodedForm, noise: CodeNoise? = nil
    ) throws(QuantizationError) {
        precondition(
            matrix.rows == form.rows && matrix.columns == form.columns,
            "\(matrix.rows) × \(matrix.columns) as \(form.rows) × \(form.columns)")
        var (codes, maxima): ([UInt8], [Float]) = ([], [])
        for run in form.runs {
            for column in run.columns {
                let rows = form.rows(ofColumn: column)
                let segment = rows.map { form.keepsDiagonal && $0 == column ? 0 : matrix[$0, column] }
                if let refused = segment.firstIndex(where: { !$0.isFinite }) {
                    throw .notFinite(row: rows.lowerBound + refused, column: column, value: segment[refused])
                }
                let coded = ReferenceCodec.encode(
                    segment, coding: run.coding, signed: form.maxima == .signedFloat32,
                    offsets: noise?.offsets(rows: rows, column: column))
                codes += coded.codes
                maxima += coded.maxima
            }
        }
        let diagonal = form.keepsDiagonal ? matrix.diagonal : nil
        if let diagonal, let position = diagonal.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(row: position, column: position, value: diagonal[position])
        }
        self.init(
            form: form, packedCodes: form.packed(codes), blockMaxima: BlockMaxima(maxima, format: form.maxima),
            diagonal: diagonal, dither: noise.flatMap { $0.isSubtracted ? $0 : nil })
    }

    /// The matrix that these codes stand for: zeros outside the region, the diagonal as it was kept.
    public var decodedByDefinition: Matrix<Float> {
        let (codes, maxima) = (codes, blockMaxima.values)
        var result = Matrix<Float>(rows: form.rows, columns: form.columns)
        var (code, block) = (0, 0)
        for run in form.runs {
            for column in run.columns {
                let rows = form.rows(ofColumn: column)
                let blocks = run.coding.blockCount(length: rows.count)
                let segment = ReferenceCodec.decode(
                    codes: Array(codes[code..<code + rows.count]), maxima: Array(maxima[block..<block + blocks]),
                    coding: run.coding, offsets: dither?.offsets(rows: rows, column: column))
                for (value, row) in zip(segment, rows) { result[row, column] = value }
                code += rows.count
                block += blocks
            }
        }
        if let diagonal { result.diagonal = diagonal }
        return result
    }
}
