import COpenBLAS
import MatrixCore

/// A scalar for which OpenBLAS has kernels. The requirements are the Fortran routines themselves, by their names
/// without the type letter; nothing outside this module calls them.
public protocol LAPACKScalar: MatrixScalar {
    static func gemm(_ arguments: ProductArguments<Self>)
    static func syrk(_ arguments: ProductArguments<Self>)
    static func syevd(
        order: Int32, matrix: UnsafeMutablePointer<Self>, eigenvalues: UnsafeMutablePointer<Self>,
        work: UnsafeMutablePointer<Self>, workCount: Int32, integerWork: UnsafeMutablePointer<Int32>,
        integerWorkCount: Int32
    ) -> Int32
    static func syevr(
        order: Int32, matrix: UnsafeMutablePointer<Self>, eigenvalues: UnsafeMutablePointer<Self>,
        eigenvectors: UnsafeMutablePointer<Self>, supports: UnsafeMutablePointer<Int32>,
        work: UnsafeMutablePointer<Self>, workCount: Int32, integerWork: UnsafeMutablePointer<Int32>,
        integerWorkCount: Int32
    ) -> Int32
    static func geqrf(
        rows: Int32, columns: Int32, matrix: UnsafeMutablePointer<Self>, scalars: UnsafeMutablePointer<Self>,
        work: UnsafeMutablePointer<Self>, workCount: Int32
    ) -> Int32
    static func orgqr(
        rows: Int32, columns: Int32, matrix: UnsafeMutablePointer<Self>, scalars: UnsafePointer<Self>,
        work: UnsafeMutablePointer<Self>, workCount: Int32
    ) -> Int32
    static func potrf(order: Int32, matrix: UnsafeMutablePointer<Self>) -> Int32
    /// Of an upper triangular factor from the left.
    static func trsm(
        transposed: Bool, order: Int32, columns: Int32, factor: UnsafePointer<Self>, right: UnsafeMutablePointer<Self>)
}

/// The operands of C ← α·op(A)·op(B) + β·C; `syrk` reads A alone.
public struct ProductArguments<Scalar> {
    let transposeA: Bool
    let transposeB: Bool
    let rows: Int32
    let columns: Int32
    let depth: Int32
    let alpha: Scalar
    let a: UnsafePointer<Scalar>
    let leadingA: Int32
    let b: UnsafePointer<Scalar>
    let leadingB: Int32
    let beta: Scalar
    let c: UnsafeMutablePointer<Scalar>
    let leadingC: Int32
}

/// The letter by which BLAS names op(A): T or N.
private func letter(_ transposed: Bool) -> CChar { transposed ? 0x54 : 0x4E }

private let upper: CChar = 0x55  // U
private let all: CChar = 0x41  // A
private let vectors: CChar = 0x56  // V
private let fromLeft: CChar = 0x4C  // L
private let notUnit: CChar = 0x4E  // N

extension Double: LAPACKScalar {
    public static func trsm(
        transposed: Bool, order: Int32, columns: Int32, factor: UnsafePointer<Double>, right: UnsafeMutablePointer<Double>
    ) {
        var (side, triangle, operation, diagonal) = (fromLeft, upper, letter(transposed), notUnit)
        var (m, n, one) = (order, columns, Double(1))
        dtrsm_(&side, &triangle, &operation, &diagonal, &m, &n, &one, factor, &m, right, &m, 1, 1, 1, 1)
    }

    public static func gemm(_ p: ProductArguments<Double>) {
        withUnsafePointers(p) { transA, transB, m, n, k, alpha, lda, ldb, beta, ldc in
            dgemm_(transA, transB, m, n, k, alpha, p.a, lda, p.b, ldb, beta, p.c, ldc, 1, 1)
        }
    }

    public static func syrk(_ p: ProductArguments<Double>) {
        withUnsafePointers(p) { transA, _, _, n, k, alpha, lda, _, beta, ldc in
            withUnsafePointer(to: upper) { dsyrk_($0, transA, n, k, alpha, p.a, lda, beta, p.c, ldc, 1, 1) }
        }
    }

    public static func syevd(
        order: Int32, matrix: UnsafeMutablePointer<Double>, eigenvalues: UnsafeMutablePointer<Double>,
        work: UnsafeMutablePointer<Double>, workCount: Int32, integerWork: UnsafeMutablePointer<Int32>,
        integerWorkCount: Int32
    ) -> Int32 {
        var info: Int32 = 0
        var (job, triangle, n, workCount, integerWorkCount) = (vectors, upper, order, workCount, integerWorkCount)
        dsyevd_(
            &job, &triangle, &n, matrix, &n, eigenvalues, work, &workCount, integerWork, &integerWorkCount, &info, 1, 1)
        return info
    }

    public static func syevr(
        order: Int32, matrix: UnsafeMutablePointer<Double>, eigenvalues: UnsafeMutablePointer<Double>,
        eigenvectors: UnsafeMutablePointer<Double>, supports: UnsafeMutablePointer<Int32>,
        work: UnsafeMutablePointer<Double>, workCount: Int32, integerWork: UnsafeMutablePointer<Int32>,
        integerWorkCount: Int32
    ) -> Int32 {
        var (info, found): (Int32, Int32) = (0, 0)
        var (job, range, triangle) = (vectors, all, upper)
        // Bounds and indices of a range are not read when all eigenvalues are asked for; a tolerance of 0 is the default.
        var bounds: (Double, Double, tolerance: Double) = (0, 0, 0)
        var indices: (Int32, Int32) = (0, 0)
        var (n, workCount, integerWorkCount) = (order, workCount, integerWorkCount)
        dsyevr_(
            &job, &range, &triangle, &n, matrix, &n, &bounds.0, &bounds.1, &indices.0, &indices.1, &bounds.tolerance,
            &found, eigenvalues, eigenvectors, &n, supports, work, &workCount, integerWork, &integerWorkCount, &info, 1,
            1, 1)
        return info
    }

    public static func geqrf(
        rows: Int32, columns: Int32, matrix: UnsafeMutablePointer<Double>, scalars: UnsafeMutablePointer<Double>,
        work: UnsafeMutablePointer<Double>, workCount: Int32
    ) -> Int32 {
        var info: Int32 = 0
        var (m, n, workCount) = (rows, columns, workCount)
        dgeqrf_(&m, &n, matrix, &m, scalars, work, &workCount, &info)
        return info
    }

    public static func orgqr(
        rows: Int32, columns: Int32, matrix: UnsafeMutablePointer<Double>, scalars: UnsafePointer<Double>,
        work: UnsafeMutablePointer<Double>, workCount: Int32
    ) -> Int32 {
        var info: Int32 = 0
        var (m, n, workCount) = (rows, columns, workCount)
        dorgqr_(&m, &n, &n, matrix, &m, scalars, work, &workCount, &info)
        return info
    }

    public static func potrf(order: Int32, matrix: UnsafeMutablePointer<Double>) -> Int32 {
        var info: Int32 = 0
        var (triangle, n) = (upper, order)
        dpotrf_(&triangle, &n, matrix, &n, &info, 1)
        return info
    }
}

extension Float: LAPACKScalar {
    public static func trsm(
        transposed: Bool, order: Int32, columns: Int32, factor: UnsafePointer<Float>, right: UnsafeMutablePointer<Float>
    ) {
        var (side, triangle, operation, diagonal) = (fromLeft, upper, letter(transposed), notUnit)
        var (m, n, one) = (order, columns, Float(1))
        strsm_(&side, &triangle, &operation, &diagonal, &m, &n, &one, factor, &m, right, &m, 1, 1, 1, 1)
    }

    public static func gemm(_ p: ProductArguments<Float>) {
        withUnsafePointers(p) { transA, transB, m, n, k, alpha, lda, ldb, beta, ldc in
            sgemm_(transA, transB, m, n, k, alpha, p.a, lda, p.b, ldb, beta, p.c, ldc, 1, 1)
        }
    }

    public static func syrk(_ p: ProductArguments<Float>) {
        withUnsafePointers(p) { transA, _, _, n, k, alpha, lda, _, beta, ldc in
            withUnsafePointer(to: upper) { ssyrk_($0, transA, n, k, alpha, p.a, lda, beta, p.c, ldc, 1, 1) }
        }
    }

    public static func syevd(
        order: Int32, matrix: UnsafeMutablePointer<Float>, eigenvalues: UnsafeMutablePointer<Float>,
        work: UnsafeMutablePointer<Float>, workCount: Int32, integerWork: UnsafeMutablePointer<Int32>,
        integerWorkCount: Int32
    ) -> Int32 {
        var info: Int32 = 0
        var (job, triangle, n, workCount, integerWorkCount) = (vectors, upper, order, workCount, integerWorkCount)
        ssyevd_(
            &job, &triangle, &n, matrix, &n, eigenvalues, work, &workCount, integerWork, &integerWorkCount, &info, 1, 1)
        return info
    }

    public static func syevr(
        order: Int32, matrix: UnsafeMutablePointer<Float>, eigenvalues: UnsafeMutablePointer<Float>,
        eigenvectors: UnsafeMutablePointer<Float>, supports: UnsafeMutablePointer<Int32>,
        work: UnsafeMutablePointer<Float>, workCount: Int32, integerWork: UnsafeMutablePointer<Int32>,
        integerWorkCount: Int32
    ) -> Int32 {
        var (info, found): (Int32, Int32) = (0, 0)
        var (job, range, triangle) = (vectors, all, upper)
        // Bounds and indices of a range are not read when all eigenvalues are asked for; a tolerance of 0 is the default.
        var bounds: (Float, Float, tolerance: Float) = (0, 0, 0)
        var indices: (Int32, Int32) = (0, 0)
        var (n, workCount, integerWorkCount) = (order, workCount, integerWorkCount)
        ssyevr_(
            &job, &range, &triangle, &n, matrix, &n, &bounds.0, &bounds.1, &indices.0, &indices.1, &bounds.tolerance,
            &found, eigenvalues, eigenvectors, &n, supports, work, &workCount, integerWork, &integerWorkCount, &info, 1,
            1, 1)
        return info
    }

    public static func geqrf(
        rows: Int32, columns: Int32, matrix: UnsafeMutablePointer<Float>, scalars: UnsafeMutablePointer<Float>,
        work: UnsafeMutablePointer<Float>, workCount: Int32
    ) -> Int32 {
        var info: Int32 = 0
        var (m, n, workCount) = (rows, columns, workCount)
        sgeqrf_(&m, &n, matrix, &m, scalars, work, &workCount, &info)
        return info
    }

    public static func orgqr(
        rows: Int32, columns: Int32, matrix: UnsafeMutablePointer<Float>, scalars: UnsafePointer<Float>,
        work: UnsafeMutablePointer<Float>, workCount: Int32
    ) -> Int32 {
        var info: Int32 = 0
        var (m, n, workCount) = (rows, columns, workCount)
        sorgqr_(&m, &n, &n, matrix, &m, scalars, work, &workCount, &info)
        return info
    }

    public static func potrf(order: Int32, matrix: UnsafeMutablePointer<Float>) -> Int32 {
        var info: Int32 = 0
        var (triangle, n) = (upper, order)
        spotrf_(&triangle, &n, matrix, &n, &info, 1)
        return info
    }
}

/// Fortran takes every argument by address.
private func withUnsafePointers<Scalar>(
    _ p: ProductArguments<Scalar>,
    _ body: (
        UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafePointer<Int32>,
        UnsafePointer<Scalar>, UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafePointer<Scalar>, UnsafePointer<Int32>
    ) -> Void
) {
    var letters = (letter(p.transposeA), letter(p.transposeB))
    var sizes = (p.rows, p.columns, p.depth, p.leadingA, p.leadingB, p.leadingC)
    var factors = (p.alpha, p.beta)
    body(
        &letters.0, &letters.1, &sizes.0, &sizes.1, &sizes.2, &factors.0, &sizes.3, &sizes.4, &factors.1, &sizes.5)
}
