import Foundation
import Synchronization

/// Progress on standard error: a bar with rate and time left on a terminal, one line a minute elsewhere.
final class Progress: Sendable {
    private struct State {
        var completed: Int
        var lastShown: ContinuousClock.Instant?
        var barLength = 0
    }

    private let total: Int
    private let unit: String
    private let resumed: Int
    private let isQuiet: Bool
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// - Parameter completed: units that a former run had finished; they do not count for the rate.
    init(total: Int, unit: String, completed: Int = 0, quiet: Bool) {
        self.total = total
        self.unit = unit
        resumed = completed
        isQuiet = quiet
        state = Mutex(State(completed: completed, lastShown: Terminal.isInteractive ? nil : .now))
    }

    /// - Parameter note: what the work has come to, shown after the rate.
    func advance(by count: Int, note: @autoclosure () -> String = "") {
        guard !isQuiet else { return }
        state.withLock { state in
            state.completed += count
            let interval: Duration = Terminal.isInteractive ? .milliseconds(100) : .seconds(60)
            let now = ContinuousClock.now
            if let last = state.lastShown, now - last < interval { return }
            state.lastShown = now
            show(&state, now, note())
        }
    }

    /// Removes the bar, so that what follows starts on a clean line.
    func clear() {
        state.withLock { state in
            guard state.barLength > 0 else { return }
            Terminal.write("\r" + String(repeating: " ", count: state.barLength) + "\r")
            state.barLength = 0
        }
    }

    private func show(_ state: inout State, _ now: ContinuousClock.Instant, _ note: String) {
        let elapsed = (now - start) / .seconds(1)
        let rate = Double(state.completed - resumed) / elapsed
        let left = rate > 0 ? Double(total - state.completed) / rate : .infinity
        let figures =
            "\(state.completed) of \(total) \(unit), \(rounded(rate)) a second, \(clock(left)) left"
            + (note.isEmpty ? "" : ", \(note)")
        guard Terminal.isInteractive else {
            Terminal.write("fourthroot: \(figures)\n")
            return
        }
        let width = 24
        let filled = total == 0 ? width : width * state.completed / total
        let line = "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: width - filled))] \(figures)"
        let padding = String(repeating: " ", count: max(0, state.barLength - line.count))
        Terminal.write("\r\(line)\(padding)")
        state.barLength = max(line.count, state.barLength)
    }

    private func rounded(_ rate: Double) -> String {
        rate >= 10 ? "\(Int(rate.rounded()))" : "\((rate * 10).rounded() / 10)"
    }

    private func clock(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "unknown" }
        let whole = Int(seconds.rounded(.up))
        return whole >= 3600
            ? "\(whole / 3600) h \(whole % 3600 / 60) min" : whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }
}
