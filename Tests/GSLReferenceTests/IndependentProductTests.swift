import MatrixCore
import TestSupport
import Testing

@testable import IndependentProduct

/// The definition: three loops, every operation rounded by itself.
private func threeLoops(_ a: Matrix<Double>, scaledBy d: [Double]? = nil, _ b: Matrix<Double>) -> Matrix<Double> {
    var result = Matrix<Double>(rows: a.rows, columns: b.columns)
    for i in 0..<a.rows {
        for j in 0..<b.columns {
            var sum = 0.0
            for k in 0..<a.columns {
                let left = d.map { a[i, k] * $0[k] } ?? a[i, k]
                let product = left * b[k, j]
                sum += product
            }
            result[i, j] = sum
        }
    }
    return result
}

private func sameBits(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Bool {
    a.rows == b.rows && a.columns == b.columns && a.elements.map(\.bitPattern) == b.elements.map(\.bitPattern)
}

@Suite struct IndependentProductTests {
    static let orders = [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130]

    @Test(arguments: orders)
    func squareProductsHaveTheBitsOfTheDefinition(order: Int) {
        let a = Matrix<Double>.random(rows: order, columns: order, seed: 1)
        let b = Matrix<Double>.random(rows: order, columns: order, seed: 2)
        for instructions in InstructionSet.available {
            #expect(sameBits(independentProduct(a, b, instructions: instructions), threeLoops(a, b)))
        }
        #expect(sameBits(independentProduct(transposing: a, b), threeLoops(a.transposed, b)))
    }

    /// Depths on both sides of the 256 after which the sums leave the registers, widths on both sides of the 480
    /// columns of a packed block.
    @Test(arguments: [
        (0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 1, 300), (1, 300, 1), (300, 1, 1), (17, 255, 9), (17, 256, 9),
        (17, 257, 9), (5, 513, 7), (129, 20, 481), (16, 5, 480), (200, 31, 11),
    ])
    func rectangularProductsHaveTheBitsOfTheDefinition(rows: Int, depth: Int, columns: Int) {
        let a = Matrix<Double>.random(rows: rows, columns: depth, seed: 3)
        let b = Matrix<Double>.random(rows: depth, columns: columns, seed: 4)
        for instructions in InstructionSet.available {
            #expect(sameBits(independentProduct(a, b, instructions: instructions), threeLoops(a, b)))
        }
    }

    @Test(arguments: orders + [300, 500])
    func symmetricProductsHaveTheBitsOfTheDefinition(order: Int) {
        for depth in [order, 2 * order / 3 + 1] {
            let a = Matrix<Double>.random(rows: order, columns: depth, seed: 5)
            let d = Matrix<Double>.random(rows: depth, columns: 1, seed: 6).elements
            var expected = threeLoops(a, scaledBy: d, a.transposed)
            expected.mirrorUpperTriangle()
            for instructions in InstructionSet.available {
                #expect(
                    sameBits(independentSymmetricProduct(a, diagonal: d, instructions: instructions), expected))
            }
            #expect(sameBits(independentGramMatrix(a), threeLoops(a.transposed, a)))
        }
    }

    /// (1 + 2⁻³⁰)² = 1 + 2⁻²⁹ + 2⁻⁶⁰; only a fused multiply-add keeps the last term after subtracting the first two.
    @Test func productsAreRoundedBeforeTheyAreAdded() {
        let x = 1 + 0x1p-30
        let a = Matrix(rows: 2, columns: 16, elements: (0..<16).flatMap { _ in [1, x] }).transposed
        let b = Matrix(rows: 2, columns: 8, elements: (0..<8).flatMap { _ in [-(1 + 0x1p-29), x] })
        for instructions in InstructionSet.available {
            #expect(independentProduct(a, b, instructions: instructions).elements.allSatisfy { $0 == 0 })
        }
    }

    @Test func infinitiesStayInTheirRowAndColumn() {
        var a = Matrix<Double>.random(rows: 17, columns: 17, seed: 7)
        a[16, 3] = .infinity
        let product = independentProduct(a, .identity(17))
        #expect(product[16, 3] == .infinity)
        #expect(product[16, 0].isNaN)
        #expect((0..<16).allSatisfy { row in (0..<17).allSatisfy { product[row, $0] == a[row, $0] } })
    }
}
