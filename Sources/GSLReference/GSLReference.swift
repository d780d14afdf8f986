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
        let stride = rowStride(order: order)
        var matrix = padded(elements, order: order, stride: stride)
        var vectors = [Double](repeating: 0, count: order * stride)
        let values = gsl_vector_alloc(order)
        let workspace = gsl_eigen_symmv_alloc(order)
        defer {
            gsl_vector_free(values)
            gsl_eigen_symmv_free(workspace)
        }
        guard let values, let workspace else { throw .outOfMemory(order: order) }
        let code = matrix.withUnsafeMutableBufferPointer { matrix in
            vectors.withUnsafeMutableBufferPointer { vectors in
                var a = gsl_matrix_view_array_with_tda(matrix.baseAddress, order, order, stride)
                var q = gsl_matrix_view_array_with_tda(vectors.baseAddress, order, order, stride)
                let code = gsl_eigen_symmv(&a.matrix, values, &q.matrix, workspace)
                return code == 0 ? gsl_eigen_symmv_sort(values, &q.matrix, GSL_EIGEN_SORT_VAL_ASC) : code
            }
        }
        guard code == 0 else {
            throw .solverFailed(order: order, code: Int(code), message: String(cString: gsl_strerror(code)))
        }
        return (
            Array(UnsafeBufferPointer(start: values.pointee.data, count: order)),
            (0..<order).flatMap { vectors[$0 * stride..<$0 * stride + order] }
        )
    }

    /// The distance of two rows in memory: an odd number of cache lines.
    ///
    /// GSL walks down columns; rows a power of two apart would share a few sets of the cache.
    private static func rowStride(order: Int) -> Int {
        let lines = (order + 7) / 8
        return 8 * (lines | 1)
    }

    private static func padded(_ elements: [Double], order: Int, stride: Int) -> [Double] {
        var result = [Double](repeating: 0, count: order * stride)
        for row in 0..<order {
            result.replaceSubrange(row * stride..<row * stride + order, with: elements[row * order..<(row + 1) * order])
        }
        return result
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
