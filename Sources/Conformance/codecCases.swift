import Compute
import MatrixCore
import Quantization

/// What codes matrices of float32 and decodes them: every backend, and a codec by itself.
public protocol MatrixCodec: Sendable {
    func encode(_ matrix: Matrix<Float>, as form: CodedForm) throws -> CodedMatrix
    func decode(_ coded: CodedMatrix) throws -> Matrix<Float>
}

/// A backend as a codec. Matrices pass through its scalar, which holds every float32.
public struct BackendCodec<Backend: MatrixBackend>: MatrixCodec {
    private let backend: Backend

    public init(_ backend: Backend) { self.backend = backend }

    public func encode(_ matrix: Matrix<Float>, as form: CodedForm) throws -> CodedMatrix {
        let coded = try backend.encode(backend.tensor(Matrix<Backend.Scalar>(matrix)), as: form)
        precondition(backend.form(of: coded) == form, "another form than was asked for")
        let result = backend.codedMatrix(coded)
        precondition(backend.byteCount(coded) == result.byteCount, "\(backend.byteCount(coded)) bytes")
        return result
    }

    public func decode(_ coded: CodedMatrix) throws -> Matrix<Float> {
        Matrix<Float>(backend.matrix(backend.decode(backend.codedTensor(coded))))
    }
}

/// A matrix to code and decode, as the definition does to the bit.
public struct CodecCase: Sendable, CustomStringConvertible {
    public let description: String
    private let form: CodedForm

    /// Where the codec and the definition part, nil where they agree.
    ///
    /// - Throws: what the codec throws.
    public func difference(of codec: some MatrixCodec) throws -> String? {
        let matrix = demandingMatrix(form)
        let expected = try CodedMatrix(defining: matrix, as: form)
        let coded = try codec.encode(matrix, as: form)
        if coded.blockMaxima != expected.blockMaxima { return "other block maxima" }
        if coded.packedCodes != expected.packedCodes { return "other codes" }
        if coded.diagonal != expected.diagonal { return "another diagonal" }
        // Bits, which tell −0 from 0.
        let values = (try codec.decode(coded).elements, expected.decodedByDefinition.elements)
        return values.0.map(\.bitPattern) == values.1.map(\.bitPattern) ? nil : "other decoded values"
    }
}

extension CodecCase {
    /// Every width of linear-2 and every codebook over all regions and orders; then rectangles with a coding a column, in every
    /// format of the maxima.
    ///
    /// - Parameter orders: of the square matrices.
    /// - Throws: `QuantizationError` never: the codings are ones that exist.
    public static func all(orders: [Int] = [1, 2, 33, 129, 1200]) throws(QuantizationError) -> [CodecCase] {
        let regions = [CodedRegion.columns, .strictUpper, .strictLower]
        var codings: [BlockCoding] = []
        for bits in 2...8 { codings.append(try coding(.linear2, bits: bits)) }
        for name in CodebookName.allCases where name != .linear2 {
            codings.append(try coding(name, bits: name.supportedBits.upperBound))
        }
        var cases: [CodecCase] = []
        for order in orders {
            for region in regions {
                // Large ones are slow in every width.
                for coding in codings where order < 1000 || coding.codebook.bits == 4 {
                    let keepsDiagonal = region == .columns && coding.codebook.bits != 8
                    cases.append(
                        CodecCase(
                            CodedForm(order: order, region: region, coding: coding, keepsDiagonal: keepsDiagonal)))
                }
            }
        }
        for (rows, columns) in [(1, 9), (9, 1), (20, 41), (41, 20), (0, 5), (5, 0)] {
            for region in regions {
                for maxima in BlockMaximumFormat.allCases {
                    let each = (0..<columns).map { codings[$0 / 3 % codings.count] }
                    cases.append(
                        CodecCase(
                            CodedForm(
                                rows: rows, columns: columns, region: region, codings: .each(each), maxima: maxima,
                                keepsDiagonal: true)))
                }
            }
        }
        return try cases + eights()
    }

    /// Columns of eights in blocks of eights, with last blocks that are whole and short, blocks longer than a column, columns and
    /// blocks more than a device's group of threads has, and runs of columns that begin anywhere.
    private static func eights() throws(QuantizationError) -> [CodecCase] {
        var cases: [CodecCase] = []
        let formats = BlockMaximumFormat.allCases
        for (index, size) in [8, 16, 32, 64, 128, 256, 512].enumerated() {
            for bits in 2...8 {
                let coding = try BlockCoding(codebook: Codebook(.linear2, bits: bits), blockSize: size)
                let (rows, columns) = [(8, 9), (64, 3), (136, 5), (264, 140)][(index + bits) % 4]
                cases.append(
                    CodecCase(
                        CodedForm(
                            rows: rows, columns: columns, region: .columns, codings: .all(coding),
                            maxima: formats[bits % formats.count], keepsDiagonal: bits % 2 == 0)))
            }
        }
        for rows in [8, 40, 64] {
            let each = try (0..<14).map { column throws(QuantizationError) in
                try BlockCoding(codebook: Codebook(.linear2, bits: 2 + column / 2), blockSize: 32)
            }
            cases.append(
                CodecCase(CodedForm(rows: rows, columns: 14, region: .columns, codings: .each(each), keepsDiagonal: true)))
        }
        return cases
    }

    private static func coding(_ name: CodebookName, bits: Int) throws(QuantizationError) -> BlockCoding {
        try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: bits == 3 ? 7 : 64)
    }

    private init(_ form: CodedForm) {
        self.form = form
        let codings =
            switch form.codings {
            case .all(let coding):
                "\(coding.codebook.name?.rawValue ?? "values"), \(coding.codebook.bits) bits, block \(coding.blockSize)"
            case .each: "a coding a column, maxima \(form.maxima)"
            }
        description =
            "block codec, \(form.rows) × \(form.columns), \(form.region), \(codings)"
            + (form.keepsDiagonal ? ", diagonal kept" : "")
    }
}

/// Columns of different kinds: random, ties of the codebook, zeros, subnormal, and near the largest number.
private func demandingMatrix(_ form: CodedForm) -> Matrix<Float> {
    var a: Matrix<Float> = deviates(form.rows, form.columns, seed: UInt32(form.rows * 1000 + form.columns))
    guard let midpoints = form.runs.first?.coding.codebook.midpoints else { return a }
    for column in 0..<form.columns {
        for row in 0..<form.rows {
            let x = a[row, column]
            a[row, column] =
                switch column % 7 {
                case 0, 1: x
                case 2: row % 5 == 0 ? 4 : 4 * midpoints[(row + column) % midpoints.count]
                case 3: x * x * x * 0x1p-20
                case 4: row % 3 == 0 ? 0 : -0.0
                case 5: x * (column % 2 == 0 ? 0x1p-140 : 0x1p-127)
                default: x * 0x1.FFp127
                }
        }
    }
    return a
}
