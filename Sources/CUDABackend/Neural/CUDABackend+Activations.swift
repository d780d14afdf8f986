import Compute

extension CUDABackend {
    public func rectifiedLinear(_ a: Tensor) -> Tensor { entries(.activations, "rectify", a) }

    public func rectifiedLinearGradient(_ outputGradient: Tensor, output: Tensor) -> Tensor {
        entries(.activations, "rectify_gradient", outputGradient, output)
    }

    public func gaussianErrorLinear(_ a: Tensor, _ form: GaussianErrorForm) -> Tensor {
        entries(.activations, "gelu_\(form)", a)
    }

    public func gaussianErrorLinearGradient(_ outputGradient: Tensor, input: Tensor, _ form: GaussianErrorForm) -> Tensor {
        entries(.activations, "gelu_\(form)_gradient", outputGradient, input)
    }
}
