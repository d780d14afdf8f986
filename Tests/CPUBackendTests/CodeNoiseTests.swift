import CPUBackend
import Compute
import MatrixCore
import Quantization
import TestSupport
import Testing

/// A backend that moves entries before it rounds them.
@Suite struct CodeNoiseTests {
    private static let noises: [CodeNoise?] = [
        nil, CodeNoise(seed: 1, stream: 1 << 63, isSubtracted: false), CodeNoise(seed: 1, stream: 1 << 63, isSubtracted: true),
    ]

    private func form(_ region: CodedRegion, order: Int = 70) throws -> CodedForm {
        CodedForm(order: order, region: region, coding: try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 32))
    }

    /// What a storage that codes column after column expects to come back is what comes back.
    @Test(arguments: noises) func segmentsComeBackAsTheMatrixDoes(_ noise: CodeNoise?) throws {
        let backend = CPUBackend<Double>().coding(with: noise)
        let matrix = Matrix<Double>.random(rows: 70, columns: 70, seed: 11)
        let form = try form(.strictLower)
        let decoded = backend.decode(try backend.encode(matrix, as: form))
        for column in 0..<70 {
            let rows = form.rows(ofColumn: column)
            guard case .all(let coding) = form.codings else { continue }
            let back = backend.throughCodes(
                rows.map { Float(matrix[$0, column]) }, row: rows.lowerBound, column: column, coding: coding)
            #expect(back.map { Double($0) } == rows.map { decoded[$0, column] }, "column \(column)")
        }
    }

    /// The mean over streams of what comes back is the matrix; the codes alone say nothing of the noise, which is taken off only
    /// where it is dither.
    @Test func theMeanIsTheMatrix() throws {
        let matrix = Matrix<Double>.random(rows: 20, columns: 3, seed: 12)
        let coding = try BlockCoding(codebook: Codebook(.linear1_5, bits: 3), blockSize: 8)
        let form = CodedForm(rows: 20, columns: 3, region: .columns, codings: .all(coding))
        let backend = CPUBackend<Double>()
        let drawn = try (0..<1000).map { stream in
            let noise = CodeNoise(seed: 4, stream: UInt64(stream), isSubtracted: false)
            let coded = try backend.coding(with: noise).encode(matrix, as: form)
            #expect(coded.dither == nil)
            return backend.decode(coded)
        }
        for index in matrix.elements.indices {
            let samples = drawn.map { $0.elements[index] }
            // The largest entry of a block is a value of the codebook, but for the rounding of x·(1/m).
            if Set(samples).count == 1 {
                expectBound((samples[0] - matrix.elements[index]).magnitude, atMost: 0x1p-22)
            } else {
                expectStatistical(samples, mean: matrix.elements[index])
            }
        }
    }

    /// Seed, stream and place decide an offset, and each of them does.
    @Test func offsetsAreOfTheirPlace() {
        let noise = CodeNoise(seed: 1, stream: 2, isSubtracted: false)
        let offsets = noise.offsets(rows: 0..<1000, column: 3)
        #expect(Array(offsets[10..<20]) == noise.offsets(rows: 10..<20, column: 3))
        #expect(offsets.allSatisfy { $0 >= -0.5 && $0 < 0.5 } && Set(offsets).count == 1000)
        expectStatistical(offsets, mean: 0)
        for other in [
            CodeNoise(seed: 2, stream: 2, isSubtracted: false), CodeNoise(seed: 1, stream: 3, isSubtracted: false),
        ] {
            #expect(Set(other.offsets(rows: 0..<1000, column: 3)).isDisjoint(with: offsets))
        }
        #expect(Set(noise.offsets(rows: 0..<1000, column: 4)).isDisjoint(with: offsets))
    }
}
