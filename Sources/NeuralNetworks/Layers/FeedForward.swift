import Compute

/// A linear map to a wider layer, GELU, and a linear map back.
///
/// Of the wide layer only the values before GELU are kept; those after it are computed again for the gradient.
struct FeedForward<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        let hidden: Backend.Tensor
    }

    private let expansion: Linear<Backend>
    private let activation: GaussianErrorLinear<Backend>
    private let contraction: Linear<Backend>

    init(_ layout: inout NetworkLayout, _ name: String, _ shape: TransformerShape) {
        expansion = Linear(
            &layout, "\(name).expansion", inputs: shape.width, outputs: shape.hidden, weight: shape.initialization,
            bias: .constant(0))
        activation = GaussianErrorLinear(form: shape.activation)
        contraction = Linear(
            &layout, "\(name).contraction", inputs: shape.hidden, outputs: shape.width,
            weight: shape.residualInitialization, bias: .constant(0))
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let hidden = expansion.forward(input, &pass).output
        let activated = activation.forward(hidden, &pass).output
        return (contraction.forward(activated, &pass).output, Record(input: input, hidden: hidden))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let activated = pass.backend.gaussianErrorLinear(record.hidden, activation.form)
        let activatedGradient = contraction.backward(outputGradient, activated, &pass)
        let hiddenGradient = activation.backward(activatedGradient, record.hidden, &pass)
        return expansion.backward(hiddenGradient, record.input, &pass)
    }
}
