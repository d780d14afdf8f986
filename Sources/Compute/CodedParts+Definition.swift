import MatrixCore
import Quantization

/// The coding of a matrix by the codec's definition, entry by entry: what every backend's is held to, to the bit.
extension CodedParts {
    /// The codes of a region of a square matrix.
    ///
    /// - Throws: `QuantizationError.notFinite` for the first entry of the region, else of the kept diagonal.
    public init(
        defining matrix: Matrix<Float>, region: CodedRegion, coding: BlockCoding, keepingDiagonal: Bool
    ) throws(QuantizationError) {
        let order = matrix.order
        var (codes, maxima): ([UInt8], [Float]) = ([], [])
        for column in 0..<order {
            let rows = region.rows(ofColumn: column, order: order)
            let segment = rows.map { keepingDiagonal && $0 == column ? 0 : matrix[$0, column] }
            var segmentCodes = [UInt8](repeating: 0, count: rows.count)
            var segmentMaxima = [Float](repeating: 0, count: coding.blockCount(length: rows.count))
            let refused = segment.withUnsafeBufferPointer { segment in
                segmentCodes.withUnsafeMutableBufferPointer { codes in
                    segmentMaxima.withUnsafeMutableBufferPointer { maxima in
                        ReferenceCodec.encode(segment, coding: coding, codes: codes, maxima: maxima)
                    }
                }
            }
            if let refused {
                throw .notFinite(row: rows.lowerBound + refused, column: column, value: segment[refused])
            }
            codes += segmentCodes
            maxima += segmentMaxima
        }
        let diagonal = keepingDiagonal ? matrix.diagonal : nil
        if let position = diagonal?.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(row: position, column: position, value: matrix[position, position])
        }
        self.init(
            order: order, region: region, coding: coding, packedCodes: pack(codes: codes, bits: coding.codebook.bits),
            blockMaxima: maxima, diagonal: diagonal)
    }

    /// The matrix that these parts stand for: zeros outside the region, the diagonal as it was kept.
    public var decodedByDefinition: Matrix<Float> {
        let codes = unpack(
            bytes: packedCodes, count: region.entryCount(order: order), bits: coding.codebook.bits)
        var result = Matrix<Float>(rows: order, columns: order)
        var (code, block) = (0, 0)
        for column in 0..<order {
            let rows = region.rows(ofColumn: column, order: order)
            for (offset, row) in rows.enumerated() {
                result[row, column] =
                    coding.codebook.values[Int(codes[code + offset])] * blockMaxima[block + offset / coding.blockSize]
            }
            code += rows.count
            block += coding.blockCount(length: rows.count)
        }
        if let diagonal { result.diagonal = diagonal }
        return result
    }
}
