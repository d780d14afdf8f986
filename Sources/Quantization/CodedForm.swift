/// All that is known of a coded matrix without its numbers: enough to encode one, and to take its buffers apart.
public struct CodedForm: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public let region: CodedRegion
    public let codings: ColumnCodings
    public let maxima: BlockMaximumFormat
    /// Whether the entries (i, i) are kept in float32 beside the codes; where the region holds them, zeros are coded in their
    /// place, so that they do not raise the block maxima.
    public let keepsDiagonal: Bool
    public let packing: CodePacking

    /// - Precondition: no negative size, and a coding for every column where each has its own.
    public init(
        rows: Int, columns: Int, region: CodedRegion, codings: ColumnCodings, maxima: BlockMaximumFormat = .float32,
        keepsDiagonal: Bool = false, packing: CodePacking = .plain
    ) {
        precondition(rows >= 0 && columns >= 0, "a coded matrix of \(rows) × \(columns)")
        if case .each(let list) = codings {
            precondition(list.count == columns, "\(list.count) codings for \(columns) columns")
        }
        self.rows = rows
        self.columns = columns
        self.region = region
        self.codings = codings
        self.maxima = maxima
        self.keepsDiagonal = keepsDiagonal
        self.packing = packing
    }

    /// A square matrix with one coding.
    public init(order: Int, region: CodedRegion, coding: BlockCoding, keepsDiagonal: Bool = false) {
        self.init(rows: order, columns: order, region: region, codings: .all(coding), keepsDiagonal: keepsDiagonal)
    }
}

/// The coding of the columns of a matrix.
public enum ColumnCodings: Sendable, Equatable {
    case all(BlockCoding)
    /// Of every column its own.
    case each([BlockCoding])
}

/// How the codes of a coded matrix become bytes.
public enum CodePacking: Sendable, Equatable {
    /// `pack` of the codes of every run of columns with one coding, one run after the other, each from a whole byte on.
    case plain
}

/// Consecutive columns with one coding, and where their parts lie in the buffers.
public struct CodingRun: Sendable, Equatable {
    public let columns: Range<Int>
    public let coding: BlockCoding
    public let codeCount: Int
    /// Among the block maxima.
    public let blocks: Range<Int>
    /// Among the bytes of plain packing.
    public let bytes: Range<Int>
}

extension CodedForm {
    /// The coded rows of a column.
    @inlinable
    public func rows(ofColumn column: Int) -> Range<Int> { region.rows(ofColumn: column, height: rows) }

    /// As few runs as the codings allow; none without columns.
    public var runs: [CodingRun] {
        var runs: [CodingRun] = []
        var first = 0
        while first < columns {
            let (end, coding) = equalColumns(from: first)
            var (codes, blocks) = (0, 0)
            var segment = (length: 0, blocks: 0)
            for column in first..<end {
                let length = rows(ofColumn: column).count
                if length != segment.length { segment = (length, coding.blockCount(length: length)) }
                codes += length
                blocks += segment.blocks
            }
            let (block, byte) = (runs.last?.blocks.upperBound ?? 0, runs.last?.bytes.upperBound ?? 0)
            runs.append(
                CodingRun(
                    columns: first..<end, coding: coding, codeCount: codes, blocks: block..<block + blocks,
                    bytes: byte..<byte + packedByteCount(codes: codes, bits: coding.codebook.bits)))
            first = end
        }
        return runs
    }

    /// The form with other codebooks, one a run, of as many bits.
    public func with(codebooks: [Codebook]) -> CodedForm {
        let runs = runs
        precondition(
            codebooks.map(\.bits) == runs.map(\.coding.codebook.bits), "\(codebooks.count) codebooks for \(runs.count) runs")
        let replaced = zip(runs, codebooks).map { run, codebook in
            (run.columns, BlockCoding(codebook: codebook, like: run.coding))
        }
        let codings: ColumnCodings =
            switch self.codings {
            case .all(let coding): .all(replaced.first?.1 ?? coding)
            case .each: .each(replaced.flatMap { columns, coding in columns.map { _ in coding } })
            }
        return CodedForm(
            rows: rows, columns: columns, region: region, codings: codings, maxima: maxima, keepsDiagonal: keepsDiagonal,
            packing: packing)
    }

    private func equalColumns(from first: Int) -> (end: Int, BlockCoding) {
        switch codings {
        case .all(let coding): (columns, coding)
        case .each(let list): (list[first...].firstIndex { $0 != list[first] } ?? columns, list[first])
        }
    }

    /// The number of coded entries.
    public var entryCount: Int { (0..<columns).reduce(0) { $0 + rows(ofColumn: $1).count } }
    public var blockCount: Int { runs.blockCount }
    public var diagonalCount: Int { keepsDiagonal ? min(rows, columns) : 0 }
    /// The bytes of plainly packed codes.
    public var plainByteCount: Int { runs.plainByteCount }
    /// The bytes of the block maxima.
    public var maximaByteCount: Int { maxima.byteCount(blocks: blockCount) }
}

extension [CodingRun] {
    /// The number of blocks of all runs of a form.
    public var blockCount: Int { last?.blocks.upperBound ?? 0 }
    /// The bytes of their plainly packed codes.
    public var plainByteCount: Int { last?.bytes.upperBound ?? 0 }
}
