import Compute
import Foundation
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

/// Networks against the same architectures written with torch.nn.functional (PyTorch 2.13, float64) in training mode.
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
