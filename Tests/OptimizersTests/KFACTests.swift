import CPUBackend
import Compute
import MatrixCore
import Preconditioning
import TestSupport
import Testing

@testable import Optimizers

/// K-FAC against its definition, computed another way.
@Suite struct KFACTests {
    private let backend = CPUBackend<Double>()
    private typealias Factors = GradientFactors<Matrix<Double>>

    /// Two uses of a parameter of 5 × 4, with 7 and 3 positions.
    private let uses = [
        Factors(rows: .random(rows: 5, columns: 7, seed: 1), columns: .random(rows: 4, columns: 7, seed: 2)),
        Factors(rows: .random(rows: 5, columns: 3, seed: 3), columns: .random(rows: 4, columns: 3, seed: 4)),
    ]

    /// Σ over uses and positions of the product of two entries.
    private func sum(_ a: (Factors, Int) -> Double, _ b: (Factors, Int) -> Double) -> Double {
        uses.reduce(0) { sum, use in (0..<use.rows.columns).reduce(sum) { $0 + a(use, $1) * b(use, $1) } }
    }

    private var gradient: ParameterGradient<CPUBackend<Double>> {
        var tensor = Matrix<Double>(rows: 5, columns: 4)
        for row in 0..<5 {
            for column in 0..<4 { tensor[row, column] = sum({ $0.rows[row, $1] }, { $0.columns[column, $1] }) }
        }
        return ParameterGradient(tensor, norm: tensor.frobeniusNorm, factors: uses)
    }

    private func factor(_ side: BlockSide, _ range: Range<Int>) -> Matrix<Double> {
        var result = Matrix<Double>(rows: range.count, columns: range.count)
        for i in range {
            for j in range {
                result[i - range.lowerBound, j - range.lowerBound] =
                    side == .left
                    ? sum({ $0.rows[i, $1] }, { $0.rows[j, $1] }) : sum({ $0.columns[i, $1] }, { $0.columns[j, $1] })
            }
        }
        return result
    }

    private func settings(
        decay: Double = 0.9, damping: Double = 0.1, largestOrder: Int = .max, statistics: Int = 1, roots: Int = 1
    ) throws -> PreconditionerSettings {
        try PreconditionerSettings(
            PreconditionerScheme(
                statistic: .exact, root: .exact, decay: decay, damping: damping, exponent: 1, solver: .eigen,
                beginsAtZero: true),
            statisticsInterval: statistics, rootInterval: roots, largestOrder: largestOrder)
    }

    private func state(
        after steps: Int, _ method: TwoSided<KFAC, CPUBackend<Double>>
    ) throws -> BlockSides<CPUBackend<Double>> {
        var generator = PhiloxGenerator(seed: 1)
        let start = try method.initialState(for: ParameterShape([5, 4]), using: &generator, backend)
        var state = try #require(start)
        for step in 1...steps { method.update(&state, with: gradient, step: OptimizerStep(step), backend) }
        return state
    }

    /// After k equal moments a statistic that began at zero is (1 − βᵏ) of one, blocks being parts of it.
    @Test(arguments: [1, 3]) func statisticsAreSumsOverPositions(steps: Int) throws {
        let state = try state(after: steps, TwoSided(settings(largestOrder: 3)))
        #expect(state.places.map(\.range) == [0..<3, 0..<3, 0..<3, 3..<4, 3..<5, 0..<3, 3..<5, 3..<4])
        for (index, place) in state.places.enumerated() {
            var expected = factor(place.side, place.range)
            let weight = 1 - (1...steps).reduce(1.0) { product, _ in product * 0.9 }
            expected.elements = expected.elements.map { weight * $0 }
            expectTestRatio(
                largestDifference(try state[index / 2, place.side].statisticMatrix(backend), expected),
                scale: expected.largestMagnitude, order: 10, "\(place)")
        }
    }

    /// vec Ĝ solves ((R + εr·I) ⊗ (L + εl·I))·vec Ĝ = vec G, a system of 20 equations written out.
    @Test func theDirectionIsTheKroneckerInverse() throws {
        let damping = 0.1
        let method = try TwoSided<KFAC, CPUBackend<Double>>(settings(decay: 0, damping: damping))
        let direction = method.direction(of: gradient.tensor, try state(after: 1, method), backend)
        let (left, right) = (damped(factor(.left, 0..<5), damping), damped(factor(.right, 0..<4), damping))
        var kronecker = Matrix<Double>(rows: 20, columns: 20)
        for (i, j) in (0..<20).flatMap({ i in (0..<20).map { (i, $0) } }) {
            kronecker[i, j] = right[i / 5, j / 5] * left[i % 5, j % 5]
        }
        let solution = Matrix(rows: 5, columns: 4, elements: solved(kronecker, gradient.tensor.elements))
        // Condition numbers of at most 1 + 1/ε a side.
        expectTestRatio(
            largestDifference(direction, solution), scale: 121 * solution.largestMagnitude, order: 20)
    }

    /// A + ε·λmax·I, λmax by a thousand products.
    private func damped(_ a: Matrix<Double>, _ damping: Double) -> Matrix<Double> {
        var (vector, largest) = ([Double](repeating: 1, count: a.order), 0.0)
        for _ in 0..<1000 {
            let product = (0..<a.order).map { i in (0..<a.order).reduce(0) { $0 + a[i, $1] * vector[$1] } }
            largest = product.reduce(0) { $0 + $1 * $1 }.squareRoot()
            vector = product.map { $0 / largest }
        }
        var result = a
        for i in 0..<a.order { result[i, i] += damping * largest }
        return result
    }

    /// Gauss's elimination, which needs no pivots for a positive definite matrix.
    private func solved(_ matrix: Matrix<Double>, _ right: [Double]) -> [Double] {
        var (a, x) = (matrix, right)
        for k in 0..<a.order {
            for i in k + 1..<a.order {
                let factor = a[i, k] / a[k, k]
                for j in k..<a.order { a[i, j] -= factor * a[k, j] }
                x[i] -= factor * x[k]
            }
        }
        for k in (0..<a.order).reversed() {
            for j in k + 1..<a.order { x[k] -= a[k, j] * x[j] }
            x[k] /= a[k, k]
        }
        return x
    }

    /// Layers are asked at the steps at which statistics take something.
    @Test func factorsAreWantedWhereStatisticsTakeThem() throws {
        let method = try TwoSided<KFAC, CPUBackend<Double>>(settings(statistics: 3))
        #expect((1...7).map { method.wantsFactors(at: OptimizerStep($0)) } == [false, false, true, false, false, true, false])
        let shampoo = try TwoSided<Shampoo, CPUBackend<Double>>(settings(statistics: 1))
        #expect(!shampoo.wantsFactors(at: OptimizerStep(1)))
    }

    /// Before there is anything in a statistic the direction is the gradient.
    @Test func nothingIsPreconditionedByNothing() throws {
        func expectGradient<Backend: MatrixBackend>(_ backend: Backend) throws {
            let rule = Preconditioned(
                base: try SGDM<Backend>(), method: try TwoSided<KFAC, Backend>(settings(statistics: 3, roots: 1)))
            var generator = PhiloxGenerator(seed: 1)
            var state = try rule.initialState(for: ParameterShape([5, 4]), using: &generator, backend)
            let gradient = Matrix<Backend.Scalar>(self.gradient.tensor)
            for step in 1...2 {
                let direction = try rule.graftedDirection(
                    of: ParameterGradient(backend.tensor(gradient), norm: gradient.frobeniusNorm), state: &state,
                    step: OptimizerStep(step), backend)
                expectTestRatio(
                    largestDifference(backend.matrix(direction), gradient), scale: Double(gradient.largestMagnitude),
                    order: 5, unitRoundoff: Double(Backend.Scalar.ulpOfOne))
            }
            #expect(rule.sides(of: state).allSatisfy { $0.record == PreconditionerRecord() })
        }
        try expectGradient(CPUBackend<Float>())
        try expectGradient(CPUBackend<Double>())
    }

    @Test func namesAndDefaultsAreThoseOfThePaper() throws {
        let name = try #require(PreconditionerName(rawValue: "kfac"))
        let defaults = name.definition.defaults
        #expect(defaults.statisticsInterval == 200 && defaults.rootInterval == 2000)
        #expect(defaults.decay == 0.9 && defaults.damping == 0.1 && defaults.exponent == 1)
        #expect(defaults.updateRectificationSteps == 0 && defaults.rootRectificationSteps == 0)
        #expect(blockPlaces(ParameterShape([3000, 5000]), largestOrder: defaults.largestOrder).count == 1)
    }
}
