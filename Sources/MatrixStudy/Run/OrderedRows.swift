import Synchronization

/// Rows as they are finished, passed on in the order of the study.
final class OrderedRows<Row: Sendable>: Sendable {
    private struct State {
        var next: Int
        var waiting: [Int: Row] = [:]
        var failure: (any Error)?
    }

    private let state: Mutex<State>
    private let consume: @Sendable ([Row]) throws -> Void

    init(first: Int, consume: @escaping @Sendable ([Row]) throws -> Void) {
        state = Mutex(State(next: first))
        self.consume = consume
    }

    /// - Throws: what the consumer threw before: then no more rows are wanted.
    func requireConsumer() throws {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// - Throws: what the consumer threw, now or before; nothing is passed on after that.
    func add(_ rows: [(index: Int, row: Row)]) throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            for (index, row) in rows { state.waiting[index] = row }
            var ready: [Row] = []
            while let row = state.waiting.removeValue(forKey: state.next) {
                ready.append(row)
                state.next += 1
            }
            do {
                // Within the lock: order is the point.
                if !ready.isEmpty { try consume(ready) }
            } catch {
                state.failure = error
                throw error
            }
        }
    }
}
