import Compute

/// W·X + b·1ᵀ, W of outputs × inputs.
struct Linear<Backend: NeuralBackend>: Layer {
    /// The weight's position in the network's list.
    let weight: Int
    private let bias: Int?

    /// - Parameter bias: nil for none.
    /// - Precondition: `outputs` is at least 2, since a weight of one row would stand as a column.
    init(
        _ layout: inout NetworkLayout, _ name: String, inputs: Int, outputs: Int,
        weight: ParameterDescription.Initialization, bias: ParameterDescription.Initialization?
    ) {
        precondition(outputs >= 2, "\(name) has \(outputs) outputs")
        let position = layout.addParameter("\(name).weight", [outputs, inputs], weight)
        self.weight = position
        self.bias = bias.map { layout.addBias(name, outputs: outputs, $0, of: position) }
    }

    /// A map without bias by a parameter of another layer, as of the token embedding.
    init(sharing weight: Int) {
        self.weight = weight
        bias = nil
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Backend.Tensor) {
        let product = pass.backend.multiply(pass.parameters[weight], input)
        guard let bias else { return (product, input) }
        return (pass.backend.addToColumns(product, pass.parameters[bias]), input)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ input: Backend.Tensor, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        contributeGradients(outputGradient, input, &pass)
        return pass.backend.multiply(pass.parameters[weight], transposed: true, outputGradient)
    }

    /// `backward` of a network's first layer, whose input's gradient nobody reads.
    func contributeGradients(
        _ outputGradient: Backend.Tensor, _ input: Backend.Tensor, _ pass: inout BackwardPass<Backend>
    ) {
        pass.contribute(
            pass.backend.multiply(outputGradient, transposed: false, input, transposed: true, alpha: 1), to: weight,
            factors: GradientFactors(rows: outputGradient, columns: input))
        if let bias { pass.contribute(pass.backend.rowSums(outputGradient), to: bias) }
    }
}
