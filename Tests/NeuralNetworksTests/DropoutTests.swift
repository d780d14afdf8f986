import Compute
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

@Suite struct DropoutTests {
    private func pass(isTraining: Bool, seed: UInt64 = 3, batch: Int, length: Int) -> ForwardPass<Processor> {
        var pass = ForwardPass(
            NetworkState(parameters: [], runningStatistics: []), isTraining: isTraining, seed: seed, Processor())
        (pass.batch, pass.length) = (batch, length)
        return pass
    }

    private let ones = Matrix<Double>(rows: 50, columns: 200, repeating: 1)

    @Test func dropoutKeepsTheMean() {
        var pass = pass(isTraining: true, batch: 20, length: 10)
        let output = Dropout<Processor>(rows: 50, rate: 0.3).forward(ones, &pass).output
        let kept: Double = 1 / (1 - 0.3)
        #expect(Set(output.elements) == Set([0, kept]))
        expectStatistical(output.elements, mean: 1)
    }

    /// A sample's columns share one factor, and the factors of samples have mean 1.
    @Test func stochasticDepthKeepsTheMeanAndDropsWholeSamples() {
        var pass = pass(isTraining: true, batch: 100, length: 2)
        let output = StochasticDepth<Processor>(rate: 0.25).forward(ones, &pass).output
        var factors: [Double] = []
        for sample in 0..<100 {
            let entries = Set(output.elements[sample * 100..<(sample + 1) * 100])
            #expect(entries.count == 1)
            factors.append(contentsOf: entries)
        }
        let kept: Double = 1 / (1 - 0.25)
        #expect(Set(factors) == Set([0, kept]))
        expectStatistical(factors, mean: 1)
    }

    @Test func evaluationDropsNothing() {
        var pass = pass(isTraining: false, batch: 20, length: 10)
        #expect(Dropout<Processor>(rows: 50, rate: 0.3).forward(ones, &pass).output == ones)
        #expect(StochasticDepth<Processor>(rate: 0.3).forward(ones, &pass).output == ones)
    }

    /// Streams of one seed: two layers of a pass drop different entries, the same pass the same ones.
    @Test func everyLayerDrawsItsOwnMask() {
        let layer = Dropout<Processor>(rows: 50, rate: 0.5)
        var first = pass(isTraining: true, batch: 20, length: 10)
        var again = pass(isTraining: true, batch: 20, length: 10)
        var other = pass(isTraining: true, seed: 4, batch: 20, length: 10)
        let output = layer.forward(ones, &first).output
        #expect(layer.forward(ones, &first).output != output)
        #expect(layer.forward(ones, &again).output == output)
        #expect(layer.forward(ones, &other).output != output)
    }
}
