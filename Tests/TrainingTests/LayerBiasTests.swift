import CPUBackend
import Compute
import MatrixCore
import NeuralNetworks
import Optimizers
import TestSupport
import Testing

@testable import Training

/// Weights with the biases of their layers, as methods of layers precondition them.
@Suite struct LayerBiasTests {
    private typealias Backend = CPUBackend<Double>
    private let backend = Backend()

    /// Of a layer Y = W·X + b the joint gradient is the product of the joint factors, and comes apart as it was.
    @Test func jointFactors() throws {
        let rows = Matrix<Double>(rows: 2, columns: 3, elements: [1, -2, 0.5, 3, 4, -1])
        let columns = Matrix<Double>(rows: 4, columns: 3, elements: (0..<12).map { Double($0 * $0 % 7) - 2 })
        let weight = backend.multiply(rows, transposed: false, columns, transposed: true, alpha: 1)
        let bias = Matrix<Double>(rows: 2, columns: 1, elements: [1 + 0.5 + 4, -2 + 3 - 1])
        let alone = Matrix<Double>(rows: 3, columns: 1, elements: [1, 2, 3])
        let gradients = [
            ParameterGradient<Backend>(alone, norm: backend.frobeniusNorm(alone)),
            ParameterGradient(
                weight, norm: backend.frobeniusNorm(weight), factors: [GradientFactors(rows: rows, columns: columns)]),
            ParameterGradient(bias, norm: backend.frobeniusNorm(bias)),
        ]
        let parameters = [
            ParameterDescription("gain", [3], .constant(1)), ParameterDescription("layer.weight", [2, 4], .constant(0)),
            ParameterDescription("layer.bias", [2], .constant(0), weight: 1),
        ]
        let biases = LayerBiases(parameters, areJoined: true)
        let joined = biases.joined(gradients, backend)
        #expect(biases.shape(of: 1, parameters) == ParameterShape([2, 5]))
        #expect(biases.shape(of: 2, parameters) == ParameterShape([2]))
        #expect(joined[0].tensor == alone)
        let factors = try #require(joined[1].factors.first)
        #expect(
            backend.multiply(factors.rows, transposed: false, factors.columns, transposed: true, alpha: 1) == joined[1].tensor)
        expectBound((joined[1].norm - backend.frobeniusNorm(joined[1].tensor)).magnitude, atMost: 1e-14, "the norm")
        var directions = joined.map(\.tensor)
        biases.separate(&directions, backend)
        #expect(directions == gradients.map(\.tensor))
    }

    @Test func notJoined() {
        let parameters = [
            ParameterDescription("layer.weight", [2, 4], .constant(0)),
            ParameterDescription("layer.bias", [2], .constant(0), weight: 0),
        ]
        #expect(LayerBiases(parameters, areJoined: false).shape(of: 0, parameters) == ParameterShape([2, 4]))
    }
}
