import Compute

/// γ∘x/√(mean(x²) + offset) over the features of every position.
///
/// Source: Zhang and Sennrich, arXiv 1910.07467, equation 4.
struct RootMeanSquareNormalization<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        let inverses: Backend.Vector
    }

    private let gain: Int
    private let offset: Double

    init(_ layout: inout NetworkLayout, _ name: String, width: Int, offset: Double) {
        gain = layout.addParameter("\(name).gain", [width], .constant(1), decays: false)
        self.offset = offset
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let (output, inverses) = pass.backend.rootMeanSquareNormalization(
            input, gain: pass.parameters[gain], offset: Backend.Scalar(offset))
        return (output, Record(input: input, inverses: inverses))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let gradient = pass.backend.rootMeanSquareNormalizationGradient(
            outputGradient, input: record.input, gain: pass.parameters[gain], inverses: record.inverses)
        pass.contribute(gradient.gain, to: gain)
        return gradient.input
    }
}
