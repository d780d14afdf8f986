/// A counted permission, handed out in the order of asking.
///
/// Tasks that compute hold one permit each, so `--threads` bounds the cores in use; nobody waits for a result while
/// holding one, so there is no deadlock. A cancelled task gets none: what it would have computed nobody wants any more.
actor Permits {
    private var available: Int
    private var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
    /// The number of the next one to ask, and of the next one to be served if it still waits.
    private var asked = 0
    private var served = 0

    init(_ count: Int) {
        precondition(count > 0, "\(count) permits")
        available = count
    }

    /// - Throws: `CancellationError`, without a permit.
    func acquire() async throws {
        try Task.checkCancellation()
        if available > 0 {
            available -= 1
            return
        }
        let number = asked
        asked += 1
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting[number] = $0 }
        } onCancel: {
            Task { await self.giveUp(number) }
        }
    }

    func release() {
        while served < asked {
            served += 1
            if let next = waiting.removeValue(forKey: served - 1) { return next.resume() }
        }
        available += 1
    }

    private func giveUp(_ number: Int) { waiting.removeValue(forKey: number)?.resume(throwing: CancellationError()) }

    /// Runs `body` with a permit.
    ///
    /// - Throws: `CancellationError`, or what `body` throws.
    nonisolated func holding<Result: Sendable>(_ body: @Sendable () throws -> Result) async throws -> Result {
        try await acquire()
        do {
            let result = try body()
            await release()
            return result
        } catch {
            await release()
            throw error
        }
    }
}
