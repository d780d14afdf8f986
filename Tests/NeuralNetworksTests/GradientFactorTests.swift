import Compute
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

/// The factors that layers hand over: their product over all positions is the gradient of every matrix.
@Suite struct GradientFactorTests {
    private let image = ImageShape(channels: 2, height: 4, width: 4)
    private var images: NetworkInput<Matrix<Double>> {
        .images(.random(rows: 2, columns: 3 * 16, seed: 21), batch: 3)
    }

    @Test func multilayerPerceptron() throws {
        try expectFactors(
            of: MultilayerPerceptron<Processor>(image: image, classes: 3, hidden: 6, layers: 2), images)
    }

    @Test(arguments: [ResidualShortcut.padding, .projection]) func residualNetwork(shortcut: ResidualShortcut) throws {
        try expectFactors(
            of: ResidualNetwork<Processor>(image: image, classes: 3, width: 3, stages: [1, 2], shortcut: shortcut), images)
    }

    @Test func otherConvolutionalNetworks() throws {
        try expectFactors(
            of: ResidualNetwork<Processor>(
                image: image, classes: 3, width: 2, stages: [1], kind: .bottleneck, shortcut: .projection, isLarge: true),
            images)
        try expectFactors(
            of: PlainConvolutionalNetwork<Processor>(image: image, classes: 3, width: 2, stages: [1], hidden: 5), images)
        try expectFactors(
            of: DenseNetwork<Processor>(image: image, classes: 3, growth: 2, layers: [1, 1], isLarge: false), images)
    }

    @Test func visionTransformer() throws {
        let network = try VisionTransformer<Processor>(
            image: image, classes: 3, patch: 2, layers: 2, width: 6, heads: 2, hidden: 8, dropout: 0.3,
            stochasticDepth: 0.3)
        try expectFactors(of: network, images)
    }

    @Test func shiftedWindowTransformer() throws {
        let network = try ShiftedWindowTransformer<Processor>(
            image: image, classes: 3, patch: 1, window: 2, width: 4, depths: [2, 1], heads: 2, stochasticDepth: 0.3)
        try expectFactors(of: network, images)
    }

    @Test func rotaryTransformer() throws {
        let network = try RotaryTransformer<Processor>(
            vocabulary: 5, context: 5, layers: 1, width: 8, heads: 2, hidden: 6)
        try expectFactors(of: network, .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2))
    }

    /// A tied table has two uses, its rows being chosen at the input and meeting features at the output.
    @Test(arguments: [false, true]) func generativeTransformer(tiesHead: Bool) throws {
        let network = try GenerativeTransformer<Processor>(
            vocabulary: 5, context: 5, layers: 2, width: 6, heads: 2, hidden: nil, dropout: 0.3, tiesHead: tiesHead)
        let pass = try expectFactors(of: network, .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2))
        let table = try #require(network.parameters.firstIndex { $0.name == "tokens.weight" })
        #expect(pass.factors[table].count == (tiesHead ? 2 : 1))
    }

    @discardableResult
    private func expectFactors<Subject: Network<Processor>>(
        of network: Subject, _ input: NetworkInput<Matrix<Double>>
    ) throws -> BackwardPass<Processor> {
        let state = NetworkState<Processor>(
            parameters: genericParameters(network.parameters, scale: 0.5),
            runningStatistics: network.runningStatistics.map {
                Matrix(rows: $0.shape.rows, columns: $0.shape.columns, repeating: 1)
            })
        func differentiated(wantsFactors: Bool, sparing spared: Set<Int> = []) -> BackwardPass<Processor> {
            var forward = ForwardPass(state, isTraining: true, seed: 5, Processor())
            let (logits, record) = network.forward(input, &forward)
            var pass = BackwardPass(state, wantsFactors: wantsFactors, sparing: spared, Processor())
            network.backward(.random(rows: logits.rows, columns: logits.columns, seed: 7), record, &pass)
            return pass
        }
        let pass = differentiated(wantsFactors: true)
        let plain = differentiated(wantsFactors: false)
        #expect(pass.gradients == plain.gradients && plain.factors.allSatisfy(\.isEmpty))
        let first = try #require(network.parameters.firstIndex { $0.shape.isMatrix })
        let sparing = differentiated(wantsFactors: true, sparing: [first])
        #expect(sparing.gradients == plain.gradients)
        #expect(
            network.parameters.indices.allSatisfy { sparing.factors[$0].count == ($0 == first ? 0 : pass.factors[$0].count) })
        for (index, parameter) in network.parameters.enumerated() {
            #expect(pass.factors[index].isEmpty == !parameter.shape.isMatrix, "\(parameter.name)")
            guard parameter.shape.isMatrix else { continue }
            let gradient = try #require(pass.gradients[index])
            for row in 0..<gradient.rows {
                for column in 0..<gradient.columns {
                    var (sum, magnitude, terms) = (0.0, 0.0, 0)
                    for factors in pass.factors[index] {
                        for position in 0..<factors.rows.columns {
                            let term = factors.rows[row, position] * factors.columns[column, position]
                            sum += term
                            magnitude += term.magnitude
                            terms += 1
                        }
                    }
                    // Two sums of the same products in different orders.
                    expectBound(
                        (sum - gradient[row, column]).magnitude, atMost: 2 * Double(terms) * 0x1p-53 * magnitude,
                        "\(parameter.name), \(row), \(column)")
                }
            }
        }
        return pass
    }
}
