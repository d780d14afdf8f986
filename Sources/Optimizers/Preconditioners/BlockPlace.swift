import Compute

/// A side of a block: its rows or its columns.
public enum BlockSide: String, Sendable, Codable, CaseIterable {
    /// L, of the order of the rows.
    case left
    /// R, of the order of the columns.
    case right
}

/// A block of a parameter: its place among the blocks, and the rows and columns that it covers.
public struct BlockPlace: Sendable, Hashable, CustomStringConvertible {
    public let blockRow: Int
    public let blockColumn: Int
    public let rows: Range<Int>
    public let columns: Range<Int>

    /// `<block row>_<block column>`, its name in dumps and checkpoints.
    public var description: String { "\(blockRow)_\(blockColumn)" }
}

/// One side of one block of a parameter.
public struct BlockSidePlace: Sendable, Hashable, CustomStringConvertible {
    public let block: BlockPlace
    public let side: BlockSide

    /// The rows or columns of the parameter that the side covers.
    public var range: Range<Int> {
        switch side {
        case .left: block.rows
        case .right: block.columns
        }
    }

    /// `<block row>_<block column>/{left,right}`, its name in dumps and checkpoints.
    public var description: String { "\(block)/\(side.rawValue)" }
}

/// The blocks of a parameter, in row-major order.
///
/// A dimension longer than the largest order is cut into pieces of exactly that order and a remainder.
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
    stride(from: 0, to: length, by: largest).map { $0..<min($0 + min(largest, length), length) }
}
