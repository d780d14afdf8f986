import CPUBackend
import IndependentProduct
import MatrixCore
import Preconditioning
import Quantization
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

@Suite struct EigenvectorStatisticTests {
    /// Without rectification the vectors are their columns through the reference codec; with it, `rectify` of those.
    @Test(arguments: [1, 2, 17, 65])
    func vectorsAreCodedColumnByColumn(order: Int) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e3), order: order)
        for name in CodebookName.allCases {
            let coding = try blockCoding(name, bits: 4, block: 16)
            let kept = try EigenvectorStatistic(
                eigenvalues: known.eigenvalues, vectors: known.vectors, coding: coding, backend: backend)
            #expect(kept.eigenvalues == known.eigenvalues.map { Double(Float($0)) })
            var expected = known.vectors
            for column in 0..<order {
                let values = throughReferenceCodec(known.vectors.column(column).map { Float($0) }, coding)
                for row in 0..<order { expected[row, column] = Double(values[row]) }
            }
            #expect(kept.vectors(rectificationSteps: 0, backend) == expected)
            #expect(kept.vectors(rectificationSteps: 3, backend) == rectify(expected, steps: 3, backend))
        }
    }

    /// With E = VᵀV − I a step makes E′ = −¾E² + ¼E³: (I + E)(I − E/2)² − I. Coded vectors of 4 bits are within its reach.
    @Test(arguments: [CodebookName.linear2, .dynamicTree, .nf4])
    func rectificationRestoresOrthogonality(name: CodebookName) throws {
        let n = 100
        let known = try KnownStatistic(.geometric(conditionNumber: 1e3), order: n)
        let kept = try EigenvectorStatistic(
            eigenvalues: known.eigenvalues, vectors: known.vectors, coding: blockCoding(name, bits: 4), backend: backend)
        let residuals = (0...12).map {
            difference(independentGramMatrix(kept.vectors(rectificationSteps: $0, backend)), .identity(n))
        }
        for (e, next) in zip(residuals, residuals.dropFirst()) {
            let square = independentProduct(e, e)
            let cube = independentProduct(square, e)
            let expected = Matrix(
                rows: n, columns: n, elements: zip(square.elements, cube.elements).map { -0.75 * $0 + 0.25 * $1 })
            expectTestRatio(largestDifference(next, expected), scale: 1 + e.frobeniusNorm, order: n)
        }
        #expect(residuals[0].largestMagnitude > 1e-3)
        expectTestRatio(residuals[12].largestMagnitude, scale: 1, order: n)
    }

    @Test func eigenvaluesBeyondSinglePrecision() throws {
        let coding = try blockCoding(.linear2, bits: 4)
        #expect(throws: QuantizationError.notFinite(row: 1, column: 1, value: .infinity)) {
            try EigenvectorStatistic(
                eigenvalues: [1, 1e39], vectors: .identity(2), coding: coding, backend: backend)
        }
        #expect(throws: QuantizationError.notFinite(row: 0, column: 0, value: -.infinity)) {
            try HouseholderStatistic(
                eigenvalues: [1, -1e39], vectors: .identity(2), permutation: [1, 0], coding: coding, backend: backend)
        }
    }
}
