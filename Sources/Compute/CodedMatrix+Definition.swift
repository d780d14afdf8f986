import MatrixCore
import Quantization

/// The coding of a matrix by the codec's definition, entry by entry: what every backend's is held to, to the bit.
extension CodedMatrix {
    /// - Throws: `QuantizationError.notFinite` for the first entry of the region, else of the kept diagonal.
    /// - Precondition: the matrix has the form's shape.
    public init(defining matrix: Matrix<Float>, as form: CodedForm) throws(QuantizationError) {
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
                    segment, coding: run.coding, signed: form.maxima == .signedFloat32)
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
            diagonal: diagonal)
    }

    /// The matrix that these codes stand for: zeros outside the region, the diagonal as it was kept.
    public var decodedByDefinition: Matrix<Float> {
        let (codes, maxima) = (codes, blockMaxima.values)
        var result = Matrix<Float>(rows: form.rows, columns: form.columns)
        var (code, block) = (0, 0)
        for run in form.runs {
            for column in run.columns {
                let rows = form.rows(ofColumn: column)
                for (offset, row) in rows.enumerated() {
                    result[row, column] =
                        run.coding.codebook.values[Int(codes[code + offset])]
                        * maxima[block + offset / run.coding.blockSize]
                }
                code += rows.count
                block += run.coding.blockCount(length: rows.count)
            }
        }
        if let diagonal { result.diagonal = diagonal }
        return result
    }
}
