import CPUBackend
import CUDAEmulator
import Compute
import MatrixCore
import Synchronization
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Eigenvectors that lanes ask for: done together where that can be, and right in every case.
    @Suite struct EigenBatchTests {
        /// A lane a piece, and some with more than one.
        static let pieces = 11

        @Test func matricesOfOneOrderAreDoneTogether() throws {
            let cuda = try EmulatedLibrary.cuda()
            try decompose(on: try CUDABackend<Float>(cuda), orders: Array(repeating: 9, count: 8))
            #expect(fr_emulator_calls_of("cusolverDnXsyevBatched") == 1)
            #expect(fr_emulator_calls_of("cusolverDnSsyevd") == 0)
        }

        /// Groups of one order, single ones, and lanes that ask oftener than others.
        @Test func everyOrderHasItsGroup() throws {
            let cuda = try EmulatedLibrary.cuda()
            try decompose(on: try CUDABackend<Double>(cuda), orders: [5, 7, 5, 1, 7, 5, 5, 3, 5, 5, 7])
            #expect(fr_emulator_calls_of("cusolverDnXsyevBatched") == 3)
            #expect(fr_emulator_calls_of("cusolverDnDsyevd") == 3)
        }

        /// The same calls, whatever the threads' speed.
        @Test func groupsDoNotDependOnTime() throws {
            var counts: Set<Int32> = []
            for _ in 0..<5 {
                let cuda = try EmulatedLibrary.cuda()
                try decompose(on: try CUDABackend<Float>(cuda), orders: (0..<29).map { $0 % 3 + 4 })
                counts.insert(fr_emulator_calls_of("cusolverDnXsyevBatched") * 1000 + fr_emulator_calls_of("cusolverDnSsyevd"))
            }
            #expect(counts.count == 1)
        }

        @Test func withoutTheRoutineEachIsDoneAlone() throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_hide("cusolverDnXsyevBatched")
            try decompose(on: try CUDABackend<Float>(cuda), orders: Array(repeating: 9, count: 8))
            #expect(fr_emulator_calls_of("cusolverDnSsyevd") == 8)
        }

        @Test func largeMatricesAreDoneAlone() throws {
            let cuda = try EmulatedLibrary.cuda()
            let backend = try CUDABackend<Float>(cuda)
            backend.concurrently(2) { lane, _ in
                // Diagonal, since rotations of a full one of this order would take the emulator too long.
                let values = (try? lane.symmetricEigen(lane.identity(513), by: .divideAndConquer))?.values
                #expect(values.map { lane.values(of: $0) } == Array(repeating: 1, count: 513))
            }
            #expect(fr_emulator_calls_of("cusolverDnSsyevd") == 2)
            try backend.synchronize()
        }

        /// Work memory that does not fit takes a batch apart, down to single matrices.
        @Test(arguments: [(300, 4, 0), (900, 0, 8)])
        func memoryThatIsNotThereTakesABatchApart(_ share: UInt, _ batches: Int32, _ alone: Int32) throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_set_memory(1_000_000)
            fr_emulator_set_batch_workspace(share * 1000)
            try decompose(on: try CUDABackend<Float>(cuda), orders: Array(repeating: 9, count: 8))
            // In the first case there is room for two matrices' work memory, in the second for none's.
            #expect(fr_emulator_calls_of("cusolverDnXsyevBatched") == batches)
            #expect(fr_emulator_calls_of("cusolverDnSsyevd") == alone)
        }

        /// Pieces that end at once, that nest, and of which one is refused.
        @Test func lanesMayGoTheirOwnWays() throws {
            let cuda = try EmulatedLibrary.cuda()
            do {
                let backend = try CUDABackend<Float>(cuda)
                let outcomes = Mutex([String](repeating: "", count: Self.pieces))
                let good = backend.tensor(Self.matrix(6, 1))
                var spoiled: Matrix<Float> = Self.matrix(6, 2)
                spoiled[0, 3] = .nan
                let bad = backend.tensor(spoiled)
                backend.concurrently(Self.pieces) { lane, index in
                    if index % 3 == 0 { return outcomes.withLock { $0[index] = "none" } }
                    lane.concurrently(2) { inner, part in
                        let outcome: String
                        do throws(DecompositionError) {
                            _ = try inner.symmetricEigen(index == 4 && part == 1 ? bad : good, by: .divideAndConquer)
                            outcome = "done"
                        } catch {
                            outcome = error == .noConvergence(routine: "syevd", code: 1) ? "refused" : "\(error)"
                        }
                        outcomes.withLock { $0[index] += "\(outcome) " }
                    }
                }
                let expected = (0..<Self.pieces).map { $0 % 3 == 0 ? "none" : $0 == 4 ? "done refused " : "done done " }
                #expect(outcomes.withLock { $0 } == expected)
                try backend.synchronize()
            }
            MatrixConformanceTests.expectCleanEnd()
        }

        /// A device that has failed lets every lane come to its end.
        @Test func aFailureHoldsNobodyUp() throws {
            let cuda = try EmulatedLibrary.cuda()
            do {
                let backend = try CUDABackend<Float>(cuda)
                let tensor = backend.tensor(Self.matrix(6, 1))
                try backend.synchronize()
                fr_emulator_fail_call(fr_emulator_calls() + 20, 999)
                let count = Mutex(0)
                for _ in 0..<2 {
                    backend.concurrently(Self.pieces) { lane, _ in
                        lane.concurrently(2) { inner, _ in _ = try? inner.symmetricEigen(tensor, by: .divideAndConquer) }
                        count.withLock { $0 += 1 }
                    }
                }
                #expect(count.withLock { $0 } == 2 * Self.pieces)
                #expect(throws: DeviceError.self) { try backend.synchronize() }
            }
            #expect(fr_emulator_live_objects() == 0)
        }

        // MARK: What is right

        private static func matrix<Scalar: CUDAScalar>(_ order: Int, _ seed: UInt64) -> Matrix<Scalar> {
            var generator = PhiloxGenerator(seed: seed)
            let elements = (0..<order * order).map { _ in Scalar(Double.random(in: -1...1, using: &generator)) }
            return Matrix(rows: order, columns: order, elements: elements).symmetrized
        }

        /// Decomposes matrices side by side; ‖AV − VΛ‖ and ‖VᵀV − I‖ in units of ‖A‖·n·u, with LAPACK's threshold of 30.
        private func decompose<Scalar: CUDAScalar>(on backend: CUDABackend<Scalar>, orders: [Int]) throws {
            let matrices: [Matrix<Scalar>] = orders.enumerated().map { Self.matrix($1, UInt64($0)) }
            let results = backend.concurrentMap(orders.count) { lane, index in
                // A lane's own tensor, which no other stream has seen.
                try? lane.symmetricEigen(lane.tensor(matrices[index]), by: .divideAndConquer)
            }
            let judge = CPUBackend<Double>()
            for (matrix, result) in zip(matrices, results) {
                let (values, vectors) = try #require(result)
                let (a, v) = (Matrix<Double>(matrix), Matrix<Double>(backend.matrix(vectors)))
                let lambda = backend.values(of: values).map { Double($0) }
                let bound = 30 * Double(a.order) * Double(Scalar.ulpOfOne) / 2
                let product = judge.multiply(a, transposed: false, v, transposed: false, alpha: 1)
                let residual = judge.combine(1, product, -1, v.scalingColumns(by: lambda)).frobeniusNorm
                #expect(residual <= bound * a.frobeniusNorm, "order \(a.order): \(residual)")
                let gram = judge.multiply(v, transposed: true, v, transposed: false, alpha: 1)
                #expect(judge.combine(1, gram, -1, .identity(a.order)).frobeniusNorm <= bound)
                #expect(lambda == lambda.sorted())
            }
            try backend.synchronize()
        }
    }
}
