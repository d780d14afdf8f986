/// Which entries of a matrix are coded: one segment a column, blocks never crossing it.
///
/// A column of the memory is a row of the same matrix in row-major storage, and of its transpose.
public enum CodedRegion: Sendable, Equatable {
    /// Whole columns.
    case columns
    /// What lies above the diagonal: rows 0 ..< j of column j. For a symmetric matrix or an upper Cholesky factor Lᵀ this is
    /// the strict lower triangle row by row.
    case strictUpper
    /// What lies below the diagonal: rows from j + 1 on of column j, where LAPACK keeps reflector tails.
    case strictLower

    /// The coded rows of a column of `height` entries.
    @inlinable
    public func rows(ofColumn column: Int, height: Int) -> Range<Int> {
        switch self {
        case .columns: 0..<height
        case .strictUpper: 0..<min(column, height)
        case .strictLower: min(column + 1, height)..<height
        }
    }
}
