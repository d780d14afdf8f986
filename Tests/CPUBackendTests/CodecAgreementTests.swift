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
                let a = demandingMatrix(rows: order, columns: order, codebook: book, seed: UInt64(100 * bits + order))
                // Every block size meets every order, with one of the numbers of bits.
                for (other, blockSize) in blockSizes.enumerated() where (other + index + bits) % 7 == 0 {
                    let coding = try BlockCoding(codebook: book, blockSize: blockSize)
                    for region in regions {
                        try expectDefinition(
                            a, CodedForm(order: order, region: region, coding: coding, keepsDiagonal: index % 2 == 0))
                    }
                }
            }
        }
    }

    /// Rectangles, a coding a column, and every format of the maxima.
    @Test(arguments: BlockMaximumFormat.allCases)
    func everyForm(maxima: BlockMaximumFormat) throws {
        let codings = try [
            (CodebookName.linear2, 4, 64), (.linear2, 4, 64), (.dynamicTree, 3, 5), (.linear, 8, 17), (.nf4, 4, 1),
        ].map { try BlockCoding(codebook: Codebook($0, bits: $1), blockSize: $2) }
        for (rows, columns) in [(0, 5), (5, 0), (1, 9), (9, 1), (33, 70), (70, 33), (64, 64), (129, 3)] {
            let a = demandingMatrix(rows: rows, columns: columns, codebook: codings[0].codebook, seed: 17)
            for region in regions {
                for keepsDiagonal in [false, true] {
                    for list in [
                        ColumnCodings.all(codings[2]), .each((0..<columns).map { codings[$0 / 2 % codings.count] }),
                    ] {
                        try expectDefinition(
                            a,
                            CodedForm(
                                rows: rows, columns: columns, region: region, codings: list, maxima: maxima,
                                keepsDiagonal: keepsDiagonal))
                    }
                }
            }
        }
    }

    /// Blocks longer than what is packed at once, beginning and ending anywhere in it.
    @Test(arguments: 2...8) func longBlocks(bits: Int) throws {
        for blockSize in [513, 1000, 5000] {
            let coding = try BlockCoding(codebook: Codebook(.linear2, bits: bits), blockSize: blockSize)
            let a = demandingMatrix(rows: 1301, columns: 7, codebook: coding.codebook, seed: 5)
            for region in [CodedRegion.columns, .strictLower] {
                try expectDefinition(
                    a, CodedForm(rows: 1301, columns: 7, region: region, codings: .all(coding), maxima: .signedFloat32))
            }
        }
    }

    /// The codes of all numbers about which a search by thresholds, by cells or by arithmetic could be wrong, in a block whose
    /// maximum is 1.
    @Test(arguments: BlockCodec.available) func codesAreExactAtEveryEdge(codec: BlockCodec) throws {
        var codebooks = try CodebookName.allCases.flatMap { name in
            try name.supportedBits.map { try Codebook(name, bits: $0) }
        }
        for bits in 2...8 { codebooks += try [crowdedCodebook(bits: bits), Codebook(values: codesOfZero(bits: bits))] }
        for codebook in codebooks {
            let entries = edges(of: codebook)
            let coding = try BlockCoding(codebook: codebook, blockSize: entries.count)
            let form = CodedForm(rows: entries.count, columns: 1, region: .columns, codings: .all(coding))
            let column = Matrix<Float>(rows: entries.count, columns: 1, elements: entries)
            let coded = try CPUBackend<Float>(codec: codec).encode(column, as: form)
            let expected = entries.map { ReferenceCodec.nearestCode($0, codebook) }
            let difference = firstDifference(coded.codes, expected)
            #expect(
                difference == nil,
                "\(codebook.name?.rawValue ?? "values"), \(codebook.bits) bits, at \(difference.map { entries[$0] } ?? 0)")
        }
    }

    private func expectDefinition(_ a: Matrix<Float>, _ form: CodedForm) throws {
        let expected = try CodedMatrix(defining: a, as: form)
        let values = expected.decodedByDefinition
        for codec in BlockCodec.available {
            let backend = CPUBackend<Float>(codec: codec)
            let coded = try backend.encode(a, as: form)
            let what: Comment = "\(codec.instructionSet), \(form.region), \(form.rows) × \(form.columns), \(form.maxima)"
            #expect(firstDifference(coded.packedCodes, expected.packedCodes) == nil, what)
            #expect(firstDifference(bits(coded.blockMaxima.values), bits(expected.blockMaxima.values)) == nil, what)
            #expect(coded.diagonal == expected.diagonal, what)
            #expect(firstDifference(bits(backend.decode(coded).elements), bits(values.elements)) == nil, what)
        }
    }

    /// The definition is the reference codec, segment by segment, with zeros elsewhere.
    @Test(arguments: regions)
    func theDefinitionIsTheReferenceCodec(region: CodedRegion) throws {
        let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 5), blockSize: 7)
        for (rows, columns) in [(20, 20), (6, 15), (15, 6)] {
            for keepsDiagonal in [false, true] {
                let a = demandingMatrix(rows: rows, columns: columns, codebook: coding.codebook, seed: 3)
                let form = CodedForm(
                    rows: rows, columns: columns, region: region, codings: .all(coding), keepsDiagonal: keepsDiagonal)
                let found = try CodedMatrix(defining: a, as: form)
                var (codes, maxima, decoded): ([UInt8], [Float], Matrix<Float>) = ([], [], Matrix(rows: rows, columns: columns))
                for column in 0..<columns {
                    let own = (0..<rows).filter { row in
                        switch region {
                        case .columns: true
                        case .strictUpper: row < column
                        case .strictLower: row > column
                        }
                    }
                    let segment = ReferenceCodec.encode(
                        own.map { keepsDiagonal && $0 == column ? 0 : a[$0, column] }, coding: coding)
                    codes += segment.codes
                    maxima += segment.maxima
                    let values = ReferenceCodec.decode(codes: segment.codes, maxima: segment.maxima, coding: coding)
                    for (row, value) in zip(own, values) { decoded[row, column] = value }
                    if keepsDiagonal && column < rows { decoded[column, column] = a[column, column] }
                }
                #expect(found.packedCodes == pack(codes: codes, bits: 5) && found.codes == codes)
                #expect(found.blockMaxima == .exact(maxima))
                #expect(found.decodedByDefinition == decoded)
            }
        }
    }
}

/// The first place where two arrays differ, which may be the end of the shorter one; a failure that prints whole arrays
/// for every case takes minutes.
private func firstDifference<Element: Equatable>(_ a: [Element], _ b: [Element]) -> Int? {
    if a == b { return nil }
    return zip(a, b).enumerated().first { $1.0 != $1.1 }?.offset ?? min(a.count, b.count)
}

/// Every midpoint and value with its neighbours among the numbers; zeros and the least numbers; and over 32 octaves the 256 numbers
/// where their first eight bits change, with their neighbours.
private func edges(of codebook: Codebook) -> [Float] {
    var numbers: [Float] = [0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude]
    numbers += codebook.midpoints + codebook.values
    for exponent in -32..<0 {
        for eighth in 0..<256 { numbers.append(Float(sign: .plus, exponent: exponent, significand: 1 + Float(eighth) / 256)) }
    }
    numbers += numbers.flatMap { [$0.nextDown, $0.nextUp] }
    return (numbers + numbers.map { -$0 }).filter { $0.magnitude < 1 } + [1, -1]
}

/// Most values within a millionth of each other, so that no cells of numbers tell them apart.
private func crowdedCodebook(bits: Int) throws -> Codebook {
    let last = 1 << bits - 1
    return try Codebook(values: (0...last).map { $0 == last ? 1 : 0.3 + Float($0 / 2) * 0x1p-20 })
}

/// −1, zeros and 1: midpoints that are equal, and 0.
private func codesOfZero(bits: Int) -> [Float] { [-1] + [Float](repeating: 0, count: 1 << bits - 2) + [1] }

/// Tells −0 from 0.
private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// Columns of different kinds: random, ties of the codebook, zeros, subnormal, and near the largest number.
private func demandingMatrix(rows: Int, columns: Int, codebook: Codebook, seed: UInt64) -> Matrix<Float> {
    var generator = PhiloxGenerator(seed: seed)
    var a = Matrix<Float>(rows: rows, columns: columns)
    for column in 0..<columns {
        for row in 0..<rows {
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
