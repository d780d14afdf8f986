import Compute

/// A block of a parameter: its place among the blocks, and the rows and columns that it covers.
public struct BlockPlace: Sendable, Equatable, CustomStringConvertible {
    public let blockRow: Int
    public let blockColumn: Int
    public let rows: Range<Int>
    public let columns: Range<Int>

    /// `<block row>_<block column>`, its name in dumps and checkpoints.
    public var description: String { "\(blockRow)_\(blockColumn)" }
}

/// The blocks of a parameter, in row-major order.
public func blockPlaces(_ parameter: ParameterShape, largestOrder: Int) -> [BlockPlace] {
    let columnPieces = pieces(of: parameter.columns, largest: largestOrder)
    return pieces(of: parameter.rows, largest: largestOrder).enumerated().flatMap { row, rows in
        columnPieces.enumerated().map { column, columns in
            BlockPlace(blockRow: row, blockColumn: column, rows: rows, columns: columns)
        }
    }
}

/// 0 ..< length in pieces of exactly `largest` and a remainder.
func pieces(of length: Int, largest: Int) -> [Range<Int>] {
    stride(from: 0, to: length, by: largest).map { $0..<min($0 + largest, length) }
}
