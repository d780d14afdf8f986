import Compute

/// A linear map to a wider layer times the SiLU of another, and a linear map back, none with biases: SwiGLU.
///
/// Of the wide layer the two factors are kept; their product is computed again for the gradient.
///
/// Source: Shazeer, arXiv 2002.05202, equation 6.
struct GatedFeedForward<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        let gate: Backend.Tensor
        let expanded: Backend.Tensor
    }

    private let gate: Linear<Backend>
    private let expansion: Linear<Backend>
    private let contraction: Linear<Backend>

    init(
        _ layout: inout NetworkLayout, _ name: String, width: Int, hidden: Int,
        _ initialization: ParameterDescription.Initialization
    ) {
        func map(_ part: String, _ inputs: Int, _ outputs: Int) -> Linear<Backend> {
            Linear(&layout, "\(name).\(part)", inputs: inputs, outputs: outputs, weight: initialization, bias: nil)
        }
        gate = map("gate", width, hidden)
        expansion = map("expansion", width, hidden)
        contraction = map("contraction", hidden, width)
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let gates = gate.forward(input, &pass).output
        let expanded = expansion.forward(input, &pass).output
        let product = pass.backend.gatedLinear(expanded, gate: gates)
        return (contraction.forward(product, &pass).output, Record(input: input, gate: gates, expanded: expanded))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let product = pass.backend.gatedLinear(record.expanded, gate: record.gate)
        let productGradient = contraction.backward(outputGradient, product, &pass)
        let gradients = pass.backend.gatedLinearGradient(productGradient, input: record.expanded, gate: record.gate)
        var gradient = expansion.backward(gradients.input, record.input, &pass)
        pass.backend.combine(1, into: &gradient, 1, gate.backward(gradients.gate, record.input, &pass))
        return gradient
    }
}
