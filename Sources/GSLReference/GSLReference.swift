import CGSL
import MatrixCore

/// The symmetric eigensolver of the GNU Scientific Library, which shares no code with LAPACK or OpenBLAS.
public enum GSLReference {
    /// The version of the library that was loaded, as "2.7.1".
    public static var version: String { String(cString: gsl_version_string()) }

    /// The path of the library that GSL takes its vector operations from; its own is called libgslcblas.
    ///
    /// OpenBLAS exports the same names, and where it is found first, the reference is not independent of it.
    public static var vectorLibrary: String { gsl_vector_library().map { String(cString: $0) } ?? "" }

    /// GSL's default handler ends the program; without it the functions return codes. Set once, because the handler is
    /// a global variable of the library.
    private static let handlerIsOff: Void = { _ = gsl_set_error_handler_off() }()

    /// The eigenvalues, ascending, and eigenvectors of a symmetric matrix by gsl_eigen_symmv.
    ///
    /// Numerics: backward stable, the eigenvalues carry an error of a small multiple of n·u·‖A‖₂ whatever their size.
    /// The matrix is first scaled by a power of two that brings its largest entry into [1, 2), so entries near the ends
    /// of the range of double neither overflow nor vanish in the reduction; the scaling is exact except where an entry
    /// is 2¹⁰²² times smaller than the largest. Entries that are not finite are refused, since the solver need not end
    /// on them.
    ///
    /// Complexity: about 9n³ operations, 1.3–1.9 s at n = 1200.
    public static func decompose(_ a: Matrix<Double>) throws(GSLReferenceError) -> SymmetricDecomposition {
        try checkSymmetric(a)
        let order = a.order
        guard order > 0 else { return SymmetricDecomposition(eigenvalues: [], eigenvectors: a) }
        let exponent = scalingExponent(a)
        let scaled = a.elements.map { scaling($0, by: -exponent) }
        let (values, vectors) = try solve(scaled, order: order)
        return SymmetricDecomposition(
            eigenvalues: values.map { scaling($0, by: exponent) },
            eigenvectors: Matrix(rows: order, columns: order, elements: vectors).transposed)
    }

    private static func checkSymmetric(_ a: Matrix<Double>) throws(GSLReferenceError) {
        guard a.isSquare else { throw .notSquare(rows: a.rows, columns: a.columns) }
        for column in 0..<a.columns {
            for row in 0..<a.rows where !a[row, column].isFinite {
                throw .notFinite(row: row, column: column, value: a[row, column])
            }
        }
        for column in 0..<a.columns {
            for row in 0..<column where a[row, column] != a[column, row] {
                throw .notSymmetric(row: row, column: column)
            }
        }
    }

    /// The eigenvalues, and the eigenvectors row-major as GSL has them. The matrix may be given in either order,
    /// because it equals its transpose.
    private static func solve(
        _ elements: [Double], order: Int
    ) throws(GSLReferenceError) -> (values: [Double], rowMajorVectors: [Double]) {
        _ = handlerIsOff
        let matrix = gsl_matrix_alloc(order, order)
        let vectors = gsl_matrix_alloc(order, order)
        let values = gsl_vector_alloc(order)
        let workspace = gsl_eigen_symmv_alloc(order)
        defer {
            gsl_matrix_free(matrix)
            gsl_matrix_free(vectors)
            gsl_vector_free(values)
            gsl_eigen_symmv_free(workspace)
        }
        guard let matrix, let vectors, let values, let workspace else { throw .outOfMemory(order: order) }
        // gsl_matrix_alloc gives rows without gaps (tda = order) and gsl_vector_alloc a stride of 1.
        matrix.pointee.data.update(from: elements, count: order * order)
        var code = gsl_eigen_symmv(matrix, values, vectors, workspace)
        if code == 0 { code = gsl_eigen_symmv_sort(values, vectors, GSL_EIGEN_SORT_VAL_ASC) }
        guard code == 0 else {
            throw .solverFailed(order: order, code: Int(code), message: String(cString: gsl_strerror(code)))
        }
        return (
            Array(UnsafeBufferPointer(start: values.pointee.data, count: order)),
            Array(UnsafeBufferPointer(start: vectors.pointee.data, count: order * order))
        )
    }
}

/// The e for which the largest magnitude of the entries lies in [2^e, 2^(e+1)); 0 for a matrix of zeros.
func scalingExponent(_ a: Matrix<Double>) -> Int {
    let largest = a.largestMagnitude
    return largest > 0 ? Int(largest.exponent) : 0
}

/// x·2^exponent with a single rounding.
func scaling(_ x: Double, by exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: x)
}
