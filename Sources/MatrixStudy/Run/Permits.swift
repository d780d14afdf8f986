/// A counted permission, handed out in the order of asking.
///
/// Tasks that compute hold one permit each, so `--threads` bounds the cores in use; nobody waits for a result while
/// holding one, so there is no deadlock.
actor Permits {
    private var available: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var served = 0

    init(_ count: Int) {
        precondition(count > 0, "\(count) permits")
        available = count
    }

    func acquire() async {
        if available > 0 {
            available -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func release() {
        if served < waiting.count {
            waiting[served].resume()
            served += 1
            if served == waiting.count { (waiting, served) = ([], 0) }
        } else {
            available += 1
        }
    }

    /// Runs `body` with a permit.
    nonisolated func holding<Result: Sendable, Failure: Error>(
        _ body: @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        await acquire()
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
