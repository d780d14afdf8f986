import CPUBackend
import IndependentProduct
import MatrixCore
import Preconditioning
import Spectra
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

@Suite struct RectificationTests {
    /// On a diagonal matrix σ becomes 1.5σ − 0.5σ³; σ², its product with σ, the halves and their sum round once each.
    @Test func singularValuesFollowTheMap() {
        let values = [0, 1e-3, 0.1, 0.5, 0.9, 0.999, 1, 1.001, 1.2, 1.7, -0.8]
        let mapped = rectify(Matrix(diagonal: values), steps: 1, backend)
        for (index, sigma) in values.enumerated() {
            let cube = 0.5 * sigma * sigma * sigma
            let expected = 1.5 * sigma - cube
            expectBound(
                (mapped[index, index] - expected).magnitude,
                atMost: 4 * 0x1p-53 * (1.5 * sigma.magnitude + cube.magnitude), "\(sigma)")
        }
        let offDiagonal = Matrix(diagonal: mapped.diagonal)
        #expect(mapped == offDiagonal)
    }

    /// 1 − σ′ = 1.5(1 − σ)² − 0.5(1 − σ)³, an identity.
    @Test(arguments: [0.3, 0.1, 0.01, 1e-4, -0.01, -0.1, -0.5])
    func convergenceIsQuadratic(distance: Double) {
        let mapped = rectify(Matrix(diagonal: [1 - distance]), steps: 1, backend)[0, 0]
        let expected = 1.5 * distance * distance - 0.5 * distance * distance * distance
        expectBound((1 - mapped - expected).magnitude, atMost: 8 * 0x1p-53)
    }

    /// Any σ in (0, √3) goes to 1: an error below 1 shrinks like 1.5^(2^k − 1)·δ^(2^k) once it is below 2/3, and a σ
    /// near 0 grows by 1.5 a step.
    @Test func theWholeIntervalGoesToOne() {
        let values = stride(from: 0.01, through: 1.73, by: 0.01).map { $0 }
        let rectified = rectify(Matrix(diagonal: values), steps: 60, backend)
        expectTestRatio(largestDifference(rectified, .identity(values.count)), scale: 1, order: 1)
    }

    /// U·Σ·Wᵀ becomes U·Σ′·Wᵀ, for either scalar.
    @Test(arguments: [1, 2, 3, 17, 65])
    func vectorsOfTheFactorsStay(order: Int) {
        var generator = PhiloxGenerator(seed: 3)
        let u = haarOrthogonal(order: order, using: &generator)
        let w = haarOrthogonal(order: order, using: &generator)
        var values = (0..<order).map { _ in 0.5 + generator.uniform() }
        func product(_ values: [Double]) -> Matrix<Double> {
            independentProduct(u.scalingColumns(by: values), w.transposed)
        }
        let start = product(values)
        for steps in 0...4 {
            expectTestRatio(
                largestDifference(rectify(start, steps: steps, backend), product(values)), scale: 1, order: order,
                "\(steps) steps")
            let single = rectify(Matrix<Float>(start), steps: steps, CPUBackend<Float>())
            expectTestRatio(
                largestDifference(Matrix<Double>(single), product(values)), scale: 1, order: order,
                unitRoundoff: 0x1p-24, "\(steps) steps")
            values = values.map { 1.5 * $0 - 0.5 * $0 * $0 * $0 }
        }
    }

    @Test func defectsAreThoseOfTheGramMatrix() {
        #expect(orthogonalityDefect(Matrix(diagonal: [1, 0.5, -1]), backend) == 0.75)
        #expect(orthogonalityDefect(Matrix(diagonal: [2, 1]), backend) == 3)
        let skewed = Matrix<Double>(rows: 2, columns: 2, elements: [1, 0, 0.25, 1])
        #expect(orthogonalityDefect(skewed, backend) == 0.25)
        #expect(orthogonalityDefect(Matrix(rows: 0, columns: 0), backend) == 0)
        #expect(orthogonalityDefect(Matrix(diagonal: [1, .nan]), backend).isNaN)
    }
}
