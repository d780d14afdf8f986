import Compute
import MatrixCore
import NeuralNetworks

/// The gradients of small networks of every kind, which have all layers that there are between them, with everything that
/// drops and ties switched on.
public func gradientCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] where Backend.Scalar == Double {
    let image = ImageShape(channels: 2, height: 4, width: 4)
    let images = NetworkInput<Matrix<Double>>.images(deviates(2, 3 * 16, seed: 21), batch: 3)
    func network(
        _ name: String, _ input: NetworkInput<Matrix<Double>>, _ make: @escaping @Sendable () throws -> any Network<Backend>
    ) -> ConformanceCase<Backend> {
        ConformanceCase("gradients of \(name)") { judge in
            let difference = gradientDifference(of: try make(), input, scale: 0.5, on: judge.backend)
            judge.expect(difference == nil, difference ?? "")
        }
    }
    return [
        network("a perceptron", images) {
            try MultilayerPerceptron<Backend>(image: image, classes: 3, hidden: 6, layers: 2)
        },
        network("a residual network, padded", images) {
            try ResidualNetwork<Backend>(image: image, classes: 3, width: 3, stages: [1, 2], shortcut: .padding)
        },
        network("a residual network, projected", images) {
            try ResidualNetwork<Backend>(image: image, classes: 3, width: 3, stages: [1, 2], shortcut: .projection)
        },
        network("a residual network of bottlenecks in its large form", images) {
            try ResidualNetwork<Backend>(
                image: image, classes: 3, width: 2, stages: [2], kind: .bottleneck, shortcut: .projection, isLarge: true)
        },
        network("a plain convolutional network", images) {
            try PlainConvolutionalNetwork<Backend>(image: image, classes: 3, width: 2, stages: [2, 1])
        },
        network("a plain convolutional network with hidden maps", images) {
            try PlainConvolutionalNetwork<Backend>(image: image, classes: 3, width: 2, stages: [1], hidden: 5)
        },
        network("a dense network", images) {
            try DenseNetwork<Backend>(image: image, classes: 3, growth: 2, layers: [2, 1], isLarge: false)
        },
        network("a vision transformer", images) {
            try VisionTransformer<Backend>(
                image: image, classes: 3, patch: 2, layers: 2, width: 6, heads: 2, hidden: 8, dropout: 0.3,
                stochasticDepth: 0.3)
        },
        network("a shifted-window transformer", images) {
            try ShiftedWindowTransformer<Backend>(
                image: image, classes: 3, patch: 1, window: 2, width: 4, depths: [2, 1], heads: 2, stochasticDepth: 0.3)
        },
        network("a rotary transformer", .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2)) {
            try RotaryTransformer<Backend>(vocabulary: 5, context: 5, layers: 2, width: 8, heads: 2, hidden: 6)
        },
        // Two samples of 4 tokens in a context of 5; the token 1 occurs in several places.
        network("a generative transformer", .tokens([1, 4, 1, 0, 3, 3, 1, 2], batch: 2)) {
            try GenerativeTransformer<Backend>(
                vocabulary: 5, context: 5, layers: 2, width: 6, heads: 2, hidden: nil, dropout: 0.3, tiesHead: true)
        },
    ]
}

/// How the gradients of a network in training differ from central differences along two directions of every parameter; nil
/// where they do not.
///
/// - Parameter scale: of the parameters, which are generic numbers, gains about 1, so that no term of a gradient vanishes.
public func gradientDifference<Backend: NeuralBackend>(
    of network: some Network<Backend>, _ input: NetworkInput<Matrix<Double>>, scale: Double, on backend: Backend
) -> String? where Backend.Scalar == Double {
    let input: NetworkInput<Backend.Tensor> =
        switch input {
        case .images(let images, let batch): .images(backend.tensor(images), batch: batch)
        case .tokens(let tokens, let batch): .tokens(tokens, batch: batch)
        }
    let state = NetworkState<Backend>(
        parameters: network.parameters.enumerated().map { backend.tensor(genericValues($1, scale: scale, seed: $0)) },
        runningStatistics: NetworkState(initializing: network, seed: 0, backend).runningStatistics)
    func logits(_ state: NetworkState<Backend>) -> Matrix<Double> {
        var pass = ForwardPass(state, isTraining: true, seed: 5, backend)
        return backend.matrix(network.forward(input, &pass).logits)
    }
    let check = CentralDifference(outputs: logits(state))
    var forward = ForwardPass(state, isTraining: true, seed: 5, backend)
    let record = network.forward(input, &forward).record
    var backward = BackwardPass(state, backend)
    network.backward(backend.tensor(check.weights), record, &backward)
    for (index, description) in network.parameters.enumerated() {
        guard let gradient = backward.gradients[index], backend.frobeniusNorm(gradient) > 0 else {
            return "no gradient of \(description.name)"
        }
        for trial in 0..<2 {
            let (rows, columns) = (description.shape.rows, description.shape.columns)
            let direction = backend.tensor(deviates(rows, columns, seed: UInt32(2000 + 100 * trial + index)))
            let derivative = backend.values(of: backend.columnProducts(gradient, direction)).reduce(0, +)
            let difference = check.difference(of: derivative, description.name) { step in
                var moved = state
                backend.combine(1, into: &moved.parameters[index], step, direction)
                return logits(moved)
            }
            if let difference { return difference }
        }
    }
    return nil
}

/// Gains about 1, the rest in [−1, 1)·scale.
private func genericValues(_ description: ParameterDescription, scale: Double, seed: Int) -> Matrix<Double> {
    let values: Matrix<Double> = deviates(description.shape.rows, description.shape.columns, seed: UInt32(1000 + seed))
    return values.mapped { description.initialization == .constant(1) ? 1 + scale * $0 / 2 : scale * $0 }
}
