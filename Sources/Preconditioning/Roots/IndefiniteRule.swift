import Compute

/// What becomes of eigenvalues that are not positive, which coding can leave behind.
public enum IndefiniteRule: String, Sendable, Codable, CaseIterable {
    /// |λ|, which is the paper's convention: it defines powers by the singular value decomposition.
    case absolute
    /// λ below 2^-24·max|λ|, the rounding error of float32 storage, is raised to it.
    case clamp
    /// No root.
    case fail

    /// The eigenvalues to go on with, or nil where the rule refuses them.
    public func apply<Backend: MatrixBackend>(to eigenvalues: Backend.Vector, _ backend: Backend) -> Backend.Vector? {
        switch self {
        case .absolute: backend.map(eigenvalues, .magnitude)
        case .clamp: backend.map(eigenvalues, .raiseToShareOfLargest(1 / Backend.Scalar(1 << 24)))
        case .fail: backend.values(of: eigenvalues).allSatisfy { $0 > 0 } ? eigenvalues : nil
        }
    }
}
