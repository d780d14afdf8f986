import Compute
import MatrixCore
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// The gradient's place: the logits' own where nobody else holds them.
    @Suite struct CrossEntropyPlaceTests {
        @Test(arguments: [3, 8]) func logitsThatNobodyHoldsBecomeTheGradient(_ classes: Int) throws {
            let backend = try EmulatedLibrary.backend(Float.self)
            let matrix = Matrix<Float>.random(rows: classes, columns: 5, seed: 1)
            let held = backend.tensor(matrix)
            let apart = backend.softmaxCrossEntropy(held, targets: [0, 1, 2, 0, 1], smoothing: 0.1)
            #expect(apart.gradient.address != held.address && backend.matrix(held) == matrix)
            let alone = backend.tensor(matrix)
            let address = alone.address
            let found = backend.softmaxCrossEntropy(consume alone, targets: [0, 1, 2, 0, 1], smoothing: 0.1)
            #expect(found.gradient.address == address)
            #expect(found.loss == apart.loss && found.correct == apart.correct)
            #expect(backend.matrix(found.gradient) == backend.matrix(apart.gradient))
            try backend.synchronize()
        }
    }
}
