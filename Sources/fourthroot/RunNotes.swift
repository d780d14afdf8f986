import Synchronization

/// What is said of cases on the way: once for all that fail alike, with their number at the end.
final class RunNotes: Sendable {
    private struct Kind {
        let reason: String
        var repetitions = 0
    }

    private let progress: Progress?
    private let isQuiet: Bool
    private let kinds = Mutex<[(key: String, kind: Kind)]>([])

    /// - Parameter progress: the bar that makes way for a note.
    init(_ progress: Progress? = nil, quiet: Bool) {
        self.progress = progress
        isQuiet = quiet
    }

    func report(_ reason: String, of subject: String) {
        if isQuiet { return }
        // Reasons that differ in a number alone are one.
        let key = String(reason.map { $0.isNumber ? "0" : $0 })
        let isNew = kinds.withLock { kinds in
            if let position = kinds.firstIndex(where: { $0.key == key }) {
                kinds[position].kind.repetitions += 1
                return false
            }
            kinds.append((key, Kind(reason: reason)))
            return true
        }
        guard isNew else { return }
        progress?.clear()
        Terminal.report("note", "\(subject): \(reason)")
    }

    /// Counts what was not said again.
    func finish() {
        for (_, kind) in kinds.withLock({ $0 }) where kind.repetitions > 0 {
            Terminal.report("note", "the like of \(counted(kind.repetitions, "more case")): \(kind.reason)")
        }
    }
}
