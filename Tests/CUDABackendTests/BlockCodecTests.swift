import CPUBackend
import CUDAEmulator
import Compute
import Conformance
import MatrixCore
import Quantization
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// The kernels against the codec's definition: codes, maxima and values equal to the bit.
    @Suite struct BlockCodecTests {
        static let regions: [CodedRegion] = [.columns, .strictUpper, .strictLower]

        @Test(arguments: regions, [2, 3, 4, 5, 6, 7, 8])
        func codesAreThoseOfTheDefinition(_ region: CodedRegion, _ bits: Int) throws {
            let cuda = try EmulatedLibrary.cuda()
            try compare(cuda, region, bits, orders: [1, 2, 3, 17], blocks: [1, 3, 64], .linear2)
            try compare(cuda, region, bits, orders: [65], blocks: [64], .linear2)
            #expect(fr_emulator_faults() == 0 && fr_emulator_live_objects() == 0)
        }

        @Test(arguments: CodebookName.allCases)
        func everyCodebook(_ name: CodebookName) throws {
            let cuda = try EmulatedLibrary.cuda()
            try compare(cuda, .columns, name.supportedBits.lowerBound, orders: [17], blocks: [5], name)
            try compare(cuda, .strictLower, name.supportedBits.upperBound, orders: [17], blocks: [64], name)
        }

        /// A kernel that lacks a barrier gives other results where its threads take turns in another order.
        @Test(arguments: [FR_THREADS_BACKWARD, FR_THREADS_SHUFFLED])
        func theOrderOfThreadsDoesNotMatter(_ order: fr_thread_order) throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_set_thread_order(order)
            try compare(cuda, .strictUpper, 4, orders: [65], blocks: [7, 64], .linear2)
            #expect(fr_emulator_faults() == 0)
        }

        @Test func keptDiagonalsAndBlocksOfZeros() throws {
            let cuda = try EmulatedLibrary.cuda()
            let codec = BackendCodec(try CUDABackend<Float>(cuda))
            var matrix = Self.matrix(order: 40, seed: 3)
            for row in 0..<40 { matrix[row, 7] = 0 }
            let coding = try BlockCoding(codebook: Codebook(.linear, bits: 4), blockSize: 16)
            let coded = try codec.encode(
                matrix, as: CodedForm(order: matrix.order, region: .columns, coding: coding, keepsDiagonal: true))
            #expect(coded == (try CodedMatrix(defining: matrix, as: coded.form)))
            let decoded = try codec.decode(coded)
            #expect(decoded.diagonal == matrix.diagonal)
            #expect((0..<40).allSatisfy { $0 == 7 || decoded[$0, 7] == 0 })
        }

        /// Values on midpoints, at the ends of float32's range, and subnormal ones whose reciprocal overflows.
        @Test func roundingAtTheEnds() throws {
            let cuda = try EmulatedLibrary.cuda()
            let codec = BackendCodec(try CUDABackend<Float>(cuda))
            let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 32)
            let midpoints = coding.codebook.midpoints
            for scale in [1, Float.greatestFiniteMagnitude, 0x1p-127, 0x1p-149, .leastNormalMagnitude] {
                let column = (midpoints + [1] + midpoints + [-1]).map { $0 * scale }
                let matrix = Matrix<Float>(
                    rows: 32, columns: 32, elements: Array(repeating: column, count: 32).flatMap(\.self))
                let coded = try codec.encode(matrix, as: CodedForm(order: matrix.order, region: .columns, coding: coding))
                let expected = try CodedMatrix(defining: matrix, as: coded.form)
                #expect(coded == expected, "scale \(scale)")
            }
        }

        @Test(arguments: [Float.nan, .infinity, -.infinity])
        func entriesThatAreNotFinite(_ value: Float) throws {
            let cuda = try EmulatedLibrary.cuda()
            let codec = BackendCodec(try CUDABackend<Float>(cuda))
            let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 8)
            var matrix = Self.matrix(order: 20, seed: 5)
            matrix[3, 11] = value
            #expect {
                try codec.encode(matrix, as: CodedForm(order: matrix.order, region: .columns, coding: coding))
            } throws: { error in
                guard case .notFinite(row: 3, column: 11, _)? = error as? QuantizationError else { return false }
                return true
            }
            matrix[3, 11] = 0
            matrix[9, 9] = value
            // A region without the diagonal never sees it, unless it is kept apart.
            _ = try codec.encode(matrix, as: CodedForm(order: matrix.order, region: .strictLower, coding: coding))
            #expect(throws: QuantizationError.self) {
                try codec.encode(
                    matrix, as: CodedForm(order: matrix.order, region: .columns, coding: coding, keepsDiagonal: true))
            }
        }

        // MARK: The definition

        private func compare(
            _ cuda: CUDA, _ region: CodedRegion, _ bits: Int, orders: [Int], blocks: [Int], _ name: CodebookName
        ) throws {
            let codec = BackendCodec(try CUDABackend<Float>(cuda))
            for order in orders {
                for block in blocks {
                    let matrix = Self.matrix(order: order, seed: UInt64(order * 100 + block))
                    let coding = try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: block)
                    let form = CodedForm(order: order, region: region, coding: coding)
                    let coded = try codec.encode(matrix, as: form)
                    let expected = try CodedMatrix(defining: matrix, as: form)
                    #expect(coded == expected, "order \(order), block \(block)")
                    #expect(
                        try codec.decode(coded) == expected.decodedByDefinition, "order \(order), block \(block)")
                }
            }
        }

        static func matrix(order: Int, seed: UInt64) -> Matrix<Float> {
            var generator = PhiloxGenerator(seed: seed)
            return Matrix(
                rows: order, columns: order,
                elements: (0..<order * order).map { _ in Float.random(in: -2...2, using: &generator) })
        }
    }
}
