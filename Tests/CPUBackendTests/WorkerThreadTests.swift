import Compute
import MatrixCore
import Synchronization
import TestSupport
import Testing

@testable import CPUBackend

/// How many are in a piece of work at once, and the most that ever were.
private final class Attendance: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    func enter() {
        counts.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }

    func leave() { counts.withLock { $0.now -= 1 } }
    var most: Int { counts.withLock { $0.most } }
}

/// `threads` bounds what a backend does at once, work within work included.
@Suite struct WorkerThreadTests {
    private func workFor(microseconds: Int) {
        let end = ContinuousClock.now + .microseconds(microseconds)
        while ContinuousClock.now < end {}
    }

    @Test(arguments: [1, 2, 3]) func threadsBoundNestedWork(threads: Int) {
        let backend = CPUBackend<Float>(threads: threads)
        let attendance = Attendance()
        backend.concurrently(8) { lane, _ in
            lane.concurrently(8) { _, _ in
                attendance.enter()
                workFor(microseconds: 100)
                attendance.leave()
            }
            lane.inPieces(64, atLeast: 1) { _ in
                attendance.enter()
                workFor(microseconds: 100)
                attendance.leave()
            }
        }
        #expect(attendance.most <= threads)
    }

    /// Helpers are given back: after any amount of work as many are idle as before.
    @Test func helpersComeBack() {
        let workers = WorkerThreads(count: 4)
        let done = Mutex([Int](repeating: 0, count: 50))
        for _ in 0..<20 {
            workers.perform(50) { outer in
                workers.perform(3) { _ in done.withLock { $0[outer] += 1 } }
            }
            #expect(workers.idleHelpers == 3)
        }
        #expect(done.withLock { $0 } == [Int](repeating: 60, count: 50))
    }

    @Test func nothingToDo() {
        WorkerThreads(count: 3).perform(0) { _ in Issue.record("work that nobody asked for") }
    }
}
