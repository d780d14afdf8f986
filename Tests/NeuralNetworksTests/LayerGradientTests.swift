import Compute
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

private func transformerShape(isCausal: Bool, dropout: Double = 0, attentionDropout: Double = 0) -> TransformerShape {
    TransformerShape(
        width: 4, heads: 2, hidden: 6, isCausal: isCausal, dropout: dropout, attentionDropout: attentionDropout,
        activation: .exact, normalizationOffset: 1e-5, initialization: .constant(0), residualInitialization: .constant(0))
}

@Suite struct LayerGradientTests {
    @Test(arguments: [nil, ParameterDescription.Initialization.constant(0)])
    func linear(bias: ParameterDescription.Initialization?) {
        var layout = NetworkLayout()
        let layer = Linear<Processor>(&layout, "map", inputs: 3, outputs: 4, weight: .constant(0), bias: bias)
        #expect(layout.parameters.map(\.name) == (bias == nil ? ["map.weight"] : ["map.weight", "map.bias"]))
        expectGradients(of: layer, layout, input: .random(rows: 3, columns: 5, seed: 1))
    }

    @Test func rectifiedLinear() {
        expectGradients(of: RectifiedLinear<Processor>(), input: .random(rows: 5, columns: 4, seed: 2))
    }

    @Test(arguments: [GaussianErrorForm.exact, .tanh]) func gaussianErrorLinear(form: GaussianErrorForm) {
        expectGradients(of: GaussianErrorLinear<Processor>(form: form), input: .random(rows: 5, columns: 4, seed: 3))
    }

    @Test(arguments: [(kernel: 3, stride: 1, padding: 1), (3, 2, 1), (2, 2, 0), (1, 2, 0)])
    func convolution(_ sizes: (kernel: Int, stride: Int, padding: Int)) {
        var layout = NetworkLayout()
        let shape = ConvolutionShape(
            batch: 1, height: 4, width: 5, inputs: 2, outputs: 3, kernel: sizes.kernel, stride: sizes.stride,
            padding: sizes.padding)
        let layer = Convolution<Processor>(&layout, "map", shape, weight: .constant(0), bias: .constant(0))
        expectGradients(of: layer, layout, input: .random(rows: 2, columns: 2 * 20, seed: 4), batch: 2)
    }

    @Test func batchNormalization() {
        var layout = NetworkLayout()
        let layer = BatchNormalization<Processor>(&layout, "norm", channels: 3, positions: 2)
        expectGradients(of: layer, layout, input: .random(rows: 3, columns: 6, seed: 5), batch: 3)
    }

    @Test(arguments: [1e-6, 1e-5, 1]) func layerNormalization(offset: Double) {
        var layout = NetworkLayout()
        let layer = LayerNormalization<Processor>(&layout, "norm", width: 5, offset: offset)
        expectGradients(of: layer, layout, input: .random(rows: 5, columns: 4, seed: 6))
    }

    @Test(arguments: [false, true], [0, 0.4]) func attention(isCausal: Bool, dropout: Double) {
        var layout = NetworkLayout()
        let layer = Attention<Processor>(
            &layout, "attention", transformerShape(isCausal: isCausal, attentionDropout: dropout))
        expectGradients(of: layer, layout, input: .random(rows: 4, columns: 6, seed: 7), batch: 2, length: 3)
    }

    @Test func feedForward() {
        var layout = NetworkLayout()
        let layer = FeedForward<Processor>(&layout, "feedForward", transformerShape(isCausal: false))
        expectGradients(of: layer, layout, input: .random(rows: 4, columns: 3, seed: 8))
    }

    @Test func dropout() {
        expectGradients(
            of: Dropout<Processor>(rows: 5, rate: 0.4), input: .random(rows: 5, columns: 6, seed: 9), batch: 2, length: 3)
    }

    @Test func stochasticDepth() {
        expectGradients(
            of: StochasticDepth<Processor>(rate: 0.5), input: .random(rows: 2, columns: 12, seed: 10), batch: 6,
            length: 2)
    }

    @Test func globalAveragePooling() {
        expectGradients(
            of: GlobalAveragePooling<Processor>(positions: 3), input: .random(rows: 2, columns: 6, seed: 11), batch: 2)
    }

    @Test func firstPosition() {
        expectGradients(
            of: FirstPosition<Processor>(width: 3, length: 4), input: .random(rows: 3, columns: 8, seed: 12), batch: 2,
            length: 4)
    }

    @Test(arguments: [(inputs: 2, stride: 1), (2, 2), (3, 1)], [ResidualShortcut.padding, .projection])
    func residualBlock(_ sizes: (inputs: Int, stride: Int), _ shortcut: ResidualShortcut) {
        var layout = NetworkLayout()
        let shape = ConvolutionShape(
            batch: 1, height: 3, width: 4, inputs: sizes.inputs, outputs: 3, kernel: 3, stride: sizes.stride, padding: 1)
        let layer = ResidualBlock<Processor>(&layout, "block", shape, shortcut)
        expectGradients(
            of: layer, layout, input: .random(rows: sizes.inputs, columns: 2 * 12, seed: 13), batch: 2)
    }

    @Test(arguments: [false, true]) func transformerBlock(isCausal: Bool) {
        var layout = NetworkLayout()
        let layer = TransformerBlock<Processor>(
            &layout, "block", transformerShape(isCausal: isCausal, dropout: 0.3), stochasticDepth: 0.4)
        expectGradients(of: layer, layout, input: .random(rows: 4, columns: 9, seed: 14), batch: 3, length: 3)
    }

    @Test func patchEmbedding() {
        var layout = NetworkLayout()
        let shape = ConvolutionShape(batch: 1, height: 4, width: 2, inputs: 2, outputs: 3, kernel: 2, stride: 2)
        let layer = PatchEmbedding<Processor>(&layout, shape, .constant(0))
        #expect(layer.length == 3)
        expectGradients(of: layer, layout, input: .random(rows: 2, columns: 16, seed: 15), batch: 2, length: 3)
    }

    /// The table's gradient by hand: row r is the sum of the columns that took it.
    @Test func embedding() {
        var layout = NetworkLayout()
        let layer = Embedding<Processor>(&layout, "tokens", count: 4, width: 2, .constant(0))
        let state = genericState(layout)
        let rows = [2, 0, 2]
        var forward = ForwardPass(state, isTraining: true, seed: 0, Processor())
        let output = layer.forward(rows, &forward)
        for (column, row) in rows.enumerated() {
            #expect(Array(output.column(column)) == [state.parameters[0][row, 0], state.parameters[0][row, 1]])
        }
        var backward = BackwardPass(state, Processor())
        layer.backward(Matrix(rows: 2, columns: 3, elements: [1, 2, 4, 8, 16, 32]), rows, &backward)
        #expect(backward.gradients[0] == Matrix(rows: 4, columns: 2, elements: [4, 0, 17, 0, 8, 0, 34, 0]))
    }
}
