import Foundation
import Synchronization

/// Progress on standard error: a bar with rate and time left on a terminal, one line a minute elsewhere.
final class Progress: Sendable {
    private struct State {
        var completed: Int
        var lastShown: ContinuousClock.Instant?
        var barLength = 0
        var subject = ""
    }

    private let total: Int
    private let unit: String
    private let resumed: Int
    private let isQuiet: Bool
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// Shows an empty bar at once.
    ///
    /// - Parameter completed: units that a former run had finished; they do not count for the rate.
    init(total: Int, unit: String, completed: Int = 0, quiet: Bool) {
        self.total = total
        self.unit = unit
        resumed = completed
        isQuiet = quiet
        state = Mutex(State(completed: completed, lastShown: .now))
        if !quiet && Terminal.isInteractive { state.withLock { show(&$0, .now, "") } }
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

    /// Names what is in work.
    func begin(_ subject: String) {
        guard !isQuiet else { return }
        state.withLock { state in
            state.subject = printableText(subject)
            if Terminal.isInteractive { show(&state, .now, "") }
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
        let done = state.completed - resumed
        let rate = Double(done) / elapsed
        var parts = ["\(state.completed) of \(total) \(unit)"]
        if done > 0 {
            parts += [
                "\(rounded(rate)) a second", "\(durationText((Double(total - state.completed) / rate).rounded(.up))) left",
            ]
        }
        if !note.isEmpty { parts.append(note) }
        guard Terminal.isInteractive else {
            let words = (parts + [state.subject].filter { !$0.isEmpty }).joined(separator: ", ")
            Terminal.write("fourthroot: \(words)\n")
            return
        }
        // One column stays free: a line that fills a terminal may wrap.
        let share = total == 0 ? 1 : Double(state.completed) / Double(total)
        let line = Progress.line(share: share, parts, state.subject, width: Terminal.width - 1)
        let padding = String(repeating: " ", count: max(0, state.barLength - line.count))
        Terminal.write("\r\(line)\(padding)")
        state.barLength = max(line.count, state.barLength)
    }

    /// A bar, figures, and the end of the subject's name for which there is room.
    private static func line(share: Double, _ figures: [String], _ subject: String, width: Int) -> String {
        let barWidth = min(20, width / 5)
        let filled = Int(share * Double(barWidth))
        let bar = "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: barWidth - filled))]"
        let words = cut("\(bar) \(figures.joined(separator: ", "))", to: width)
        let room = width - words.count - 2
        if subject.isEmpty || room < 8 { return words }
        return words + ", " + (subject.count <= room ? subject : "…" + subject.suffix(room - 1))
    }

    private func rounded(_ rate: Double) -> String {
        rate >= 10 ? "\(Int(rate.rounded()))" : "\((rate * 10).rounded() / 10)"
    }
}

/// A text in at most so many characters, its end replaced by an ellipsis where it is longer.
func cut(_ text: String, to width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(0, width - 1))) + (width > 0 ? "…" : "")
}
