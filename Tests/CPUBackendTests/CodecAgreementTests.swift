import CPUBackend
import Compute
import MatrixCore
import Quantization
import TestSupport
import Testing

/// Around the widths of the vector registers and the usual block sizes.
private let orders = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65, 127, 128, 129]
private let blockSizes = [1, 3, 8, 15, 16, 17, 24, 33, 64, 65, 100, 1000]
private let regions = [CodedRegion.columns, .strictUpper, .strictLower]

@Suite struct CodecAgreementTests {
    @Test func theLastCodecIsPlainC() {
        #expect(BlockCodec.available.last?.instructionSet == "generic")
        #expect(BlockCodec.fastest.instructionSet == BlockCodec.available.first?.instructionSet)
    }

    /// Codes, maxima, packing and decoded values of every implementation are those of the definition, bit for bit.
    @Test(arguments: CodebookName.allCases)
    func everyCodecIsTheReference(name: CodebookName) throws {
        for bits in name.supportedBits {
            let book = try Codebook(name, bits: bits)
            for (index, order) in orders.enumerated() {
                let a = demandingMatrix(order: order, codebook: book, seed: UInt64(100 * bits + order))
                // Every block size meets every order, with one of the numbers of bits.
                for (other, blockSize) in blockSizes.enumerated() where (other + index + bits) % 7 == 0 {
                    let coding = try BlockCoding(codebook: book, blockSize: blockSize)
                    for region in regions {
                        try expectReference(a, region, coding, keepingDiagonal: index % 2 == 0)
                    }
                }
            }
        }
    }

    private func expectReference(
        _ a: Matrix<Float>, _ region: CodedRegion, _ coding: BlockCoding, keepingDiagonal: Bool
    ) throws {
        let expected = referenceCoding(a, region, coding, keepingDiagonal: keepingDiagonal)
        let packedCodes = pack(codes: expected.codes, bits: coding.codebook.bits)
        for codec in BlockCodec.available {
            let backend = CPUBackend<Float>(codec: codec)
            let coded = try backend.encode(a, region: region, coding: coding, keepingDiagonal: keepingDiagonal)
            let what: Comment = "\(codec.instructionSet), \(region), order \(a.order), block \(coding.blockSize)"
            #expect(firstDifference(coded.packedCodes, packedCodes) == nil, what)
            #expect(firstDifference(bits(coded.blockMaxima), bits(expected.maxima)) == nil, what)
            #expect(coded.diagonal == (keepingDiagonal ? a.diagonal : nil), what)
            let decoded = backend.decode(coded)
            #expect(firstDifference(bits(decoded.elements), bits(expected.decoded.elements)) == nil, what)
        }
    }
}

/// The first place where two arrays differ, which may be the end of the shorter one; a failure that prints whole arrays
/// for every case takes minutes.
private func firstDifference<Element: Equatable>(_ a: [Element], _ b: [Element]) -> Int? {
    if let place = zip(a, b).enumerated().first(where: { $1.0 != $1.1 }) { return place.offset }
    return a.count == b.count ? nil : min(a.count, b.count)
}

/// Tells −0 from 0.
private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

private struct ReferenceCoding {
    var codes: [UInt8] = []
    var maxima: [Float] = []
    var decoded: Matrix<Float>
}

/// The region column by column through `ReferenceCodec`; zeros elsewhere, and the diagonal where it is kept.
private func referenceCoding(
    _ a: Matrix<Float>, _ region: CodedRegion, _ coding: BlockCoding, keepingDiagonal: Bool
) -> ReferenceCoding {
    var result = ReferenceCoding(decoded: Matrix(rows: a.order, columns: a.order))
    for column in 0..<a.order {
        let rows: [Int] = (0..<a.order).filter { row in
            switch region {
            case .columns: true
            case .strictUpper: row < column
            case .strictLower: row > column
            }
        }
        let segment = rows.map { keepingDiagonal && $0 == column ? 0 : a[$0, column] }
        let coded = codedSegment(segment, coding)
        result.codes += coded.codes
        result.maxima += coded.maxima
        for (row, value) in zip(rows, coded.values) { result.decoded[row, column] = value }
        if keepingDiagonal { result.decoded[column, column] = a[column, column] }
    }
    return result
}

private func codedSegment(
    _ segment: [Float], _ coding: BlockCoding
) -> (codes: [UInt8], maxima: [Float], values: [Float]) {
    var codes = [UInt8](repeating: 0, count: segment.count)
    var maxima = [Float](repeating: 0, count: (segment.count + coding.blockSize - 1) / coding.blockSize)
    var values = [Float](repeating: 0, count: segment.count)
    codes.withUnsafeMutableBufferPointer { codes in
        maxima.withUnsafeMutableBufferPointer { maxima in
            let refused = segment.withUnsafeBufferPointer {
                ReferenceCodec.encode($0, coding: coding, codes: codes, maxima: maxima)
            }
            #expect(refused == nil)
            values.withUnsafeMutableBufferPointer {
                ReferenceCodec.decode(
                    codes: UnsafeBufferPointer(codes), maxima: UnsafeBufferPointer(maxima), coding: coding, segment: $0)
            }
        }
    }
    return (codes, maxima, values)
}

/// Columns of different kinds: random, ties of the codebook, zeros, subnormal, and near the largest number.
private func demandingMatrix(order: Int, codebook: Codebook, seed: UInt64) -> Matrix<Float> {
    var generator = PhiloxGenerator(seed: seed)
    var a = Matrix<Float>(rows: order, columns: order)
    for column in 0..<order {
        for row in 0..<order {
            let x = Float(2 * generator.uniform() - 1)
            let midpoint = codebook.midpoints[Int(generator.next() % UInt64(codebook.midpoints.count))]
            a[row, column] =
                switch column % 7 {
                case 0, 1: x
                case 2: row % 5 == 0 ? 4 : 4 * midpoint
                case 3: x * x * x * 0x1p-20
                case 4: row % 3 == 0 ? 0 : -0.0
                case 5: x * (column % 2 == 0 ? 0x1p-140 : 0x1p-127)
                default: x * 0x1.FFp127
                }
        }
    }
    return a
}
