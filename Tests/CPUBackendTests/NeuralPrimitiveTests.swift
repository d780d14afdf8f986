import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

/// The primitives that move and add entries.
@Suite struct NeuralPrimitiveTests {
    private let a = Matrix<Float>(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])

    /// One rounding per operation in every implementation: the bits of the formulas.
    @Test(arguments: setups) func passesOfOptimizers(setup: Setup) {
        let backend = setup.single
        for count in [0, 1, 15, 17, 33, 70_001] {
            let x = Matrix<Float>.random(rows: count, columns: 1, seed: 11)
            let y = Matrix<Float>.random(rows: count, columns: 1, seed: 12)
            let z = x.mapped { $0 * $0 }
            let combined = zip(x.elements, y.elements).map { 0.9 * $0 + 0.1 * $1 }
            #expect(backend.combine(0.9, x, 0.1, y).elements == combined)
            var (first, second, third) = (x, x, x)
            backend.combine(0.9, into: &first, 0.1, y)
            #expect(first.elements == combined)
            backend.combineSquares(0.9, into: &second, 0.1, y)
            #expect(second.elements == zip(x.elements, y.elements).map { 0.9 * $0 + 0.1 * ($1 * $1) })
            backend.addQuotient(-0.01, into: &third, y, rootOf: z, scale: 1.5, offset: 1e-8)
            #expect(
                third.elements
                    == x.elements.indices.map {
                        x.elements[$0] + -0.01 * (y.elements[$0] / (z.elements[$0].squareRoot() * 1.5 + 1e-8))
                    })
        }
    }

    @Test func embeddings() {
        let backend = CPUBackend<Float>()
        let columns = backend.gatherRows(a, [1, 0, 1])
        #expect(columns.rows == 3 && columns.elements == [2, 4, 6, 1, 3, 5, 2, 4, 6])
        let table = backend.scatterRows(columns, [1, 0, 1], count: 3)
        #expect(table.rows == 3 && table.columns == 3)
        #expect(table.elements == [1, 4, 0, 3, 8, 0, 5, 12, 0])
        #expect(backend.gatherRows(a, []).columns == 0)
    }

    /// ⟨scatter(C), T⟩ = ⟨C, gather(T)⟩ for small integers, exactly.
    @Test(arguments: setups) func scatteringIsTheTransposeOfGathering(setup: Setup) {
        let backend = setup.single
        var generator = PhiloxGenerator(seed: 6)
        let rows = (0..<500).map { _ in Int(generator.next() % 65) }
        let table = Matrix<Float>(rows: 65, columns: 96, elements: (0..<65 * 96).map { Float($0 % 7) })
        let columns = Matrix<Float>(rows: 96, columns: 500, elements: (0..<96 * 500).map { Float($0 % 5) })
        let left = innerProduct(Matrix<Double>(backend.scatterRows(columns, rows, count: 65)), Matrix<Double>(table))
        let right = innerProduct(Matrix<Double>(columns), Matrix<Double>(backend.gatherRows(table, rows)))
        #expect(left == right)
    }

    @Test(arguments: setups) func groups(setup: Setup) {
        let backend = setup.single
        let x = Matrix<Float>(rows: 2, columns: 4, elements: [1, 2, 3, 6, 5, 0, 7, 8])
        #expect(backend.groupMeans(x, size: 2).elements == [2, 4, 6, 4])
        #expect(backend.spreadGroups(a, size: 2).elements == [0.5, 1, 0.5, 1, 1.5, 2, 1.5, 2, 2.5, 3, 2.5, 3])
        // Integers of a large batch: sums are exact, and a division by 64 too.
        let large = Matrix<Float>(rows: 64, columns: 128 * 64, elements: (0..<64 * 128 * 64).map { Float($0 % 13) })
        let means = backend.groupMeans(large, size: 64)
        var expected = Matrix<Float>(rows: 64, columns: 128)
        for column in 0..<large.columns {
            for row in 0..<64 { expected[row, column / 64] += large[row, column] / 64 }
        }
        #expect(means == expected)
        #expect(backend.spreadGroups(means, size: 64).column(100).map { $0 * 64 } == Array(means.column(1)))
    }

    @Test func dropoutDependsOnPlaceAndGeneratorAlone() {
        let generator = PhiloxGenerator(seed: 7, stream: 1)
        let mask = CPUBackend<Float>(threads: 1).dropoutMask(rows: 7, columns: 20_001, rate: 0.25, generator: generator)
        let cut = CPUBackend<Float>(threads: 3).dropoutMask(rows: 20_001, columns: 7, rate: 0.25, generator: generator)
        #expect(mask.elements == cut.elements)
        let shorter = CPUBackend<Double>().dropoutMask(rows: 3, columns: 3, rate: 0.25, generator: generator)
        #expect(shorter.elements == mask.elements[..<9].map { Double($0) == 0 ? 0 : 4.0 / 3 })
        #expect(Set(mask.elements) == [0, Float(4.0 / 3)])
        expectStatistical(mask.elements.map { $0 == 0 ? 1.0 : 0 }, mean: 0.25)
        for setup in setups {
            let wide = setup.single.dropoutMask(rows: 20_003, columns: 5, rate: 0.25, generator: generator)
            let plain = setup.double.dropoutMask(rows: 20_003, columns: 5, rate: 0.25, generator: generator)
            #expect(wide.elements.map { $0 > 0 } == plain.elements.map { $0 > 0 }, "\(setup.testDescription)")
        }
        let other = PhiloxGenerator(seed: 7, stream: 2)
        #expect(CPUBackend<Float>().dropoutMask(rows: 7, columns: 20_001, rate: 0.25, generator: other) != mask)
        #expect(
            CPUBackend<Float>().dropoutMask(rows: 3, columns: 3, rate: 0, generator: other).elements
                == Array(repeating: 1, count: 9))
    }
}
