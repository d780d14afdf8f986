import Compute
import MatrixCore

/// What is added to a statistic in training before a storage that keeps A + δI takes its factor.
public enum StatisticShift: String, Sendable, Codable, CaseIterable {
    /// ε·λmax·I, and nothing more before the root: a small statistic is damped in its own measure. Since the factor keeps the
    /// shift, the damping amounts to ε·λmax/(1 − β) after many updates. This project's rule, the default.
    case relative
    /// ε·I, and ε·λmax·I again before the root, as secondary sources quote arXiv 2412.10663 (C = Cholesky(L + εI), a ridge in
    /// the root). Where λmax is below ε/(1 − β) the shift is most of what is kept.
    case absolute
}

extension PreconditionerScheme {
    /// A + δI of a new A, δ by the scheme's shift, λmax by power iteration.
    func shifted<Backend: MatrixBackend>(
        _ a: Backend.Tensor, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> Backend.Tensor {
        var shift = Backend.Scalar(damping)
        if statisticShift == .relative {
            shift *= largestEigenvalue(a, iterations: iterations, using: &generator, backend)
        }
        return backend.addToDiagonal(a, shift)
    }
}
