import Compute
import MatrixCore
import NeuralNetworks
import TestSupport
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Networks on the emulated device in double precision: gradients against central differences of a weighted sum of the logits,
    /// f = Σ c∘logits, along a random direction of every parameter.
    ///
    /// D(h) = (f(x + h·d) − f(x − h·d))/2h differs from ⟨∇f, d⟩ by h²/6·f‴ to leading order, of which D(2h) − D(h) is three times
    /// as much, and by rounding: logits of order 1 are off by at most 64·u·max(|y|, 1), and D by that times Σ|c|/h.
    @Suite struct DeviceNetworkTests {
        private typealias Device = CUDABackend<Double>
        private let image = ImageShape(channels: 2, height: 4, width: 4)

        @Test func multilayerPerceptron() throws {
            try expectGradients { try MultilayerPerceptron<Device>(image: image, classes: 3, hidden: 6, layers: 2) }
        }

        @Test func residualNetwork() throws {
            try expectGradients {
                try ResidualNetwork<Device>(image: image, classes: 3, width: 3, stages: [1, 1], shortcut: .projection)
            }
        }

        @Test func visionTransformer() throws {
            try expectGradients {
                try VisionTransformer<Device>(
                    image: image, classes: 3, patch: 2, layers: 1, width: 6, heads: 2, hidden: 8, dropout: 0.3,
                    stochasticDepth: 0.3)
            }
        }

        @Test func generativeTransformer() throws {
            try expectGradients(tokens: [1, 4, 1, 0, 3, 3, 1, 2]) {
                try GenerativeTransformer<Device>(
                    vocabulary: 5, context: 5, layers: 2, width: 6, heads: 2, hidden: nil, dropout: 0.3, tiesHead: true)
            }
        }

        private static let step = 1e-5

        private func expectGradients<Subject: Network<Device>>(
            tokens: [Int]? = nil, sourceLocation: SourceLocation = #_sourceLocation, _ make: () throws -> Subject
        ) throws {
            let (backend, network) = (try EmulatedLibrary.backend(Double.self), try make())
            let input: NetworkInput<Device.Tensor> =
                tokens.map { .tokens($0, batch: 2) }
                ?? .images(backend.tensor(.random(rows: 2, columns: 3 * 16, seed: 21)), batch: 3)
            var state = NetworkState<Device>(initializing: network, seed: 0, backend)
            // Generic numbers, so that no term of a gradient vanishes.
            for (index, parameter) in network.parameters.enumerated() {
                backend.combine(1, into: &state.parameters[index], 0.4, random(parameter.shape, seed: 1000 + index, backend))
            }
            func logits(_ state: NetworkState<Device>) -> Matrix<Double> {
                var pass = ForwardPass(state, isTraining: true, seed: 5, backend)
                return backend.matrix(network.forward(input, &pass).logits)
            }
            let outputs = logits(state)
            let weights = Matrix<Double>.random(rows: outputs.rows, columns: outputs.columns, seed: 99)
            let scale = zip(weights.elements, outputs.elements).reduce(0) { $0 + $1.0.magnitude * max($1.1.magnitude, 1) }
            let gradients = gradients(of: network, input, state, backend.tensor(weights), backend)
            for (index, parameter) in network.parameters.enumerated() {
                let gradient = try #require(gradients[index], "\(parameter.name)", sourceLocation: sourceLocation)
                let direction = random(parameter.shape, seed: 2000 + index, backend)
                let derivative = backend.values(of: backend.columnProducts(gradient, direction)).reduce(0, +)
                func difference(_ step: Double) -> Double {
                    let (above, below) = (moved(step), moved(-step))
                    return zip(weights.elements, zip(above.elements, below.elements)).reduce(0) {
                        $0 + $1.0 * ($1.1.0 - $1.1.1)
                    } / (2 * step)
                }
                func moved(_ step: Double) -> Matrix<Double> {
                    var state = state
                    backend.combine(1, into: &state.parameters[index], step, direction)
                    return logits(state)
                }
                let (coarse, fine) = (difference(2 * Self.step), difference(Self.step))
                expectBound(
                    (fine - derivative).magnitude,
                    atMost: (coarse - fine).magnitude + 64 * 0x1p-53 * scale / Self.step,
                    "\(parameter.name): \(derivative) against the difference quotient \(fine)",
                    sourceLocation: sourceLocation)
            }
            try backend.synchronize()
        }

        private func random(_ shape: ParameterShape, seed: Int, _ backend: Device) -> Device.Tensor {
            backend.tensor(.random(rows: shape.rows, columns: shape.columns, seed: UInt64(seed)))
        }

        private func gradients<Subject: Network<Device>>(
            of network: Subject, _ input: NetworkInput<Device.Tensor>, _ state: NetworkState<Device>,
            _ logitsGradient: Device.Tensor, _ backend: Device
        ) -> [Device.Tensor?] {
            var forward = ForwardPass(state, isTraining: true, seed: 5, backend)
            let record = network.forward(input, &forward).record
            var backward = BackwardPass(state, backend)
            network.backward(logitsGradient, record, &backward)
            return backward.gradients
        }
    }
}
