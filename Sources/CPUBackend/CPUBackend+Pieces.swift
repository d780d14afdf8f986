import MatrixCore

/// Work cut into pieces by the thread count alone, and the outputs that the pieces fill.
extension CPUBackend {
    /// Runs `body` on consecutive ranges that make up 0..<count, at most `threads` of them and none shorter than
    /// `grain` unless it is the only one.
    func inPieces(_ count: Int, atLeast grain: Int, _ body: (Range<Int>) -> Void) {
        let pieces = pieceCount(count, atLeast: grain)
        guard pieces > 1 else { return body(0..<count) }
        withoutActuallyEscaping(body) { body in
            // Ranges are disjoint, and the call returns when all pieces are done.
            nonisolated(unsafe) let body = body
            workers.perform(pieces) { body(piece($0, of: pieces, count)) }
        }
    }

    /// A matrix whose entries `fill` writes, all of them and nothing behind them.
    @inline(__always)
    func filled(rows: Int, columns: Int, by fill: (UnsafeMutablePointer<Scalar>) -> Void) -> Matrix<Scalar> {
        let count = rows * columns
        guard checksOutputs else {
            return Matrix(
                rows: rows, columns: columns,
                elements: [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
                    if count > 0 { fill(buffer.baseAddress!) }
                    initialized = count
                })
        }
        var entries = [Scalar](repeating: .nan, count: count + guardEntries)
        if count > 0 { entries.withUnsafeMutableBufferPointer { fill($0.baseAddress!) } }
        precondition(entries[count...].allSatisfy(\.isNaN), "a pass wrote behind the end of \(rows) × \(columns)")
        return Matrix(rows: rows, columns: columns, elements: Array(entries.prefix(count)))
    }

    /// Lets `change` write entries of a matrix, and nothing behind them.
    @inline(__always)
    func changing(_ a: inout Matrix<Scalar>, by change: (UnsafeMutablePointer<Scalar>) -> Void) {
        guard checksOutputs else { return a.withMutableElements(change) }
        let count = a.elements.count
        var entries = a.elements + [Scalar](repeating: .nan, count: guardEntries)
        entries.withUnsafeMutableBufferPointer { change($0.baseAddress!) }
        precondition(entries[count...].allSatisfy(\.isNaN), "a pass wrote behind the end of \(a.rows) × \(a.columns)")
        a.elements = Array(entries.prefix(count))
    }

    /// More than a register of any instruction set holds.
    private var guardEntries: Int { 64 }

    func pieceCount(_ count: Int, atLeast grain: Int) -> Int { max(1, min(threads, count / max(grain, 1))) }

    func piece(_ index: Int, of pieces: Int, _ count: Int) -> Range<Int> {
        count * index / pieces..<count * (index + 1) / pieces
    }

    /// Columns that together have enough entries for a piece of their own.
    func columnGrain(rows: Int) -> Int { (smallestPiece + rows) / max(rows, 1) }

    /// Entries below which a pass over memory is over before a second thread has woken up.
    var smallestPiece: Int { 32768 }
}

extension Matrix {
    /// The entries' address; an empty array of Swift has none, and nothing is read through the one given then.
    func withElements<Result>(_ body: (UnsafePointer<Scalar>) throws -> Result) rethrows -> Result {
        try elements.withUnsafeBufferPointer {
            try body($0.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Scalar>.alignment)!)
        }
    }

    fileprivate mutating func withMutableElements(_ body: (UnsafeMutablePointer<Scalar>) -> Void) {
        elements.withUnsafeMutableBufferPointer {
            body($0.baseAddress ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Scalar>.alignment)!)
        }
    }
}
