import Compute
import Foundation
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

/// Networks against the same architectures written with torch.nn.functional (PyTorch 2.13, float64) in training mode, or built
/// from the modules of torchvision 0.29, timm 1.0 and transformers 5.24 by scripts/pytorch-agreement.
///
/// Entry i in row-major order of parameter k is sin(0.7·i + k)/2, of gains 1 + sin(0.7·i + k)/4; value i of the images in
/// memory is sin(0.37·i); the target of position j is (7j + 1) mod classes. Compared are the mean cross entropy, the norm of
/// all gradients, the sum of gradients times cos(0.3·i + k), the first logit and the sum of the running statistics: sums of
/// about a thousand terms, which both sides round.
@Suite struct PyTorchAgreementTests {
    private let image = ImageShape(channels: 2, height: 4, width: 4)

    private func images(rows: Int, columns: Int) -> NetworkInput<Matrix<Double>> {
        let count = 2 * 3 * rows * columns
        return .images(
            Matrix(rows: 2, columns: count / 2, elements: (0..<count).map { sin(0.37 * Double($0)) }), batch: 3)
    }

    private func filled(_ description: ParameterDescription, _ value: (Double) -> Double) -> Matrix<Double> {
        var matrix = Matrix<Double>(rows: description.shape.rows, columns: description.shape.columns)
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns { matrix[row, column] = value(Double(row * matrix.columns + column)) }
        }
        return matrix
    }

    private func expectAgreement(
        _ network: some Network<Processor>, _ input: NetworkInput<Matrix<Double>>, loss: Double, norm: Double,
        projection: Double, first: Double, running: Double = 0, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let state = NetworkState<Processor>(
            parameters: network.parameters.enumerated().map { index, description in
                let isGain = description.initialization == .constant(1)
                return filled(description) { (isGain ? 1 : 0) + sin(0.7 * $0 + Double(index)) / (isGain ? 4 : 2) }
            },
            runningStatistics: NetworkState(initializing: network, seed: 0, Processor()).runningStatistics)
        var pass = ForwardPass(state, isTraining: true, seed: 0, Processor())
        let (logits, record) = network.forward(input, &pass)
        let targets = (0..<logits.columns).map { (7 * $0 + 1) % logits.rows }
        let entropy = Processor().softmaxCrossEntropy(logits, targets: targets, smoothing: 0)
        var backward = BackwardPass(state, Processor())
        network.backward(entropy.gradient, record, &backward)

        var (squares, products) = (0.0, 0.0)
        for (index, description) in network.parameters.enumerated() {
            guard let gradient = backward.gradients[index] else {
                Issue.record("no gradient of \(description.name)", sourceLocation: sourceLocation)
                continue
            }
            let weights = filled(description) { cos(0.3 * $0 + Double(index)) }
            squares += sumOfProducts(gradient.elements, gradient.elements)
            products += sumOfProducts(gradient.elements, weights.elements)
        }
        let statistics = pass.runningStatistics.flatMap(\.elements).reduce(0, +)
        for (ours, theirs, what) in [
            (entropy.loss, loss, "loss"), (squares.squareRoot(), norm, "norm"), (products, projection, "projection"),
            (logits[0, 0], first, "first logit"), (statistics, running, "running statistics"),
        ] {
            expectTestRatio(
                (ours - theirs).magnitude, scale: max(theirs.magnitude, 1), order: 1000, "\(what) of \(ours)",
                sourceLocation: sourceLocation)
        }
    }

    @Test func multilayerPerceptron() throws {
        expectAgreement(
            try MultilayerPerceptron<Processor>(image: image, classes: 3, hidden: 6, layers: 2),
            images(rows: 4, columns: 4), loss: 1.2097060954836358, norm: 0.64139116289267895,
            projection: -1.310758022633471, first: -0.63591417801107619)
    }

    @Test func residualNetworkWithPadding() throws {
        let network = try ResidualNetwork<Processor>(
            image: ImageShape(channels: 2, height: 5, width: 4), classes: 3, width: 3, stages: [1, 2], shortcut: .padding)
        expectAgreement(
            network, images(rows: 5, columns: 4), loss: 2.6062361549655897, norm: 2.6962041247257154,
            projection: -1.3800149304070715, first: 0.54655272044644909, running: 83.066518720464899)
    }

    @Test func residualNetworkWithProjections() throws {
        let network = try ResidualNetwork<Processor>(
            image: ImageShape(channels: 2, height: 5, width: 4), classes: 3, width: 3, stages: [1, 2],
            shortcut: .projection)
        expectAgreement(
            network, images(rows: 5, columns: 4), loss: 0.98637454824351944, norm: 0.60775589674292152,
            projection: 0.42735494177494615, first: 0.63433951014302181, running: 93.471660769567421)
    }

    @Test func smallBottlenecks() throws {
        let network = try ResidualNetwork<Processor>(
            image: ImageShape(channels: 2, height: 5, width: 4), classes: 3, width: 2, stages: [1, 2], kind: .bottleneck,
            shortcut: .projection)
        expectAgreement(
            network, images(rows: 5, columns: 4), loss: 0.9609947161446492, norm: 4.215628265229877,
            projection: -2.5586292627606104, first: 0.246500469933643, running: 83.75434965070792)
    }

    @Test func largeBottlenecks() throws {
        let network = try ResidualNetwork<Processor>(
            image: ImageShape(channels: 2, height: 13, width: 12), classes: 3, width: 2, stages: [1, 2], kind: .bottleneck,
            shortcut: .projection, isLarge: true)
        expectAgreement(
            network, images(rows: 13, columns: 12), loss: 1.4449650135412437, norm: 13.163330497959858,
            projection: -18.69876636976603, first: 2.0720266347620075, running: 83.18669374140333)
    }

    @Test func plainConvolutionalNetwork() throws {
        let network = try PlainConvolutionalNetwork<Processor>(
            image: ImageShape(channels: 2, height: 5, width: 4), classes: 3, width: 2, stages: [2, 1])
        expectAgreement(
            network, images(rows: 5, columns: 4), loss: 1.3670985047148048, norm: 1.2787976183010048,
            projection: 1.5547320353546867, first: 1.4185253100208688, running: 8.400849315231689)
    }

    @Test func smallDenseNetwork() throws {
        let network = try DenseNetwork<Processor>(
            image: ImageShape(channels: 2, height: 5, width: 4), classes: 3, growth: 2, layers: [2, 1], isLarge: false)
        expectAgreement(
            network, images(rows: 5, columns: 4), loss: 1.205276425350822, norm: 1.2925744245991928,
            projection: -2.3513384934988246, first: 0.47084740893629345, running: 54.980661309555046)
    }

    @Test func largeDenseNetwork() throws {
        let network = try DenseNetwork<Processor>(
            image: ImageShape(channels: 2, height: 18, width: 20), classes: 3, growth: 2, layers: [2, 1], isLarge: true)
        expectAgreement(
            network, images(rows: 18, columns: 20), loss: 1.5512396068451733, norm: 7.322475093156068,
            projection: -9.203188717183394, first: 0.9771753617651766, running: 58.40269673579229)
    }

    /// With exact GELU and an offset of 1e-6, by a NumPy program that takes gradients by complex steps of 1e-30; with the tanh
    /// form and 1e-5 it gives PyTorch's numbers to 2e-15.
    @Test func visionTransformer() throws {
        let network = try VisionTransformer<Processor>(
            image: ImageShape(channels: 2, height: 4, width: 6), classes: 3, patch: 2, layers: 2, width: 6, heads: 2,
            hidden: 8, dropout: 0, stochasticDepth: 0)
        expectAgreement(
            network, images(rows: 4, columns: 6), loss: 1.5937345505752856, norm: 1.1172895474184366,
            projection: -0.1887501252550821, first: -1.579711953741684)
    }

    @Test func shiftedWindowTransformer() throws {
        let network = try ShiftedWindowTransformer<Processor>(
            image: ImageShape(channels: 2, height: 16, width: 16), classes: 3, patch: 2, window: 2, width: 4, depths: [2, 2],
            heads: 2, stochasticDepth: 0)
        expectAgreement(
            network, images(rows: 16, columns: 16), loss: 1.1042827824758126, norm: 0.23252929480018975,
            projection: 0.1414685117527234, first: 0.4114605170101772)
    }

    /// The last stage is one window of all patches.
    @Test func shiftedWindowTransformerWithAWholeWindow() throws {
        let network = try ShiftedWindowTransformer<Processor>(
            image: ImageShape(channels: 2, height: 8, width: 8), classes: 3, patch: 2, window: 2, width: 4, depths: [1, 2],
            heads: 2, stochasticDepth: 0)
        expectAgreement(
            network, images(rows: 8, columns: 8), loss: 1.1042666037357478, norm: 0.1954536053395616,
            projection: -0.0066141625306866845, first: -0.6224904606898036)
    }

    @Test func rotaryTransformer() throws {
        let network = try RotaryTransformer<Processor>(
            vocabulary: 5, context: 5, layers: 2, width: 8, heads: 2, hidden: 6)
        expectAgreement(
            network, .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2), loss: 1.8956606891460528, norm: 1.1018574178668386,
            projection: 0.4186703400416049, first: 1.9078965008090745)
    }

    @Test func generativeTransformer() throws {
        let network = try GenerativeTransformer<Processor>(
            vocabulary: 5, context: 5, layers: 2, width: 6, heads: 2, hidden: nil, dropout: 0, tiesHead: false)
        expectAgreement(
            network, .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2), loss: 2.0101679475375152, norm: 1.9234511779365622,
            projection: -0.90113056975927353, first: 0.026146968295375318)
    }

    @Test func generativeTransformerWithTiedHead() throws {
        let network = try GenerativeTransformer<Processor>(
            vocabulary: 5, context: 5, layers: 2, width: 6, heads: 2, hidden: nil, dropout: 0, tiesHead: true)
        expectAgreement(
            network, .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2), loss: 2.3175797288996809, norm: 2.1741450147451715,
            projection: 0.92690330563391055, first: 0.49943122560658681)
    }
}
