import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

/// The primitives that are not single calls of another module.
@Suite struct CPUBackendTests {
    private let backend = CPUBackend<Double>()

    @Test func combinationsEntryByEntry() {
        let a = Matrix<Double>.random(rows: 5, columns: 3, seed: 1)
        let b = Matrix<Double>.random(rows: 5, columns: 3, seed: 2)
        let combined = backend.combine(1.5, a, -0.5, b)
        #expect(combined.rows == 5 && combined.columns == 3)
        #expect(combined.elements == zip(a.elements, b.elements).map { 1.5 * $0 + -0.5 * $1 })
        #expect(backend.matrix(backend.tensor(a)) == a)
    }

    @Test func theDiagonalIsRaised() {
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, 2, 3, 4])
        #expect(backend.addToDiagonal(a, 0.5).elements == [1.5, 2, 3, 4.5])
        #expect(backend.diagonal(a) == [1, 4])
        #expect(backend.addToDiagonal(Matrix(rows: 0, columns: 0), 1).elements.isEmpty)
    }

    @Test func columnsHaveTheirNorms() {
        let a = Matrix<Double>(rows: 2, columns: 3, elements: [3, 4, 0, 0, -1, 2])
        #expect(backend.squaredColumnNorms(a) == [25, 0, 5])
        #expect(backend.squaredColumnNorms(Matrix(rows: 0, columns: 2)) == [0, 0])
    }

    @Test func triangles() {
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, 7, 3, 4])
        #expect(backend.mirrorUpperTriangle(a).elements == [1, 3, 3, 4])
        #expect(backend.symmetrize(a).elements == [1, 5, 5, 4])
        #expect(backend.scaleColumns(a, by: [2, -1]).elements == [2, 14, -3, -4])
        #expect(backend.selectColumns(a, [1, 0]).elements == [3, 4, 1, 7])
        #expect(backend.largestMagnitude(a) == 7)
        #expect(backend.frobeniusNorm(Matrix(diagonal: [3, 4])) == 5)
    }

    @Test func productsTakeTheirTransposesAndFactor() {
        let a = Matrix<Double>(rows: 2, columns: 1, elements: [1, 2])
        let b = Matrix<Double>(rows: 2, columns: 1, elements: [3, 5])
        #expect(backend.multiply(a, transposed: true, b).elements == [13])
        #expect(backend.multiply(a, transposed: false, b, transposed: true, alpha: 2).elements == [6, 12, 10, 20])
        #expect(backend.symmetricProduct(a, transposed: false, alpha: 3).elements == [3, 6, 6, 12])
        #expect(backend.symmetricProduct(a, transposed: true, alpha: 3).elements == [15])
    }
}
