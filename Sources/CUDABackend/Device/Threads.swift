import Foundation

/// Threads of the host, one a lane: each may wait for the device, or for another one.
enum Threads {
    /// body(0), … body(count − 1) at once; returns when all are done.
    static func perform(_ count: Int, _ body: @Sendable (Int) -> Void) {
        if count == 1 { return body(0) }
        withoutActuallyEscaping(body) { body in
            let done = DispatchGroup()
            for index in 0..<count {
                done.enter()
                Thread.detachNewThread {
                    body(index)
                    done.leave()
                }
            }
            done.wait()
        }
    }
}
