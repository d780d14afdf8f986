/// The order in which a strip of up to 32 rows of symbols is coded: columns outer, rows inner, row r in lane r mod 8. Groups of
/// symbols share a scale index.
public enum SymbolStrip: Sendable, Equatable {
    /// Rows `first` … of the strict lower triangle of a square; a group is a tile of 32 columns.
    case triangle(first: Int, rows: Int)
    /// So many sequences of which each is one shorter than the one before, the first of `length`; entry p of all of them is
    /// column p, and a group is a sequence.
    case sequences(length: Int, rows: Int)

    /// The rows of a strip, and the columns of a tile.
    public static let height = 32
    static let laneCount = 8

    var rows: Int {
        switch self {
        case .triangle(_, let rows), .sequences(_, let rows): rows
        }
    }

    public var columns: Int {
        switch self {
        case .triangle(let first, let rows): max(first + rows - 1, 0)
        case .sequences(let length, _): max(length, 0)
        }
    }

    /// The rows that a column has symbols in.
    @inline(__always)
    public func rows(ofColumn column: Int) -> Range<Int> {
        switch self {
        case .triangle(let first, let rows): max(column + 1 - first, 0)..<rows
        case .sequences(let length, let rows): 0..<min(rows, length - column)
        }
    }

    @inline(__always)
    public func group(column: Int, row: Int) -> Int {
        switch self {
        case .triangle: column / Self.height
        case .sequences: row
        }
    }

    /// 0 for a strip without symbols, of which nothing is written.
    public var groupCount: Int {
        switch self {
        case .triangle: (columns + Self.height - 1) / Self.height
        case .sequences(let length, let rows): length > 0 ? rows : 0
        }
    }

    public var symbolCount: Int { (0..<columns).reduce(0) { $0 + rows(ofColumn: $1).count } }

    /// The lanes that are used.
    var lanes: Int { min(Self.laneCount, rows) }

    /// The symbols in the order of the strip.
    public func collect(_ symbol: (_ column: Int, _ row: Int) -> Int32) -> [Int32] {
        var symbols: [Int32] = []
        for column in 0..<columns { for row in rows(ofColumn: column) { symbols.append(symbol(column, row)) } }
        return symbols
    }

    /// The symbols with their places, in the order of the strip.
    public func forEach(_ symbols: [Int32], _ body: (_ column: Int, _ row: Int, _ symbol: Int32) -> Void) {
        var position = 0
        for column in 0..<columns {
            for row in rows(ofColumn: column) {
                body(column, row, symbols[position])
                position += 1
            }
        }
    }
}
