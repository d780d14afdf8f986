import Compute
import MatrixCore
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
    }
}
