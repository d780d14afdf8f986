import CPUBackend
import Compute
import MatrixCore
import Quantization
import TestSupport
import Testing

private func coding(_ name: CodebookName = .linear2, bits: Int = 4, block: Int = 64) throws -> BlockCoding {
    try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: block)
}

@Suite struct CodedMatrixTests {
    /// Order 3, linear-2 with 4 bits, block 2, by hand. Column 0 is (1, −1, 0.04): codes 15, 0 | 15; column 1 is
    /// (0, 0.5, 0): codes 7, 15 | 7; column 2 is (−2, −2, −2): codes 0, 0 | 0. Beside −1 in one block, 0.04 = 9/225 has
    /// code 9. The first code of a pair is the low half.
    @Test func aMatrixByHand() throws {
        let backend = CPUBackend<Float>()
        let a = Matrix<Float>(rows: 3, columns: 3, elements: [1, -1, 0.04, 0, 0.5, 0, -2, -2, -2])
        let coded = try backend.encode(a, as: CodedForm(order: a.rows, region: .columns, coding: coding(block: 2)))
        #expect(coded.packedCodes == [0x0F, 0x7F, 0x7F, 0x00, 0x00])
        #expect(coded.blockMaxima.values == [1, 0.04, 0.5, 0, 2, 2])
        #expect(backend.decode(coded) == a)
        #expect(coded.byteCount == 5 + 4 * 6)

        let kept = try backend.encode(
            a, as: CodedForm(order: a.rows, region: .columns, coding: coding(block: 2), keepsDiagonal: true))
        #expect(kept.packedCodes == [0x07, 0x7F, 0x77, 0x00, 0x07])
        #expect(kept.blockMaxima.values == [1, 0.04, 0, 0, 2, 0])
        #expect(kept.diagonal == [1, 0.5, -2])
        #expect(backend.decode(kept) == a)
        #expect(kept.byteCount == 5 + 4 * 6 + 4 * 3)

        let upper = try backend.encode(a, as: CodedForm(order: a.rows, region: .strictUpper, coding: coding(block: 2)))
        #expect(upper.packedCodes == [0x07, 0x00])
        #expect(upper.blockMaxima.values == [0, 2])
        #expect(backend.decode(upper).elements == [0, 0, 0, 0, 0, 0, -2, -2, 0])

        let lower = try backend.encode(
            a, as: CodedForm(order: a.rows, region: .strictLower, coding: coding(block: 2), keepsDiagonal: true))
        #expect(lower.packedCodes == [0x90, 0x07])
        #expect(backend.decode(lower).elements == [1, -1, 0.04, 0, 0.5, 0, 0, 0, -2])
    }

    /// The bytes of the buffers, counted from the interface's rule and not from the regions.
    @Test(arguments: [1, 2, 3, 63, 64, 65, 130], [1, 64, 100])
    func bytesFollowTheRule(order: Int, block: Int) throws {
        let backend = CPUBackend<Float>()
        let a = Matrix<Float>.random(rows: order, columns: order, seed: 4)
        for bits in 2...8 {
            for region in [CodedRegion.columns, .strictUpper, .strictLower] {
                for keepingDiagonal in [false, true] {
                    let coded = try backend.encode(
                        a,
                        as: CodedForm(
                            order: a.rows, region: region, coding: coding(bits: bits, block: block),
                            keepsDiagonal: keepingDiagonal))
                    let lengths: [Int] =
                        region == .columns ? Array(repeating: order, count: order) : Array(0..<order)
                    let codes = lengths.reduce(0, +)
                    let maxima = lengths.reduce(0) { $0 + ($1 + block - 1) / block }
                    let expected = (bits * codes + 7) / 8 + 4 * maxima + (keepingDiagonal ? 4 * order : 0)
                    #expect(coded.byteCount == expected)
                    #expect(backend.byteCount(coded) == expected)
                    #expect(coded.packedCodes.count == (bits * codes + 7) / 8)
                    #expect(coded.blockMaxima.count == maxima)
                }
            }
        }
    }

    @Test func aKeptDiagonalDoesNotRaiseTheMaximum() throws {
        let backend = CPUBackend<Float>()
        var a = Matrix<Float>.random(rows: 20, columns: 20, seed: 5)
        a.diagonal = [Float](repeating: 1e6, count: 20)
        let coded = try backend.encode(a, as: CodedForm(order: a.rows, region: .columns, coding: coding(), keepsDiagonal: true))
        #expect(coded.blockMaxima.values.allSatisfy { $0 < 1 })
        #expect(backend.decode(coded).diagonal == a.diagonal)
    }

    /// Doubles are rounded to float32 before they are coded, and decoded values are float32 numbers.
    @Test(arguments: [CodedRegion.columns, .strictUpper, .strictLower])
    func doublesAreRoundedFirst(region: CodedRegion) throws {
        let a = Matrix<Double>.random(rows: 33, columns: 33, seed: 6)
        let coded = try CPUBackend<Double>().encode(
            a, as: CodedForm(order: a.rows, region: region, coding: coding(block: 10), keepsDiagonal: true))
        let single = try CPUBackend<Float>().encode(
            Matrix<Float>(a), as: CodedForm(order: 33, region: region, coding: coding(block: 10), keepsDiagonal: true))
        #expect(coded == single)
        #expect(CPUBackend<Double>().decode(coded) == Matrix<Double>(CPUBackend<Float>().decode(single)))
    }

    @Test(arguments: BlockCodec.available, [Float.nan, .infinity, -.infinity])
    func refusedEntriesAreNamed(codec: BlockCodec, value: Float) throws {
        let backend = CPUBackend<Float>(codec: codec)
        let order = 37
        for (row, column) in [(0, 0), (1, 0), (0, 1), (5, 4), (4, 5), (36, 0), (0, 36), (17, 16), (36, 36), (20, 20)] {
            var a = Matrix<Float>.random(rows: order, columns: order, seed: 7)
            a[row, column] = value
            for region in [CodedRegion.columns, .strictUpper, .strictLower] {
                for keepingDiagonal in [false, true] {
                    let isRead =
                        region == .columns || (keepingDiagonal && row == column)
                        || (region == .strictUpper ? row < column : row > column)
                    for block in [1, 16, 30, 64] {
                        let refusal = refusal(a, region, try coding(block: block), keepingDiagonal, backend)
                        #expect((refusal != nil) == isRead)
                        let form = CodedForm(
                            order: order, region: region, coding: try coding(block: block), keepsDiagonal: keepingDiagonal)
                        #expect(definedRefusal(a, form)?.description == refusal?.description)
                        guard case .notFinite(let foundRow, let foundColumn, let found)? = refusal else { continue }
                        #expect(foundRow == row && foundColumn == column)
                        #expect(found.bitPattern == value.bitPattern || (found.isNaN && value.isNaN))
                    }
                }
            }
        }
    }

    private func definedRefusal(_ a: Matrix<Float>, _ form: CodedForm) -> QuantizationError? {
        do throws(QuantizationError) {
            _ = try CodedMatrix(defining: a, as: form)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(
        _ a: Matrix<Float>, _ region: CodedRegion, _ coding: BlockCoding, _ keepingDiagonal: Bool,
        _ backend: CPUBackend<Float>
    ) -> QuantizationError? {
        do throws(QuantizationError) {
            _ = try backend.encode(
                a, as: CodedForm(order: a.rows, region: region, coding: coding, keepsDiagonal: keepingDiagonal))
            return nil
        } catch {
            return error
        }
    }

    /// Every form comes back from its archive, and codes mean what they meant when they were written, whatever the codebook
    /// that is asked for now.
    @Test(arguments: BlockMaximumFormat.allCases)
    func archivesComeBack(maxima: BlockMaximumFormat) throws {
        let backend = CPUBackend<Float>()
        let own = try BlockCoding(codebook: Codebook(values: [-0.75, 0, 0.25, 1]), blockSize: 4)
        let now = try coding(bits: 2, block: 4)
        for each in [false, true] {
            func form(_ common: BlockCoding) throws -> CodedForm {
                let other = try coding(.dynamicTree, bits: 5, block: 3)
                return CodedForm(
                    rows: 9, columns: 7, region: .strictLower,
                    codings: each ? .each((0..<7).map { $0 % 3 == 0 ? other : common }) : .all(common), maxima: maxima,
                    keepsDiagonal: true)
            }
            let coded = try backend.encode(.random(rows: 9, columns: 7, seed: 9), as: form(own))
            let read = try backend.codedTensor(form(now), from: coded.archive)
            #expect(read == coded && backend.decode(read) == backend.decode(coded))
        }
    }

    @Test func aCodebookThatIsNoneIsRefused() throws {
        let coded = try CPUBackend<Float>().encode(
            .identity(4), as: CodedForm(order: 4, region: .columns, coding: coding(bits: 2)))
        var entries = coded.archive.entries
        let position = try #require(entries.firstIndex { $0.name == "codebooks" })
        entries[position] = .init(name: "codebooks", buffer: .floats([0, 1, 0.5, 1]))
        #expect(
            throws: StateArchiveError(
                "codebooks", .invalid("no codebook: its values do not increase from −1 at least to 1 at most"))
        ) { try CodedMatrix(coded.form, from: StateArchive(entries: entries)) }
    }

    @Test func doublesBeyondSinglePrecisionAreRefused() throws {
        var a = Matrix<Double>(rows: 3, columns: 3)
        a[2, 1] = -1e39
        #expect(throws: QuantizationError.notFinite(row: 2, column: 1, value: -.infinity)) {
            try CPUBackend<Double>().encode(a, as: CodedForm(order: a.rows, region: .columns, coding: coding()))
        }
        a = Matrix(diagonal: [1, 1e300, 1])
        #expect(throws: QuantizationError.notFinite(row: 1, column: 1, value: .infinity)) {
            try CPUBackend<Double>().encode(
                a, as: CodedForm(order: a.rows, region: .strictLower, coding: coding(), keepsDiagonal: true))
        }
    }
}
