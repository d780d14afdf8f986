import CUDAEmulator
import Compute
import MatrixCore
import Quantization
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// A device that fails in the middle of things: the first failure is told, later calls do nothing, nothing traps, and nothing
    /// is left behind.
    @Suite struct DeviceFailureTests {
        /// Every call fails once, at every position; nothing is left but what the very release that failed left.
        @Test func aFailureAtEveryCall() throws {
            try Self.roundTrip(try EmulatedLibrary.cuda())
            let calls = fr_emulator_calls()
            var failures: Int32 = 0
            for call in 0..<calls {
                fr_emulator_reset()
                fr_emulator_fail_call(call, 999)
                do {
                    try Self.roundTrip(try CUDA { _ in EmulatedLibrary() })
                    // Giving something back has failed, which nobody can act on.
                    #expect(fr_emulator_live_objects() <= 1, "call \(call)")
                } catch let error as DeviceError {
                    failures += 1
                    // NVRTC's own failures come with its log instead of a code.
                    let isCompilation = if case .compilation = error { true } else { false }
                    #expect(isCompilation || "\(error)".contains("999"), "call \(call): \(error)")
                    #expect(fr_emulator_live_objects() == 0, "call \(call): \(error)")
                }
            }
            // Most calls ask for something; the others give something back.
            #expect(failures > calls / 2, "\(failures) of \(calls)")
        }

        /// Work fails while it is done, long after it was asked for, and the context is lost with it.
        @Test func aFailureOfEveryPieceOfWork() throws {
            let works = try Self.roundTrip(try EmulatedLibrary.cuda())
            #expect(works > 100)
            for work in 0..<works {
                fr_emulator_reset()
                fr_emulator_fail_work(work, 719)
                #expect(throws: DeviceError.self, "work \(work)") {
                    do {
                        try Self.roundTrip(try CUDA { _ in EmulatedLibrary() })
                    } catch let error as DeviceError {
                        // The libraries have codes of their own for it.
                        #expect(["719", "cublas", "cusolver", "cudnn"].contains { "\(error)".contains($0) })
                        throw error
                    }
                }
                #expect(fr_emulator_live_objects() == 0, "work \(work)")
            }
        }

        @Test func memoryThatIsNotThere() throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_set_memory(10_000)
            do {
                let backend = try CUDABackend<Float>(cuda)
                let small = backend.zeros(rows: 100, columns: 1)
                let large = backend.zeros(rows: 200, columns: 10)
                // 1,600 bytes are left.
                _ = backend.zeros(rows: 401, columns: 1)
                // Later calls have results of their shapes, and change nothing.
                #expect(backend.shape(of: backend.combine(1, small, 1, small)) == (100, 1))
                #expect(throws: DeviceError.outOfMemory(asked: 1604, free: 1600, largest: 8000)) {
                    try backend.synchronize()
                }
                #expect(backend.shape(of: large) == (200, 10))
            }
            #expect(fr_emulator_live_objects() == 0)
        }

        /// Every primitive of `MatrixBackend` once, lanes, and those of networks that call libraries or bring numbers to the host.
        ///
        /// - Returns: the pieces of work that were asked for before the device was asked for its failures.
        @discardableResult
        private static func roundTrip(_ cuda: CUDA) throws -> Int32 {
            let backend = try CUDABackend<Float>(cuda)
            var a = backend.tensor(BlockCodecTests.matrix(order: 12, seed: 1))
            let copy = a
            backend.setBlock(&a, rows: 1..<3, columns: 2..<4, to: backend.block(a, rows: 0..<2, columns: 0..<2))
            backend.combine(0.5, into: &a, 0.5, copy)
            backend.combineSquares(1, into: &a, 0.5, copy)
            backend.addQuotient(0.1, into: &a, copy, rootOf: backend.identity(12), scale: 1, offset: 1)
            var list = [a, copy]
            backend.combine(0.5, intoEach: &list, 0.5, [copy, a])
            backend.combineSquares(1, intoEach: &list, 0.5, [copy, a])
            backend.addQuotient(0.1, intoEach: &list, [copy, a], rootOf: [copy, a], scale: 1, offset: 1)
            let moment = backend.addToDiagonal(backend.symmetricProduct(a, transposed: true, alpha: 1), 1)
            try vectors(backend, backend.symmetrize(backend.mirrorUpperTriangle(moment)))
            try codes(backend, a)
            networks(backend, a)
            let (packed, scalars) = backend.householderQR(moment)
            let factor = backend.orthogonalFactor(reflectors: packed, scalars: scalars)
            // Zeros, after a failure, have no factor.
            let cholesky = try? backend.choleskyFactor(moment)
            _ = backend.norms(of: [cholesky ?? factor, factor])
            _ = backend.largestMagnitudes(of: [backend.multiply(a, transposed: true, factor, transposed: false, alpha: 2)])
            backend.concurrently(3) { lane, index in
                let shifted = lane.combine(1, moment, Float(index), moment)
                _ = try? lane.symmetricEigen(shifted, by: .divideAndConquer)
            }
            try backend.synchronize()
            return fr_emulator_work()
        }

        private static func vectors(_ backend: CUDABackend<Float>, _ a: CUDATensor<Float>) throws {
            let diagonal = backend.select(backend.diagonal(a), permutation: (0..<12).reversed())
            let operations: [VectorOperation<Float>] = [
                .magnitude, .raise(to: 0), .raiseToShareOfLargest(0.1), .roundToFloat, .reflectorScalars(count: 3),
                .inverseDeviation(offset: 1), .variance(offset: 0, factor: 1), .inversePower(exponent: 0.25, damping: 0.1),
            ]
            let mapped = operations.map { backend.map(diagonal, $0) }
            let scaled = backend.scaleColumns(backend.selectColumns(a, [0, 0, 3]), by: backend.vector([1, 2, 3]))
            _ = backend.values(
                of: mapped + [
                    backend.distanceFromIdentity(a), backend.squaredColumnNorms(a),
                    backend.columnProducts(scaled, backend.orientColumns(scaled)),
                    backend.vector(flattening: backend.column(diagonal)),
                ])
        }

        private static func networks(_ backend: CUDABackend<Float>, _ a: CUDATensor<Float>) {
            let image = ConvolutionShape(batch: 1, height: 3, width: 4, inputs: 12, outputs: 12, kernel: 1)
            let convolved = backend.convolution(a, weight: a, image)
            _ = backend.convolutionGradient(convolved, input: a, weight: a, image, wantsInput: true)
            let shape = AttentionShape(batch: 2, length: 6, heads: 2, headWidth: 2, isCausal: true)
            _ = backend.attention(a, shape, mask: nil, bias: nil)
            _ = backend.softmaxCrossEntropy(convolved, targets: Array(0..<12), smoothing: 0.1)
        }

        /// In every format of the maxima.
        private static func codes(_ backend: CUDABackend<Float>, _ a: CUDATensor<Float>) throws {
            let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 8)
            for maxima in BlockMaximumFormat.allCases {
                let form = CodedForm(
                    rows: 12, columns: 12, region: .columns, codings: .all(coding), maxima: maxima, keepsDiagonal: true)
                let coded = try backend.encode(a, as: form)
                _ = backend.decode(backend.codedTensor(backend.codedMatrix(coded)))
            }
        }
    }
}
