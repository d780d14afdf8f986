/// A scalar that the toolkit computes with: `Float` in training, `Double` in the study.
public protocol MatrixScalar: BinaryFloatingPoint, SIMDScalar, Codable, Sendable {
    /// The same number in double precision, which holds that of every scalar.
    var inDouble: Double { get }
}

extension Float: MatrixScalar {
    @inlinable public var inDouble: Double { Double(self) }
}

extension Double: MatrixScalar {
    @inlinable public var inDouble: Double { self }

    /// The same number. Where the scalar is not known to the compiler, the standard library's conversion from any binary
    /// floating-point number looks for the type of every value.
    @inlinable
    public init<Scalar: MatrixScalar>(_ value: Scalar) { self = value.inDouble }
}

/// A dense matrix, column-major: element (i, j) is `elements[i + j * rows]`, so a column (an eigenvector) is
/// contiguous, as LAPACK and cuSOLVER expect.
///
/// The same memory read row-major, as HDF5 does, is the transpose; the two coincide for symmetric matrices.
public struct Matrix<Scalar: MatrixScalar>: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public var elements: [Scalar]

    /// - Precondition: `elements.count == rows * columns`.
    @inlinable
    public init(rows: Int, columns: Int, elements: [Scalar]) {
        precondition(rows >= 0 && columns >= 0, "a matrix of \(rows) rows and \(columns) columns")
        precondition(
            elements.count == rows * columns, "\(elements.count) elements for a matrix of \(rows) × \(columns)")
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }

    @inlinable
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public init(rows: Int, columns: Int, repeating value: Scalar = 0) {
        self.init(rows: rows, columns: columns, elements: [Scalar](repeating: value, count: rows * columns))
    }

    /// The square matrix with `diagonal` on its diagonal and zeros elsewhere.
    @inlinable
    public init(diagonal: [Scalar]) {
        self.init(rows: diagonal.count, columns: diagonal.count)
        for (index, value) in diagonal.enumerated() { self[index, index] = value }
    }

    @inlinable
    public static func identity(_ order: Int) -> Matrix {
        Matrix(diagonal: [Scalar](repeating: 1, count: order))
    }

    /// The entries converted to another scalar, each rounded to nearest, ties to even.
    @inlinable
    public init<Other: MatrixScalar>(_ other: Matrix<Other>) {
        self.init(rows: other.rows, columns: other.columns, elements: other.elements.map { Scalar($0.inDouble) })
    }

    @inlinable
    public subscript(row: Int, column: Int) -> Scalar {
        get { elements[row + column * rows] }
        set { elements[row + column * rows] = newValue }
    }

    @inlinable public var isSquare: Bool { rows == columns }

    /// The number of rows of a square matrix.
    @inlinable
    public var order: Int {
        precondition(isSquare, "the order of a matrix of \(rows) × \(columns)")
        return rows
    }

    /// The entries (i, i), as many as the shorter side has.
    @inlinable
    public var diagonal: [Scalar] {
        get { (0..<min(rows, columns)).map { self[$0, $0] } }
        set {
            precondition(newValue.count == min(rows, columns), "\(newValue.count) values for the diagonal")
            for (index, value) in newValue.enumerated() { self[index, index] = value }
        }
    }

    /// The entries of one column, which are contiguous.
    @inlinable
    public func column(_ index: Int) -> ArraySlice<Scalar> {
        elements[index * rows..<(index + 1) * rows]
    }
}
