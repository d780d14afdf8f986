import Compute
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

@Suite struct NetworkGradientTests {
    private let image = ImageShape(channels: 2, height: 4, width: 4)
    private var images: NetworkInput<Matrix<Double>> {
        .images(.random(rows: 2, columns: 3 * 16, seed: 21), batch: 3)
    }

    @Test func multilayerPerceptron() throws {
        let network = try MultilayerPerceptron<Processor>(image: image, classes: 3, hidden: 6, layers: 2)
        expectGradients(of: network, images, scale: 0.5)
    }

    @Test(arguments: [ResidualShortcut.padding, .projection])
    func residualNetwork(shortcut: ResidualShortcut) throws {
        let network = try ResidualNetwork<Processor>(
            image: image, classes: 3, width: 3, stages: [1, 2], shortcut: shortcut)
        expectGradients(of: network, images, scale: 0.5)
    }

    @Test(arguments: [false, true]) func bottlenecks(isLarge: Bool) throws {
        let network = try ResidualNetwork<Processor>(
            image: ImageShape(channels: 2, height: 9, width: 8), classes: 3, width: 2, stages: [1, 2], kind: .bottleneck,
            shortcut: .projection, isLarge: isLarge)
        expectGradients(of: network, .images(.random(rows: 2, columns: 3 * 72, seed: 22), batch: 3), scale: 0.5)
    }

    @Test(arguments: [nil, 5]) func plainConvolutionalNetwork(hidden: Int?) throws {
        let network = try PlainConvolutionalNetwork<Processor>(
            image: image, classes: 3, width: 2, stages: hidden == nil ? [2, 1] : [1], hidden: hidden)
        expectGradients(of: network, images, scale: 0.5)
    }

    @Test(arguments: [false, true]) func denseNetwork(isLarge: Bool) throws {
        let network = try DenseNetwork<Processor>(
            image: ImageShape(channels: 2, height: 8, width: 9), classes: 3, growth: 2, layers: [2, 1], isLarge: isLarge)
        expectGradients(of: network, .images(.random(rows: 2, columns: 3 * 72, seed: 23), batch: 3), scale: 0.5)
    }

    @Test(arguments: [0, 0.3]) func visionTransformer(rate: Double) throws {
        let network = try VisionTransformer<Processor>(
            image: image, classes: 3, patch: 2, layers: 2, width: 6, heads: 2, hidden: 8, dropout: rate,
            stochasticDepth: rate)
        expectGradients(of: network, images, scale: 0.5)
    }

    /// Four patches a side in windows of 2, then one window of 2.
    @Test(arguments: [0, 0.3]) func shiftedWindowTransformer(rate: Double) throws {
        let network = try ShiftedWindowTransformer<Processor>(
            image: ImageShape(channels: 2, height: 8, width: 8), classes: 3, patch: 2, window: 2, width: 4, depths: [2, 1],
            heads: 2, stochasticDepth: rate)
        expectGradients(of: network, .images(.random(rows: 2, columns: 3 * 64, seed: 25), batch: 3), scale: 0.5)
    }

    @Test func rotaryTransformer() throws {
        let network = try RotaryTransformer<Processor>(
            vocabulary: 5, context: 5, layers: 2, width: 8, heads: 2, hidden: 6)
        expectGradients(of: network, .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2), scale: 0.5)
    }

    /// Two samples of 4 tokens in a context of 5; the token 1 occurs in several places.
    @Test(arguments: [false, true], [0, 0.3])
    func generativeTransformer(tiesHead: Bool, dropout: Double) throws {
        let network = try GenerativeTransformer<Processor>(
            vocabulary: 5, context: 5, layers: 2, width: 6, heads: 2, hidden: nil, dropout: dropout,
            tiesHead: tiesHead)
        expectGradients(of: network, .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2), scale: 0.5)
    }
}
