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

    @Test func rootMeanSquareNormalization() {
        var layout = NetworkLayout()
        let layer = RootMeanSquareNormalization<Processor>(&layout, "norm", width: 5, offset: 1e-6)
        expectGradients(of: layer, layout, input: .random(rows: 5, columns: 4, seed: 20))
    }

    @Test func gatedFeedForward() {
        var layout = NetworkLayout()
        let layer = GatedFeedForward<Processor>(&layout, "feedForward", width: 4, hidden: 6, .constant(0))
        expectGradients(of: layer, layout, input: .random(rows: 4, columns: 3, seed: 21))
    }

    @Test func rotaryAttention() {
        var layout = NetworkLayout()
        let layer = RotaryAttention<Processor>(&layout, "attention", width: 8, heads: 2, base: 100, .constant(0))
        expectGradients(of: layer, layout, input: .random(rows: 8, columns: 6, seed: 22), batch: 2, length: 3)
    }

    /// Windows of 2 × 2 in 4 × 4 pixels, shifted by one and not, and one window of all pixels.
    @Test(arguments: [(4, 2, 0), (4, 2, 1), (2, 2, 0)]) func windowAttention(resolution: Int, window: Int, shift: Int) {
        var layout = NetworkLayout()
        let layer = WindowAttention<Processor>(
            &layout, "attention", transformerShape(isCausal: false),
            ShiftedWindows(resolution: resolution, window: window, shift: shift))
        expectGradients(
            of: layer, layout, input: .random(rows: 4, columns: 2 * resolution * resolution, seed: 23), batch: 2)
    }

    @Test func patchMerging() {
        var layout = NetworkLayout()
        let layer = PatchMerging<Processor>(&layout, "merging", width: 2, resolution: 4, offset: 1e-5, .constant(0))
        expectGradients(of: layer, layout, input: .random(rows: 2, columns: 2 * 16, seed: 24), batch: 2)
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

    /// The class token's alone, a permutation, and some positions in another order.
    @Test(arguments: [[0], [2, 0, 3, 1], [3, 1]]) func positionSelection(chosen: [Int]) {
        expectGradients(
            of: PositionSelection<Processor>(length: 4, chosen: chosen), input: .random(rows: 3, columns: 8, seed: 12),
            batch: 2)
    }

    @Test(arguments: [(4, 6), (5, 2), (3, 3)]) func halvingPooling(height: Int, width: Int) {
        let layer = HalvingPooling<Processor>(channels: 2, height: height, width: width)
        let input = Matrix<Double>.random(rows: 2, columns: 2 * height * width, seed: 16)
        expectGradients(of: layer, input: input, batch: 2)
        var pass = ForwardPass(genericState(NetworkLayout()), isTraining: true, seed: 0, Processor())
        pass.batch = 2
        let output = layer.forward(input, &pass).output
        #expect(output.columns == 2 * (height / 2) * (width / 2))
        // The last square of the second image.
        let first = height * width + (height / 2 - 1) * 2 * width + (width / 2 - 1) * 2
        let mean = [first, first + 1, first + width, first + width + 1].reduce(0) { $0 + input[1, $1] } / 4
        expectTestRatio((output[1, output.columns - 1] - mean).magnitude, scale: 1, order: 4)
    }

    @Test(arguments: [(2, 2, 0), (3, 2, 1)]) func maxPooling(kernel: Int, stride: Int, padding: Int) {
        let shape = ConvolutionShape(
            batch: 1, height: 4, width: 5, inputs: 2, outputs: 2, kernel: kernel, stride: stride, padding: padding)
        expectGradients(of: MaxPooling<Processor>(shape), input: .random(rows: 2, columns: 2 * 20, seed: 17), batch: 2)
    }

    @Test func denseLayer() {
        var layout = NetworkLayout()
        let layer = DenseLayer<Processor>(&layout, "layer", inputs: 2, height: 2, width: 3, growth: 2)
        expectGradients(of: layer, layout, input: .random(rows: 2, columns: 2 * 6, seed: 18), batch: 2)
    }

    @Test(arguments: [(inputs: 2, stride: 2), (8, 1)]) func bottleneck(_ sizes: (inputs: Int, stride: Int)) {
        var layout = NetworkLayout()
        let shape = ConvolutionShape(
            batch: 1, height: 3, width: 4, inputs: sizes.inputs, outputs: 2, kernel: 3, stride: sizes.stride, padding: 1)
        let layer = ResidualBlock<Processor>(&layout, "block", shape, .bottleneck, .projection)
        expectGradients(of: layer, layout, input: .random(rows: sizes.inputs, columns: 2 * 12, seed: 19), batch: 2)
    }

    @Test(arguments: [(inputs: 2, stride: 1), (2, 2), (3, 1)], [ResidualShortcut.padding, .projection])
    func residualBlock(_ sizes: (inputs: Int, stride: Int), _ shortcut: ResidualShortcut) {
        var layout = NetworkLayout()
        let shape = ConvolutionShape(
            batch: 1, height: 3, width: 4, inputs: sizes.inputs, outputs: 3, kernel: 3, stride: sizes.stride, padding: 1)
        let layer = ResidualBlock<Processor>(&layout, "block", shape, .basic, shortcut)
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
