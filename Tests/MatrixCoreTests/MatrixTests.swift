import MatrixCore
import TestSupport
import Testing

@Suite struct MatrixTests {
    @Test func memoryIsColumnMajor() {
        var a = Matrix<Double>(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
        #expect([a[0, 0], a[1, 0], a[0, 1], a[1, 1], a[0, 2], a[1, 2]] == [1, 2, 3, 4, 5, 6])
        #expect(Array(a.column(1)) == [3, 4])
        a[1, 2] = 7
        #expect(a.elements == [1, 2, 3, 4, 5, 7])
        #expect(!a.isSquare)
    }

    @Test func diagonals() {
        var wide = Matrix<Double>(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
        #expect(wide.diagonal == [1, 4])
        wide.diagonal = [8, 9]
        #expect(wide.elements == [8, 2, 3, 9, 5, 6])
        let tall = Matrix<Double>(rows: 3, columns: 1, elements: [1, 2, 3])
        #expect(tall.diagonal == [1])
        #expect(Matrix<Float>(diagonal: [2, 3]).elements == [2, 0, 0, 3])
        #expect(Matrix<Float>.identity(2).elements == [1, 0, 0, 1])
        #expect(Matrix<Float>.identity(0).elements.isEmpty)
    }

    @Test func conversionRoundsToNearestAndTiesToEven() {
        // 1 + 2^-24 and 1 + 3·2^-24, what lies just above the first, and the two ties at the foot of float32.
        let ties: [Double] = [0x1.000001p0, 0x1.000003p0, 0x1.0000010000001p0, 0x1p-150, 0x1.8p-149, 1e39]
        let single = Matrix<Float>(Matrix<Double>(rows: 6, columns: 1, elements: ties))
        let expected: [Float] = [1, 0x1.000004p0, 0x1.000002p0, 0, 0x1p-148, .infinity]
        #expect(single.elements == expected)
        #expect(Matrix<Double>(Matrix<Float>(rows: 1, columns: 1, elements: [0.1]))[0, 0] == Double(Float(0.1)))
    }
}
