import CPUBackend
import Compute
import Foundation
import MatrixCore
import Preconditioning
import Quantization
import TestSupport
import Testing

@testable import Optimizers

/// Shampoo: blocks, intervals, grafting, combination.
@Suite struct ShampooTests {
    private let backend = CPUBackend<Double>()
    private typealias Rule = ShampooRule<SGDM<CPUBackend<Double>>>

    private func rule(
        _ scheme: PreconditionerScheme, statistics: Int = 1, roots: Int = 1, largestOrder: Int = 1200
    ) throws -> Rule {
        try shampoo(
            SGDM(learningRate: 0.1, momentum: 0.5, weightDecay: 0.01),
            PreconditionerSettings(scheme, statisticsInterval: statistics, rootInterval: roots, largestOrder: largestOrder))
    }

    private func measured(_ gradient: Matrix<Double>) -> ParameterGradient<CPUBackend<Double>> {
        ParameterGradient(gradient, norm: gradient.frobeniusNorm)
    }

    private func gradients(_ rows: Int, _ columns: Int, count: Int = 6) -> [Matrix<Double>] {
        (0..<count).map { .random(rows: rows, columns: columns, seed: 100 + UInt64($0)) }
    }

    private func followed(
        _ rule: Rule, shape: ParameterShape, seed: UInt64, _ gradients: [Matrix<Double>]
    ) throws -> (parameter: Matrix<Double>, state: Rule.State) {
        var generator = PhiloxGenerator(seed: seed)
        var state = try rule.initialState(for: shape, using: &generator, backend)
        var parameter = Matrix<Double>.random(rows: shape.rows, columns: shape.columns, seed: 1)
        for (index, gradient) in gradients.enumerated() {
            try rule.update(&parameter, gradient: gradient, state: &state, step: OptimizerStep(index + 1), backend)
        }
        return (parameter, state)
    }

    /// One step against the definition: R⁴(A + ε·λmax·I) = I has no root taken by the code under test in it.
    @Test func oneStepIsTheDefinition() throws {
        let (beta, epsilon) = (0.9, 0.1)
        let scheme = try PreconditionerScheme(
            statistic: .exact, root: .exact, decay: beta, damping: epsilon, solver: .eigen)
        let gradient = gradients(4, 3)[0]
        let rule = try rule(scheme)
        var generator = PhiloxGenerator(seed: 1)
        var state = try rule.initialState(for: ParameterShape([4, 3]), using: &generator, backend)
        let direction = try rule.graftedDirection(
            of: measured(gradient), state: &state, step: OptimizerStep(1), backend)
        let sides = try #require(state.preconditioner)
        for (side, transposed) in [(sides[0, .left], false), (sides[0, .right], true)] {
            var statistic = Matrix<Double>(diagonal: [Double](repeating: beta * epsilon, count: side.order))
            for row in 0..<side.order {
                for column in 0..<side.order {
                    let depth = transposed ? 4 : 3
                    for k in 0..<depth {
                        let product =
                            transposed
                            ? gradient[k, row] * gradient[k, column] : gradient[row, k] * gradient[column, k]
                        statistic[row, column] += (1 - beta) * product
                    }
                }
            }
            let root = side.root(backend)
            let square = backend.multiply(root, root)
            // λmax from the code's own primitive; its independent check is in the tests of the decomposition.
            let largest = try backend.symmetricEigen(statistic).values.last ?? 0
            let product = backend.multiply(
                backend.multiply(square, square), backend.addToDiagonal(statistic, epsilon * largest))
            expectTestRatio(largestDifference(product, .identity(side.order)), scale: 11, order: side.order)
        }
        let expected = backend.multiply(
            backend.multiply(sides[0, .left].root(backend), gradient), sides[0, .right].root(backend))
        let factor = gradient.frobeniusNorm / (expected.frobeniusNorm + 1e-12)
        expectTestRatio(
            largestDifference(direction, backend.combine(factor, expected, 0, expected)),
            scale: gradient.frobeniusNorm, order: 4)
    }

    @Test func graftingKeepsTheNorm() throws {
        for storage in try storages(bits: 4) {
            let scheme = try PreconditionerScheme(statistic: storage, root: .offdiagonal(coding()))
            let rule = try rule(scheme, largestOrder: 70)
            var generator = PhiloxGenerator(seed: 1)
            var state = try rule.initialState(for: ParameterShape([80, 66]), using: &generator, backend)
            for (index, gradient) in gradients(80, 66, count: 3).enumerated() {
                let direction = try rule.graftedDirection(
                    of: measured(gradient), state: &state, step: OptimizerStep(index + 1), backend)
                #expect(direction != gradient)
                // The 1e-12 in the denominator against norms above 1.
                expectBound(
                    (direction.frobeniusNorm / gradient.frobeniusNorm - 1).magnitude, atMost: 2e-12, "\(storage)")
            }
        }
    }

    @Test func zeroGradientGivesZeroDirection() throws {
        let rule = try rule(PreconditionerScheme(statistic: .exact, root: .exact))
        var generator = PhiloxGenerator(seed: 1)
        var state = try rule.initialState(for: ParameterShape([5, 4]), using: &generator, backend)
        let zero = Matrix<Double>(rows: 5, columns: 4)
        #expect(try rule.graftedDirection(of: measured(zero), state: &state, step: OptimizerStep(1), backend) == zero)
    }

    /// J = L̂G + GR̂, Ĝ = L̂J + JR̂, by hand: L̂ = (1 0; 2 1), G = (1 2; 3 4), R̂ = (2 1; 0 1) give J = (3 5; 11 15) and
    /// Ĝ = (9 13; 39 51); with Shampoo L̂GR̂ = (2 3; 10 13). Neither root is symmetric, so a transpose left out shows.
    @Test func combinationsByHand() {
        func matrix(_ rows: [[Double]]) -> Matrix<Double> {
            Matrix(rows: 2, columns: 2, elements: [rows[0][0], rows[1][0], rows[0][1], rows[1][1]])
        }
        // Decoded roots are transposes.
        let left = matrix([[1, 2], [0, 1]])
        let right = matrix([[2, 0], [1, 1]])
        let gradient = matrix([[1, 2], [3, 4]])
        let roots = BlockRoots(left: left, right: right, backend)
        #expect(CASPR.direction(of: gradient, roots) == matrix([[9, 13], [39, 51]]))
        #expect(Shampoo.direction(of: gradient, roots) == matrix([[2, 3], [10, 13]]))
    }

    @Test func sidesOfOneDimensionPassThrough() throws {
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact)
        let rule = try rule(scheme)
        let stream = gradients(9, 1)
        let ours = try followed(rule, shape: ParameterShape([9, 1]), seed: 1, stream)
        #expect(ours.state.preconditioner == nil)
        var plain = Matrix<Double>.random(rows: 9, columns: 1, seed: 1)
        var generator = PhiloxGenerator(seed: 1)
        var state = rule.base.initialState(for: ParameterShape([9, 1]), using: &generator, backend)
        for (index, gradient) in stream.enumerated() {
            try rule.base.update(&plain, gradient: gradient, state: &state, step: OptimizerStep(index + 1), backend)
        }
        #expect(ours.parameter == plain)
    }

    @Test func piecesAreOfTheLargestOrderAndARemainder() {
        #expect(pieces(of: 3072, largest: 1200) == [0..<1200, 1200..<2400, 2400..<3072])
        #expect(pieces(of: 1200, largest: 1200) == [0..<1200])
        #expect(pieces(of: 1, largest: 1200) == [0..<1])
    }

    /// A parameter that is cut is so many parameters of their own, but for the grafting.
    @Test func blocksAreIndependent() throws {
        let scheme = try PreconditionerScheme(
            statistic: .eigenvector(coding()), root: .offdiagonal(coding()), smallestCodedOrder: 4)
        let whole = try rule(scheme, largestOrder: 6)
        let stream = gradients(10, 8)
        let state = try followed(whole, shape: ParameterShape([10, 8]), seed: 1, stream).state
        let all = try #require(state.preconditioner)
        #expect(all.blocks.map(\.rows) == [0..<6, 0..<6, 6..<10, 6..<10])
        #expect(all.blocks.map(\.columns) == [0..<6, 6..<8, 0..<6, 6..<8])
        let gradient = stream[0]
        let together = whole.method.direction(of: gradient, all, backend)
        for (index, block) in all.blocks.enumerated() {
            func piece(_ matrix: Matrix<Double>) -> Matrix<Double> {
                backend.block(matrix, rows: block.rows, columns: block.columns)
            }
            let method = try rule(scheme).method
            var generator = PhiloxGenerator(seed: 1)
            var alone = try #require(
                method.initialState(
                    for: ParameterShape([block.rows.count, block.columns.count]), using: &generator, backend))
            for gradient in stream {
                method.update(&alone, with: measured(piece(gradient)), step: OptimizerStep(1), backend)
            }
            #expect(alone[0, .left].root(backend) == all[index, .left].root(backend))
            #expect(method.direction(of: piece(gradient), alone, backend) == piece(together))
        }
    }

    @Test func intervals() throws {
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact, solver: .eigen)
        let stream = gradients(5, 4)
        func left(_ count: Int) throws -> PreconditionerState<CPUBackend<Double>> {
            let state = try followed(
                rule(scheme, statistics: 2, roots: 3), shape: ParameterShape([5, 4]), seed: 1, Array(stream.prefix(count))
            ).state
            return try #require(state.preconditioner)[0, .left]
        }
        let sides = try (1...6).map { try left($0) }
        let statistics = try sides.map { try $0.statistic.decoded(rectificationSteps: 0, backend) }
        let roots = sides.map { $0.root(backend) }
        #expect(statistics[0] == Matrix(diagonal: [Double](repeating: 1e-6, count: 5)))
        #expect(statistics[1] != statistics[0] && statistics[2] == statistics[1] && statistics[3] != statistics[2])
        #expect(roots[0] == .identity(5) && roots[1] == .identity(5) && roots[2] != .identity(5))
        #expect(roots[3] == roots[2] && roots[4] == roots[2] && roots[5] != roots[2])
    }

    @Test func oneSeedOneResult() throws {
        for storage in try storages(bits: 4) {
            let scheme = try PreconditionerScheme(
                statistic: storage, root: .symmetric(coding()), solver: storage.traits.isFactored ? .factored : .schurNewton)
            let rule = try rule(scheme)
            let stream = gradients(66, 20)
            let first = try followed(rule, shape: ParameterShape([66, 20]), seed: 1, stream)
            let second = try followed(rule, shape: ParameterShape([66, 20]), seed: 1, stream)
            #expect(first.parameter == second.parameter, "\(storage)")
        }
        // The seed decides where power iterations start.
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact)
        let results = try [1, 2].map {
            try followed(rule(scheme), shape: ParameterShape([8, 6]), seed: $0, gradients(8, 6)).parameter
        }
        #expect(results[0] != results[1])
    }

    /// An identity in place of the codec makes a coded run the 32-bit one; eight bits come closer to it than four.
    @Test func codedRunsConvergeToTheUncodedOne() throws {
        let stream = gradients(80, 70, count: 8)
        func run(_ statistic: StatisticStorage, _ root: RootStorage, smallestCodedOrder: Int) throws -> Matrix<Double> {
            let scheme = try PreconditionerScheme(
                statistic: statistic, root: root, decay: 0.8, damping: 1e-2, solver: .eigen,
                smallestCodedOrder: smallestCodedOrder)
            return try followed(rule(scheme), shape: ParameterShape([80, 70]), seed: 1, stream).parameter
        }
        let start = Matrix<Double>.random(rows: 80, columns: 70, seed: 1)
        for index in try storages(bits: 4).indices where index > 0 {
            let exact = try run(storages(bits: 8)[index], .exact, smallestCodedOrder: 100)
            let moved = backend.combine(1, exact, -1, start).frobeniusNorm
            let errors = try [4, 8].map { bits in
                let coded = try run(storages(bits: bits)[index], .offdiagonal(coding(bits: bits)), smallestCodedOrder: 0)
                return backend.combine(1, coded, -1, exact).frobeniusNorm / moved
            }
            let name = "\(try storages(bits: 4)[index])".prefix(12)
            #expect(errors[1] < errors[0] / 2, "\(name): \(errors)")
            expectBound(errors[1], atMost: 0.02, "\(name)")
        }
    }

    @Test func bytesAreTheSumOfTheBuffers() throws {
        let floats = CPUBackend<Float>()
        let coding = try coding()
        let scheme = try PreconditionerScheme(statistic: .eigenvector(coding), root: .offdiagonal(coding))
        let rule = shampoo(try AdamW<CPUBackend<Float>>(), try PreconditionerSettings(scheme, largestOrder: 100))
        var generator = PhiloxGenerator(seed: 1)
        let state = try rule.initialState(for: ParameterShape([150, 70]), using: &generator, floats)
        // Blocks 100 × 70 and 50 × 70; order 50 is not coded.
        let side = { (order: Int) in
            StatisticStorage.eigenvector(coding).byteCount(order: order)
                + RootStorage.offdiagonal(coding).byteCount(order: order)
        }
        let uncoded = 4 * 50 * 50 + 4 * 50 + 4 * 50 * 50
        #expect(rule.byteCount(state, floats) == 2 * 4 * 150 * 70 + side(100) + 2 * side(70) + uncoded)
        let preconditioner = try #require(state.preconditioner)
        #expect(rule.method.byteCount(preconditioner, floats) == side(100) + 2 * side(70) + uncoded)
    }

    @Test func gradientsThatAreNotFiniteAreRefused() throws {
        let rule = try rule(PreconditionerScheme(statistic: .exact, root: .exact))
        var (parameter, state) = try followed(rule, shape: ParameterShape([5, 4]), seed: 1, gradients(5, 4))
        let before = parameter
        var gradient = gradients(5, 4)[0]
        gradient[2, 1] = .infinity
        #expect(throws: GradientError(norm: .infinity, isPreconditioned: false)) {
            try rule.update(&parameter, gradient: gradient, state: &state, step: OptimizerStep(7), backend)
        }
        #expect(parameter == before)
    }

    /// GGᵀ overflows float32, so the statistic stays at ε = 1e-30 and each root is 3e7: 1e30 becomes 1e45.
    @Test func preconditionedGradientsThatAreNotFiniteAreRefused() throws {
        let floats = CPUBackend<Float>()
        let rule = shampoo(
            try SGDM<CPUBackend<Float>>(),
            try PreconditionerSettings(
                PreconditionerScheme(statistic: .exact, root: .exact, damping: 1e-30, solver: .eigen),
                statisticsInterval: 1, rootInterval: 1))
        var generator = PhiloxGenerator(seed: 1)
        var state = try rule.initialState(for: ParameterShape([5, 4]), using: &generator, floats)
        var parameter = Matrix<Float>.random(rows: 5, columns: 4, seed: 1)
        let before = parameter
        #expect(throws: GradientError(norm: .infinity, isPreconditioned: true)) {
            try rule.update(
                &parameter, gradient: Matrix(rows: 5, columns: 4, repeating: 1e30), state: &state,
                step: OptimizerStep(1), floats)
        }
        #expect(parameter == before)
    }

    @Test func badSchedulesThrow() throws {
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact)
        #expect(throws: HyperparameterError.self) { try PreconditionerSettings(scheme, statisticsInterval: 0) }
        #expect(throws: HyperparameterError.self) { try PreconditionerSettings(scheme, rootInterval: 0) }
        #expect(throws: HyperparameterError.self) { try PreconditionerSettings(scheme, largestOrder: 0) }
    }

    /// Step by step: statistics are updated before roots are taken.
    @Test func theFirstRootWithAGradient() throws {
        for updates in 1...7 {
            for roots in 1...7 {
                let schedule = try PreconditionerSchedule(statisticsInterval: updates, rootInterval: roots)
                for steps in 1...20 {
                    let first = (1...steps).first { $0.isMultiple(of: roots) && $0 >= updates }
                    #expect(schedule.firstRoot(within: steps) == first, "\(updates) \(roots) \(steps)")
                }
            }
        }
        let longest = try PreconditionerSchedule(statisticsInterval: .max, rootInterval: 2)
        #expect(longest.firstRoot(within: 1_000_000_000) == nil)
    }
}
