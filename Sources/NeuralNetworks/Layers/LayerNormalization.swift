import Compute

/// γ∘(x − mean)/√(variance + offset) + β over the features of every position.
///
/// Source: Ba, Kiros and Hinton, arXiv 1607.06450, equation 4.
struct LayerNormalization<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        let statistics: NormalizationStatistics<Backend.Vector>
    }

    private let gain: Int
    private let bias: Int
    private let offset: Double

    init(_ layout: inout NetworkLayout, _ name: String, width: Int, offset: Double) {
        gain = layout.addParameter("\(name).gain", [width], .constant(1), decays: false)
        bias = layout.addParameter("\(name).bias", [width], .constant(0), decays: false)
        self.offset = offset
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let (output, statistics) = pass.backend.layerNormalization(
            input, gain: pass.parameters[gain], bias: pass.parameters[bias], offset: Backend.Scalar(offset))
        return (output, Record(input: input, statistics: statistics))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let gradient = pass.backend.layerNormalizationGradient(
            outputGradient, input: record.input, gain: pass.parameters[gain], statistics: record.statistics)
        pass.contribute(gradient.gain, to: gain)
        pass.contribute(gradient.bias, to: bias)
        return gradient.input
    }
}
