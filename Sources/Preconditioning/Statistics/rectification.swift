import Compute

/// Björck's orthonormalization: V ← 1.5·V − 0.5·V·(Vᵀ·V), `steps` times.
///
/// A singular value σ becomes 1.5σ − 0.5σ³, which converges to 1 for 0 < σ < √3; near 1 quadratically,
/// 1 − σ′ ≈ 1.5(1 − σ)².
///
/// Source: Wang et al. 2024, eq. 2 (t₁ = 1 before an update, t₂ = 4 before a root).
public func rectify<Backend: MatrixBackend>(
    _ vectors: Backend.Tensor, steps: Int, _ backend: Backend
) -> Backend.Tensor {
    var vectors = vectors
    for _ in 0..<steps {
        let gram = backend.symmetricProduct(vectors, transposed: true, alpha: 1)
        vectors = backend.combine(1.5, vectors, -0.5, backend.multiply(vectors, gram))
    }
    return vectors
}

/// max |VᵀV − I|.
public func orthogonalityDefect<Backend: MatrixBackend>(
    _ vectors: Backend.Tensor, _ backend: Backend
) -> Backend.Scalar {
    backend.values(of: backend.distanceFromIdentity(backend.symmetricProduct(vectors, transposed: true, alpha: 1)))[0]
}
