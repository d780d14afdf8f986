import Compute

/// How the basis of a parameter's coordinates has turned: what a rule that keeps moments of coordinates does to them.
public struct BasisTurn<Backend: MatrixBackend>: Sendable {
    /// The turn of one side.
    public struct Side: Sendable {
        /// O = QₙₑwᵀQ of the new basis and the one before.
        public let rotation: Backend.Tensor
        /// S: of squares the new coordinate k has Σ Sₖᵢ·(the old one of i). A permutation, or O∘O, as if the old coordinates were
        /// not correlated.
        public let mixing: Backend.Tensor
    }

    /// Nil for a side that has not turned.
    public let left: Side?
    public let right: Side?

    /// Nil where neither side has turned.
    public init?(left: Side?, right: Side?) {
        if left == nil && right == nil { return nil }
        self.left = left
        self.right = right
    }

    /// Of a gradient's running mean M: O₁·M·O₂ᵀ.
    public func rotated(_ mean: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        transformed(mean, left?.rotation, right?.rotation, backend)
    }

    /// Of a running mean V of squares: S₁·V·S₂ᵀ, whose entries are not negative where those of V are not.
    public func mixed(_ squares: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        transformed(squares, left?.mixing, right?.mixing, backend)
    }

    private func transformed(
        _ a: Backend.Tensor, _ left: Backend.Tensor?, _ right: Backend.Tensor?, _ backend: Backend
    ) -> Backend.Tensor {
        let rows = left.map { backend.multiply($0, a) } ?? a
        return right.map { backend.multiply(rows, transposed: false, $0, transposed: true, alpha: 1) } ?? rows
    }
}
