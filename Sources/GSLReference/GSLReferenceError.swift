/// Why the reference solver gave no decomposition.
public enum GSLReferenceError: Error, Sendable, Equatable, CustomStringConvertible {
    case notSquare(rows: Int, columns: Int)
    case notFinite(row: Int, column: Int, value: Double)
    case notSymmetric(row: Int, column: Int)
    case outOfMemory(order: Int)
    case solverFailed(order: Int, code: Int, message: String)

    public var description: String {
        switch self {
        case .notSquare(let rows, let columns):
            "eigenvalues by GSL: the matrix is \(rows) × \(columns), not square"
        case .notFinite(let row, let column, let value):
            "eigenvalues by GSL: entry (\(row), \(column)) is \(value)"
        case .notSymmetric(let row, let column):
            "eigenvalues by GSL: entries (\(row), \(column)) and (\(column), \(row)) differ"
        case .outOfMemory(let order):
            "eigenvalues by GSL: no memory for a matrix of order \(order)"
        case .solverFailed(let order, let code, let message):
            "eigenvalues by GSL: gsl_eigen_symmv of order \(order) failed with \(code) (\(message))"
        }
    }
}

/// Why a decomposition has no inverse power in double.
public enum InversePowerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The damped magnitude of an eigenvalue is exactly zero.
    case singular(eigenvalueIndex: Int)
    /// The power of a damped eigenvalue is too large or too small for a normal double.
    case outOfRange(eigenvalueIndex: Int, damped: Double, exponent: Double)

    public var description: String {
        switch self {
        case .singular(let index):
            "inverse power: eigenvalue \(index) is zero and there is no damping"
        case .outOfRange(let index, let damped, let exponent):
            "inverse power: \(damped)^(-\(exponent)) of eigenvalue \(index) is outside the range of double"
        }
    }
}
