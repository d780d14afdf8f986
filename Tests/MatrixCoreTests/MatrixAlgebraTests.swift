import MatrixCore
import TestSupport
import Testing

/// Sizes below, at and above the tile of 32.
private let shapes = [(0, 0), (0, 3), (4, 0), (1, 1), (1, 9), (7, 5), (31, 33), (32, 32), (33, 64), (65, 100)]

@Suite struct MatrixAlgebraTests {
    @Test(arguments: shapes)
    func transposedExchangesTheIndices(rows: Int, columns: Int) {
        let a = Matrix<Double>.random(rows: rows, columns: columns, seed: 1)
        let transposed = a.transposed
        #expect(transposed.rows == columns && transposed.columns == rows)
        #expect((0..<rows).allSatisfy { i in (0..<columns).allSatisfy { j in transposed[j, i] == a[i, j] } })
        #expect(transposed.transposed == a)
    }

    @Test(arguments: [0, 1, 2, 31, 32, 33, 65])
    func mirroringReadsTheUpperTriangle(order: Int) {
        let a = Matrix<Float>.random(rows: order, columns: order, seed: 2)
        var mirrored = a
        mirrored.mirrorUpperTriangle()
        #expect((0..<order).allSatisfy { i in (0..<order).allSatisfy { j in mirrored[i, j] == a[min(i, j), max(i, j)] } })
    }

    @Test func symmetrizedIsTheMean() {
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, 5, 2, 4])
        #expect(a.symmetrized.elements == [1, 3.5, 3.5, 4])
        let random = Matrix<Double>.random(rows: 40, columns: 40, seed: 3).symmetrized
        #expect(random == random.transposed)
        #expect(random.symmetrized == random)
    }

    /// Neither the sum of two huge entries nor the half of a tiny one may spoil what is already symmetric.
    @Test func symmetrizedKeepsTheEndsOfTheRange() {
        let huge = Double.greatestFiniteMagnitude
        let tiny = Double.leastNonzeroMagnitude
        for value in [huge, -huge, tiny, 3 * tiny, -5 * tiny, .infinity] {
            let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, value, value, 1])
            #expect(a.symmetrized == a)
        }
        let mixed = Matrix<Double>(rows: 2, columns: 2, elements: [1, huge, -huge, 1])
        #expect(mixed.symmetrized[0, 1] == 0)
        let broken = Matrix<Double>(rows: 2, columns: 2, elements: [1, .nan, 2, 1]).symmetrized
        #expect(broken[0, 1].isNaN && broken[1, 0].isNaN)
    }

    @Test func columnsAreScaledAndSelected() {
        let a = Matrix<Double>(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
        #expect(a.scalingColumns(by: [2, 0, -1]).elements == [2, 4, 0, 0, -5, -6])
        #expect(a.selectingColumns([2, 0, 2, 1]) == Matrix(rows: 2, columns: 4, elements: [5, 6, 1, 2, 5, 6, 3, 4]))
        #expect(a.selectingColumns([]) == Matrix(rows: 2, columns: 0))
        #expect(Matrix<Double>(rows: 0, columns: 2).scalingColumns(by: [1, 2]).elements.isEmpty)
    }
}
