import MatrixCore

/// Q·R with Q = H₁H₂…Hₙ, Hₖ = I − τₖvₖvₖᵀ, vₖ zero above its k-th entry, which is 1.
public struct HouseholderQR<Scalar: MatrixScalar>: Sendable {
    /// Tails of the reflectors below the diagonal, R on and above it (LAPACK's `geqrf`).
    public var packed: Matrix<Scalar>
    /// τ₁ … τₙ.
    public var scalars: [Scalar]
}

/// The factorization of a matrix with at least as many rows as columns by LAPACK's `geqrf`.
///
/// Numerics: backward stable whatever the matrix. τₖ is zero where a tail is exactly zero: Hₖ is then the identity.
public func householderQR<Scalar: LAPACKScalar>(_ a: Matrix<Scalar>) -> HouseholderQR<Scalar> {
    precondition(a.rows >= a.columns, "a QR factorization of \(a.rows) × \(a.columns)")
    var packed = a
    var scalars = [Scalar](repeating: 0, count: a.columns)
    guard a.columns > 0 else { return HouseholderQR(packed: packed, scalars: scalars) }
    // 64 columns a panel: at least what LAPACK's blocked code asks for.
    var work = [Scalar](repeating: 0, count: 64 * a.columns)
    let info = packed.elements.withUnsafeMutableBufferPointer {
        Scalar.geqrf(
            rows: Int32(a.rows), columns: Int32(a.columns), matrix: $0.baseAddress!, scalars: &scalars, work: &work,
            workCount: Int32(work.count))
    }
    precondition(info == 0, "geqrf refused its argument \(-info)")
    return HouseholderQR(packed: packed, scalars: scalars)
}

/// The first columns of H₁H₂…Hₙ, as many as there are reflectors, by LAPACK's `orgqr`; entries of `reflectors` on and
/// above the diagonal are not read.
public func orthogonalFactor<Scalar: LAPACKScalar>(
    reflectors: Matrix<Scalar>, scalars: [Scalar]
) -> Matrix<Scalar> {
    precondition(
        reflectors.rows >= reflectors.columns && scalars.count == reflectors.columns,
        "\(scalars.count) reflectors in \(reflectors.rows) × \(reflectors.columns)")
    var result = reflectors
    guard reflectors.columns > 0 else { return result }
    var work = [Scalar](repeating: 0, count: 64 * reflectors.columns)
    let info = result.elements.withUnsafeMutableBufferPointer {
        Scalar.orgqr(
            rows: Int32(reflectors.rows), columns: Int32(reflectors.columns), matrix: $0.baseAddress!,
            scalars: scalars, work: &work, workCount: Int32(work.count))
    }
    precondition(info == 0, "orgqr refused its argument \(-info)")
    return result
}
