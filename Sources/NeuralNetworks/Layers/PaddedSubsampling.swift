import Compute
import MatrixCore

/// Every `stride`-th row and column of the images, with channels of zeros after those there are: a shortcut without parameters.
///
/// Written as a convolution by the constant matrix (I; 0).
///
/// Source: He et al., arXiv 1512.03385, section 3.3, option A.
struct PaddedSubsampling<Backend: NeuralBackend>: Layer {
    private let shape: ConvolutionShape

    /// - Parameter shape: of a kernel of 1 with at least as many outputs as inputs.
    init(_ shape: ConvolutionShape) {
        precondition(shape.kernel == 1 && shape.outputs >= shape.inputs, "a shortcut by \(shape)")
        self.shape = shape
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Convolution<Backend>.Record) {
        let shape = shape.with(batch: pass.batch)
        let output = pass.backend.convolution(input, weight: weight(pass.backend), shape)
        return (output, Convolution.Record(input: input, shape: shape))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Convolution<Backend>.Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let gradient = pass.backend.convolutionGradient(
            outputGradient, input: record.input, weight: weight(pass.backend), record.shape, wantsInput: true)
        guard let input = gradient.input else {
            preconditionFailure("a backend without the gradient that was asked for")
        }
        return input
    }

    private func weight(_ backend: Backend) -> Backend.Tensor {
        var weight = Matrix<Backend.Scalar>(rows: shape.outputs, columns: shape.inputs)
        for channel in 0..<shape.inputs { weight[channel, channel] = 1 }
        return backend.tensor(weight)
    }
}
