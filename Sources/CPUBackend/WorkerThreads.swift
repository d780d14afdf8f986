import Dispatch
import Synchronization

/// The threads of a backend: the caller's own and its helpers, which nested work shares.
///
/// Work that begins while all helpers are busy is done by the thread that asks for it. What a piece of work computes does not
/// depend on who does it.
final class WorkerThreads: Sendable {
    /// Helpers without work.
    private let idle: Atomic<Int>

    /// - Precondition: `count` is at least 1.
    init(count: Int) { idle = Atomic(count - 1) }

    /// body(0), … body(count − 1), by the calling thread and the helpers that are idle now; returns when all are done.
    func perform(_ count: Int, _ body: @Sendable (Int) -> Void) {
        let helpers = takeHelpers(atMost: count - 1)
        guard helpers > 0 else {
            for index in 0..<count { body(index) }
            return
        }
        let list = WorkList(workers: helpers + 1)
        DispatchQueue.concurrentPerform(iterations: helpers + 1) { _ in
            while let index = list.next(below: count) { body(index) }
            // The last one to end stands for the calling thread, which was never taken.
            if list.endWorker() > 0 { idle.wrappingAdd(1, ordering: .relaxed) }
        }
    }

    var idleHelpers: Int { idle.load(ordering: .relaxed) }

    private func takeHelpers(atMost wanted: Int) -> Int {
        var found = idle.load(ordering: .relaxed)
        while true {
            let taken = min(found, wanted)
            guard taken > 0 else { return 0 }
            let (exchanged, original) = idle.compareExchange(
                expected: found, desired: found - taken, ordering: .relaxed)
            if exchanged { return taken }
            found = original
        }
    }
}

/// What is left to do, and how many still do it.
private final class WorkList: Sendable {
    private let begun = Atomic(0)
    private let workers: Atomic<Int>

    init(workers: Int) { self.workers = Atomic(workers) }

    func next(below count: Int) -> Int? {
        let index = begun.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < count ? index : nil
    }

    /// How many go on.
    func endWorker() -> Int { workers.wrappingSubtract(1, ordering: .relaxed).newValue }
}
