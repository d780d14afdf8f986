import MatrixCore

/// A = V·Diag(λ)·Vᵀ.
public struct SymmetricEigen<Scalar: MatrixScalar>: Sendable {
    /// In ascending order.
    public let values: [Scalar]
    /// Orthonormal, one a column, signed so that the entry of largest magnitude (the first of equal ones) is positive.
    public let vectors: Matrix<Scalar>
}

/// The eigenvalues and eigenvectors of a symmetric matrix by LAPACK.
///
/// Numerics: backward stable, ‖A − VΛVᵀ‖ ≤ c(n)·u·‖A‖; a small eigenvalue has an absolute error of that size, so a
/// relative one of about cond(A)·u. The matrix is scaled by an exact power of two beforehand, so entries near the ends of the
/// scalar's range neither overflow nor underflow. Only the upper triangle is read.
///
/// - Throws: `DecompositionError.noConvergence`.
/// - Precondition: the matrix is square and finite.
public func symmetricEigen<Scalar: LAPACKScalar>(
    _ a: Matrix<Scalar>, by algorithm: EigenAlgorithm = .divideAndConquer
) throws(DecompositionError) -> SymmetricEigen<Scalar> {
    let order = a.order
    guard order > 0 else { return SymmetricEigen(values: [], vectors: a) }
    let largest = a.largestMagnitude
    // The exponent is clamped so that the factor and its reciprocal are both normal numbers.
    let bound = Scalar.Exponent(Scalar.greatestFiniteMagnitude.exponent) - 2
    let exponent = largest > 0 ? min(max(largest.exponent, -bound), bound) : 0
    let factor = Scalar(sign: .plus, exponent: -exponent, significand: 1)
    var scaled = a
    if exponent != 0 { scaled.scale(by: factor) }
    var (values, vectors) = try algorithm == .divideAndConquer ? divideAndConquer(&scaled) : relativelyRobust(&scaled)
    vectors.makeLargestEntriesPositive()
    let restore = Scalar(sign: .plus, exponent: exponent, significand: 1)
    return SymmetricEigen(values: exponent == 0 ? values : values.map { $0 * restore }, vectors: vectors)
}

private func divideAndConquer<Scalar: LAPACKScalar>(
    _ matrix: inout Matrix<Scalar>
) throws(DecompositionError) -> (values: [Scalar], vectors: Matrix<Scalar>) {
    let order = matrix.order
    var values = [Scalar](repeating: 0, count: order)
    // Sizes as LAPACK states them for job V: 1 + 6n + 2n² and 3 + 5n.
    var work: [Scalar] = uninitialized(1 + 6 * order + 2 * order * order)
    var integerWork = [Int32](repeating: 0, count: 3 + 5 * order)
    let info = matrix.elements.withUnsafeMutableBufferPointer {
        Scalar.syevd(
            order: Int32(order), matrix: $0.baseAddress!, eigenvalues: &values, work: &work,
            workCount: Int32(work.count), integerWork: &integerWork, integerWorkCount: Int32(integerWork.count))
    }
    guard info == 0 else { throw .noConvergence(routine: "syevd", code: Int(info)) }
    return (values, matrix)
}

private func relativelyRobust<Scalar: LAPACKScalar>(
    _ matrix: inout Matrix<Scalar>
) throws(DecompositionError) -> (values: [Scalar], vectors: Matrix<Scalar>) {
    let order = matrix.order
    var values = [Scalar](repeating: 0, count: order)
    var vectors = Matrix<Scalar>(rows: order, columns: order)
    var supports = [Int32](repeating: 0, count: 2 * order)
    // 64 columns a panel and six vectors: at least the 26n that LAPACK asks for.
    var work = [Scalar](repeating: 0, count: 70 * order)
    var integerWork = [Int32](repeating: 0, count: 10 * order)
    let info = matrix.elements.withUnsafeMutableBufferPointer { matrix in
        vectors.elements.withUnsafeMutableBufferPointer { vectors in
            Scalar.syevr(
                order: Int32(order), matrix: matrix.baseAddress!, eigenvalues: &values,
                eigenvectors: vectors.baseAddress!, supports: &supports, work: &work, workCount: Int32(work.count),
                integerWork: &integerWork, integerWorkCount: Int32(integerWork.count))
        }
    }
    guard info == 0 else { throw .noConvergence(routine: "syevr", code: Int(info)) }
    return (values, vectors)
}

extension Matrix {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    mutating func scale(by factor: Scalar) {
        elements.withUnsafeMutableBufferPointer { entries in
            for index in entries.indices { entries[index] *= factor }
        }
    }
}
