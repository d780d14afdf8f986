import Compute
import MatrixCore
import NeuralNetworks
import Optimizers

/// The weights that a preconditioner meets together with the biases of their layers: as one matrix, the bias its last column.
struct LayerBiases: Sendable {
    /// The position of a bias by that of its weight.
    private let biases: [Int: Int]

    /// - Parameters:
    ///   - areJoined: whether the preconditioner wants them so.
    ///   - unpreconditioned: the positions of parameters that it does not meet.
    init(_ parameters: [ParameterDescription], areJoined: Bool, sparing unpreconditioned: Set<Int> = []) {
        var biases: [Int: Int] = [:]
        for (index, parameter) in parameters.enumerated() where areJoined {
            if let weight = parameter.weight, parameters[weight].shape.isMatrix, !unpreconditioned.contains(weight) {
                biases[weight] = index
            }
        }
        self.biases = biases
    }

    /// The shape in which the preconditioner meets a parameter.
    func shape(of index: Int, _ parameters: [ParameterDescription]) -> ParameterShape {
        let shape = parameters[index].shape
        return biases[index] == nil ? shape : ParameterShape([shape.rows, shape.columns + 1])
    }

    /// Gradients as the preconditioner meets them: those of weights with their biases' as a last column, and their factors with a
    /// last input of ones.
    func joined<Backend: NeuralBackend>(
        _ gradients: [ParameterGradient<Backend>], _ backend: Backend
    ) -> [ParameterGradient<Backend>] {
        var result = gradients
        for (weight, bias) in biases {
            let (gradient, own) = (gradients[weight], gradients[bias])
            let (rows, columns) = backend.shape(of: gradient.tensor)
            var joint = backend.zeros(rows: rows, columns: columns + 1)
            backend.setBlock(&joint, rows: 0..<rows, columns: 0..<columns, to: gradient.tensor)
            backend.setBlock(&joint, rows: 0..<rows, columns: columns..<columns + 1, to: own.tensor)
            result[weight] = ParameterGradient(
                joint, norm: (gradient.norm * gradient.norm + own.norm * own.norm).squareRoot(),
                factors: gradient.factors.map { GradientFactors(rows: $0.rows, columns: withOnes($0.columns, backend)) })
        }
        return result
    }

    private func withOnes<Backend: NeuralBackend>(_ inputs: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        let (rows, positions) = backend.shape(of: inputs)
        let ones = backend.tensor(Matrix(rows: 1, columns: positions, repeating: Backend.Scalar(1)))
        var result = backend.zeros(rows: rows + 1, columns: positions)
        backend.setBlock(&result, rows: 0..<rows, columns: 0..<positions, to: inputs)
        backend.setBlock(&result, rows: rows..<rows + 1, columns: 0..<positions, to: ones)
        return result
    }

    /// Takes the directions of weights with their biases apart.
    func separate<Backend: NeuralBackend>(_ directions: inout [Backend.Tensor], _ backend: Backend) {
        for (weight, bias) in biases {
            let joint = directions[weight]
            let (rows, columns) = backend.shape(of: joint)
            directions[weight] = backend.block(joint, rows: 0..<rows, columns: 0..<columns - 1)
            directions[bias] = backend.block(joint, rows: 0..<rows, columns: columns - 1..<columns)
        }
    }
}
