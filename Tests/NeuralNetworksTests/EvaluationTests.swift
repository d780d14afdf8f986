import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

@Suite struct EvaluationTests {
    /// In evaluation every sample is on its own: a batch's logits are those of its images one by one, in the rounding of
    /// products of other sizes, and running statistics stay.
    @Test(arguments: Model.allCases.filter { !$0.readsTokens }) func samplesAreIndependent(model: Model) throws {
        let options: ModelOptions =
            switch model.rawValue {
            case "mlp": ModelOptions(hidden: 8)
            case "vit-small", "vit-base32":
                ModelOptions(layers: 2, width: 8, heads: 2, patch: 4, dropout: 0.5, stochasticDepth: 0.5)
            default: ModelOptions(width: 2)
            }
        // Five stages of a plain network halve an image that often; Swin has 16 patches a side.
        let side = ["vgg19", "swin-tiny"].contains(model.rawValue) ? 32 : 8
        let network = try model.network(
            options, for: .images(channels: 3, height: side, width: side, classes: 4), on: Processor())
        expectIndependentSamples(network, pixels: side * side)
    }

    private func expectIndependentSamples(_ network: some Network<Processor>, pixels: Int) {
        let state = NetworkState(initializing: network, seed: 1, Processor())
        let images = Matrix<Double>.random(rows: 3, columns: 3 * pixels, seed: 2)
        var pass = ForwardPass(state, isTraining: false, seed: 0, Processor())
        let logits = network.forward(.images(images, batch: 3), &pass).logits
        #expect(pass.runningStatistics == state.runningStatistics)
        for sample in 0..<3 {
            let alone = Processor().block(images, rows: 0..<3, columns: sample * pixels..<(sample + 1) * pixels)
            var pass = ForwardPass(state, isTraining: false, seed: 0, Processor())
            let single = network.forward(.images(alone, batch: 1), &pass).logits
            let together = Processor().block(logits, rows: 0..<4, columns: sample..<sample + 1)
            // Up to 121 layers of sums of at most 192 terms.
            expectTestRatio(
                largestDifference(single, together), scale: logits.largestMagnitude, order: 192)
        }
    }
}
