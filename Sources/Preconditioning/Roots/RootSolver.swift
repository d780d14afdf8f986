/// How the root A^(-p) comes from the decoded statistic, in the study and in an optimizer.
public enum RootSolver: String, Sendable, Codable, CaseIterable {
    /// The exact power, by an eigendecomposition.
    case eigen
    /// V·(Λ + ε·λmax)^(-p)·Vᵀ from the decoded factors, where they are what comes back from a storage.
    case factored
    /// The coupled iteration, 10 steps as published; needs an exponent that is 1 over an integer.
    case schurNewton = "schur-newton"
}

extension RootSolver {
    /// Whether a storage and an exponent admit the solver.
    public func applies(to storage: StorageTraits, exponent: Double) -> Bool {
        switch self {
        case .eigen: true
        case .factored: storage.comesBackFactored
        case .schurNewton: rootOrder(exponent: exponent) != nil
        }
    }
}

/// The integer 1/p, or nil where the exponent p is not the reciprocal of one.
public func rootOrder(exponent: Double) -> Int? {
    let order = (1 / exponent).rounded()
    return order >= 1 && order <= 1024 && (exponent * order - 1).magnitude < 1e-12 ? Int(order) : nil
}
