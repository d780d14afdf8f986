import Compute
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

@Suite struct BatchNormalizationTests {
    private let input = Matrix<Double>(rows: 2, columns: 4, elements: [1, 10, 2, 10, 3, 30, 6, 30])
    // By hand: means 3 and 20; sums of squared deviations 14 and 400, so variances 3.5 and 100, unbiased 14/3 and 400/3.
    private let means = [3.0, 20]
    private let unbiased = [14.0 / 3, 400.0 / 3]

    private func state(_ layout: NetworkLayout, means: [Double], variances: [Double]) -> NetworkState<Processor> {
        NetworkState(
            parameters: [
                Matrix(rows: 2, columns: 1, elements: [2, 3]), Matrix(rows: 2, columns: 1, elements: [-1, 5]),
            ],
            runningStatistics: [
                Matrix(rows: 2, columns: 1, elements: means), Matrix(rows: 2, columns: 1, elements: variances),
            ])
    }

    private func layer() -> (BatchNormalization<Processor>, NetworkLayout) {
        var layout = NetworkLayout()
        return (BatchNormalization(&layout, "norm", channels: 2, positions: 2), layout)
    }

    @Test func trainingMovesTheRunningStatisticsATenth() {
        let (layer, layout) = layer()
        var pass = ForwardPass(
            state(layout, means: [1, -1], variances: [4, 9]), isTraining: true, seed: 0, Processor())
        pass.batch = 2
        _ = layer.forward(input, &pass)
        for channel in 0..<2 {
            let mean = 0.9 * [1.0, -1][channel] + 0.1 * means[channel]
            let variance = 0.9 * [4.0, 9][channel] + 0.1 * unbiased[channel]
            expectTestRatio(
                (pass.runningStatistics[0].elements[channel] - mean).magnitude, scale: means[channel], order: 4)
            expectTestRatio(
                (pass.runningStatistics[1].elements[channel] - variance).magnitude, scale: variance, order: 4)
        }
    }

    @Test func evaluationUsesTheRunningStatistics() {
        let (layer, layout) = layer()
        var pass = ForwardPass(
            state(layout, means: [1, -1], variances: [4, 9]), isTraining: false, seed: 0, Processor())
        pass.batch = 2
        let before = pass.runningStatistics
        let output = layer.forward(input, &pass).output
        #expect(pass.runningStatistics == before)
        for column in 0..<4 {
            let first = 2 * (input[0, column] - 1) / (4 + 1e-5).squareRoot() - 1
            let second = 3 * (input[1, column] + 1) / (9 + 1e-5).squareRoot() + 5
            expectTestRatio((output[0, column] - first).magnitude, scale: first.magnitude + 2, order: 1)
            expectTestRatio((output[1, column] - second).magnitude, scale: second.magnitude + 10, order: 1)
        }
    }
}
