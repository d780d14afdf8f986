import Foundation
import Synchronization

/// Threads of the host, one a lane: each may wait for the device, or for another one.
enum Threads {
    /// body(0), … body(count − 1) at once; returns when all are done.
    static func perform(_ count: Int, _ body: @Sendable (Int) -> Void) {
        if count == 1 { return body(0) }
        withoutActuallyEscaping(body) { body in
            let done = DispatchGroup()
            for index in 0..<count {
                done.enter()
                let work = Work { body(index) }
                Thread.detachNewThread {
                    work.perform()
                    done.leave()
                }
            }
            done.wait()
        }
    }
}

/// Work that is let go of once it is done: a thread may keep its own closure for a while after it has told that it is done, and
/// `body` must not outlive the call that it was given to.
private final class Work: Sendable {
    private let body: Mutex<(@Sendable () -> Void)?>

    init(_ body: @escaping @Sendable () -> Void) { self.body = Mutex(body) }

    func perform() {
        let body = body.withLock { $0.take() }
        body?()
    }
}
