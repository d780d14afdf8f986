import Compute
import MatrixCore

/// In training, zeroes the branch of a sample with probability `rate` and divides the others by 1 − rate.
///
/// Source: Huang et al., arXiv 1603.09382, sample by sample as in Touvron et al., arXiv 2012.12877, with the scaling moved
/// into training.
struct StochasticDepth<Backend: NeuralBackend>: Layer {
    let rate: Double

    /// - Returns: as the record, the factor of every column.
    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Backend.Vector?) {
        guard pass.isTraining && rate > 0 else { return (input, nil) }
        var generator = pass.nextGenerator()
        var factors: [Backend.Scalar] = []
        factors.reserveCapacity(pass.batch * pass.length)
        for _ in 0..<pass.batch {
            let factor = generator.uniform() < rate ? 0 : Backend.Scalar(1 / (1 - rate))
            for _ in 0..<pass.length { factors.append(factor) }
        }
        let vector = pass.backend.vector(factors)
        return (pass.backend.scaleColumns(input, by: vector), vector)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ factors: Backend.Vector?, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        guard let factors else { return outputGradient }
        return pass.backend.scaleColumns(outputGradient, by: factors)
    }
}
