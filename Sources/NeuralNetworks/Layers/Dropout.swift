import Compute
import MatrixCore

/// In training, zeroes entries of probability `rate` and divides the others by 1 − rate.
///
/// The record keeps the generator, from which the gradient draws the same factors again: they would take as much memory as
/// the activation.
///
/// Source: Srivastava et al., JMLR 15 (2014) 1929, with the scaling moved into training.
struct Dropout<Backend: NeuralBackend>: Layer {
    struct Mask: Sendable {
        fileprivate let generator: PhiloxGenerator
        fileprivate let columns: Int
    }

    let rows: Int
    let rate: Double

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Mask?) {
        guard pass.isTraining && rate > 0 else { return (input, nil) }
        let mask = Mask(generator: pass.nextGenerator(), columns: pass.batch * pass.length)
        return (masked(input, mask, pass.backend), mask)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ mask: Mask?, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        guard let mask else { return outputGradient }
        return masked(outputGradient, mask, pass.backend)
    }

    private func masked(_ a: Backend.Tensor, _ mask: Mask, _ backend: Backend) -> Backend.Tensor {
        let factors = backend.dropoutMask(rows: rows, columns: mask.columns, rate: rate, generator: mask.generator)
        return backend.elementwiseProduct(a, factors)
    }
}
