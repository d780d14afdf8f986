import Compute

/// The gradient of one parameter at a step.
public struct ParameterGradient<Backend: MatrixBackend>: Sendable {
    public let tensor: Backend.Tensor
    /// ‖G‖F.
    public let norm: Backend.Scalar
    /// One a use of the parameter, G being the sum of their products; empty where the step does not want them.
    public let factors: [GradientFactors<Backend.Tensor>]

    public init(_ tensor: Backend.Tensor, norm: Backend.Scalar, factors: [GradientFactors<Backend.Tensor>] = []) {
        self.tensor = tensor
        self.norm = norm
        self.factors = factors
    }
}
