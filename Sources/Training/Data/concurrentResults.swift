import Dispatch
import Synchronization

/// body(0), … body(count − 1), by as many threads at a time; what each computes does not depend on who does it.
func concurrentResults<Result: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
    let workers = min(threads, count)
    guard workers > 1 else { return (0..<count).map(body) }
    let results = Mutex([Result?](repeating: nil, count: count))
    let begun = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
        while true {
            let index = begun.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            let result = body(index)
            results.withLock { $0[index] = result }
        }
    }
    return results.withLock { $0.compactMap { $0 } }
}
