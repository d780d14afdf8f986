import Foundation

/// Lanes that meet, so that what each of them asks for is done for all of them at once.
///
/// A lane that asks waits until every lane that still runs has asked, or has ended; the last one to come, or to end, serves
/// all. What is served together follows from what the lanes do and never from their speed, since nobody is served before all
/// have come. A lane may ask as often as it likes, and others need not ask at all. It must not wait for another lane in any
/// other way: that one may be waiting here for it.
final class Gathering<Request: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let serve: ([Request]) -> Void
    private var running: Int
    private var waiting: [(lane: Int, request: Request)] = []
    private var round = 0

    /// - Parameters:
    ///   - lanes: how many run at first.
    ///   - serve: does what is asked for, in the order of the lanes.
    init(lanes: Int, serve: @escaping @Sendable ([Request]) -> Void) {
        running = lanes
        self.serve = serve
    }

    /// Returns when the request has been served.
    func meet(lane: Int, _ request: Request) {
        condition.lock()
        defer { condition.unlock() }
        waiting.append((lane, request))
        let own = round
        serveIfAllHaveCome()
        while round == own { condition.wait() }
    }

    /// Tells that a lane has ended.
    func leave() {
        condition.lock()
        defer { condition.unlock() }
        running -= 1
        serveIfAllHaveCome()
    }

    private func serveIfAllHaveCome() {
        guard !waiting.isEmpty, waiting.count == running else { return }
        serve(waiting.sorted { $0.lane < $1.lane }.map(\.request))
        waiting = []
        round += 1
        condition.broadcast()
    }
}
