import Compute
import MatrixCore
import TestSupport
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Factors are rounded where that was asked for, and nowhere else.
    @Suite struct ProductPrecisionTests {
        /// 1 + 2^-9 has 10 bits, more than the 8 of bfloat16; 1 + 2^-12 has more than the 11 of TF32.
        @Test(arguments: zip(ProductPrecision.allCases, [[0x1p-9, 0x1p-12], [0x1p-9, 0], [0, 0]] as [[Float]]))
        func factorsAreRoundedTo(_ precision: ProductPrecision, _ rests: [Float]) throws {
            let backend = try CUDABackend<Float>(try EmulatedLibrary.cuda(), precision: precision)
            let factor = backend.tensor(Matrix(rows: 2, columns: 1, elements: [1 + 0x1p-9, 1 + 0x1p-12]))
            let one = backend.identity(1)
            let product = backend.multiply(factor, transposed: false, one, transposed: false, alpha: 1)
            #expect(backend.matrix(product).elements == rests.map { 1 + $0 })
        }

        /// What is done side by side is the work of optimizers, whose products stay exact: one piece, several, and pieces of pieces.
        @Test(arguments: [1, 3]) func piecesSideBySideRoundNothing(_ count: Int) throws {
            let backend = try CUDABackend<Float>(try EmulatedLibrary.cuda(), precision: .bfloat16)
            let factor = backend.tensor(Matrix(rows: 1, columns: 1, elements: [1 + 0x1p-12]))
            let found = backend.concurrentMap(count) { lane, _ in
                lane.concurrentMap(2) { inner, _ in
                    inner.matrix(inner.multiply(factor, transposed: false, inner.identity(1), transposed: false, alpha: 1))
                }
            }
            let elements = found.flatMap { pieces in pieces.flatMap { $0.elements } }
            #expect(elements == Array(repeating: 1 + 0x1p-12, count: 2 * count))
        }

        @Test(arguments: ProductPrecision.allCases) func doublesStayAsTheyAre(_ precision: ProductPrecision) throws {
            let backend = try CUDABackend<Double>(try EmulatedLibrary.cuda(), precision: precision)
            let factor = backend.tensor(Matrix(rows: 1, columns: 1, elements: [1 + 0x1p-40]))
            let product = backend.multiply(factor, transposed: false, backend.identity(1), transposed: true, alpha: 1)
            #expect(backend.matrix(product).elements == [1 + 0x1p-40])
        }

        /// Halfway between two numbers of 8 bits the even one is taken: 1 + 2^-8 falls to 1, and 1 + 3·2^-8 rises to 1 + 2^-6. Infinities
        /// and NaN stay.
        @Test(arguments: [1, 4]) func roundingIsToTheNearestAndEven(_ rows: Int) throws {
            let backend = try CUDABackend<Float>(try EmulatedLibrary.cuda(), precision: .bfloat16)
            let cases: [(Float, Float)] = [
                (1 + 0x1p-8, 1), (1 + 0x3p-8, 1 + 0x1p-6), (1 + 0x1.01p-8, 1 + 0x1p-7), (-1 - 0x1p-8, -1), (-0.0, -0.0),
                (.infinity, .infinity), (.greatestFiniteMagnitude, .infinity), (0x1p-133, 0x1p-133), (0x1p-134, 0),
            ]
            for (entry, rounded) in cases {
                let factor = backend.tensor(
                    Matrix(rows: rows, columns: 1, elements: Array(repeating: entry, count: rows)))
                let product = backend.multiply(factor, transposed: false, backend.identity(1), transposed: false, alpha: 1)
                #expect(backend.matrix(product).elements == Array(repeating: rounded, count: rows), "\(entry)")
            }
            let nan = backend.tensor(Matrix<Float>(rows: 1, columns: 1, elements: [Float(bitPattern: 0x7f80_0001)]))
            let product = backend.multiply(nan, transposed: false, backend.identity(1), transposed: false, alpha: 1)
            #expect(backend.matrix(product).elements[0].isNaN)
        }

        /// A factor that was changed in place after a product is not taken for what it was.
        @Test func copiesOfFactorsFollowThem() throws {
            let backend = try CUDABackend<Float>(try EmulatedLibrary.cuda(), precision: .bfloat16)
            var factor = backend.tensor(Matrix(rows: 1, columns: 1, elements: [2]))
            let one = backend.identity(1)
            for expected: Float in [2, 4, 8] {
                for _ in 0..<2 {
                    let product = backend.multiply(factor, transposed: false, one, transposed: true, alpha: 1)
                    #expect(backend.matrix(product).elements == [expected])
                }
                backend.combine(2, into: &factor, 0, one)
            }
        }

        /// Queries, keys, values and the output's gradient have 4 bits here, so that only weights and slopes are rounded, each by
        /// 2^-9 of it at most and half a unit of the smallest; whatever is added to scores, its gradient is of exact slopes.
        ///
        /// Weights sum to 1, so that the output is off by 2^-9 of the largest value, and slopes are below 2d for d entries below 1 in a
        /// head, so that a gradient is off by 2^-9·2d·length/√d. Twice that leaves room for float32's own roundings.
        @Test(arguments: [false, true]) func attentionRoundsWeightsAndSlopesOnly(_ isBiased: Bool) throws {
            let shape = AttentionShape(batch: 2, length: 12, heads: 2, headWidth: 4, isCausal: true)
            func tensor(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Matrix<Float> {
                let deviates = Matrix<Float>.random(rows: rows, columns: columns, seed: seed)
                return Matrix(rows: rows, columns: columns, elements: deviates.elements.map { ($0 * 8).rounded() / 8 })
            }
            let (x, dy) = (tensor(3 * shape.width, 24, 1), tensor(shape.width, 24, 2))
            func results(_ precision: ProductPrecision) throws -> [Matrix<Float>] {
                let backend = try CUDABackend<Float>(try EmulatedLibrary.cuda(), precision: precision)
                let bias = isBiased ? AttentionBias(heads: backend.tensor(tensor(12, 24, 3)), samples: nil) : nil
                let found = backend.attention(backend.tensor(x), shape, mask: nil, bias: bias)
                let gradient = backend.attentionGradient(
                    backend.tensor(dy), projections: backend.tensor(x), probabilities: found.probabilities, shape, mask: nil,
                    bias: bias)
                try backend.synchronize()
                return [found.output, gradient.projections].map { backend.matrix($0) }
                    + (gradient.bias.map { [backend.matrix($0)] } ?? [])
            }
            let (exact, rounded) = (try results(.float32), try results(.bfloat16))
            for (index, bound) in [0x1p-8, 0x1p-8 * 2 * 4 * 12 / 2].enumerated() {
                let difference = Double(largestDifference(exact[index], rounded[index]))
                #expect(difference > 0x1p-16 && difference <= bound, "\(index): \(difference)")
            }
            #expect(exact.dropFirst(2) == rounded.dropFirst(2))
        }
    }
}
