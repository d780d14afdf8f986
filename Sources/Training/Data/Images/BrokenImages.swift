import Synchronization

/// What to do about a file that should hold an image and does not.
public enum CorruptImageRule: String, Sendable, CaseIterable {
    /// It ends the run by its name.
    case refuse
    /// Another image takes its place: the next in the order of the epoch. In validation it is left out.
    case skip
}

/// The files without an image that have been met, for the end of a run.
final class BrokenImages: Sendable {
    private static let named = 10

    private let problems = Mutex<[String: String]>([:])

    func note(_ file: String, _ broken: BrokenImage) { problems.withLock { $0[file] = broken.problem } }

    /// nil where there were none.
    var note: String? {
        let problems = problems.withLock { $0 }
        guard !problems.isEmpty else { return nil }
        let (count, rest) = (problems.count, problems.count > Self.named ? " and others" : "")
        return
            (count == 1 ? "1 image could not be read and was left out" : "\(count) images could not be read and were left out")
            + ": \(Self.text(problems))\(rest)"
    }

    /// The refusal of files that have no image.
    static func refusal(_ problems: [String: String], folder: String) -> DataError {
        let more = problems.count > named ? " and \(problems.count - named) more" : ""
        let files = problems.count == 1 ? "1 file holds no image" : "\(problems.count) files hold no image"
        return DataError(
            kind: .damaged, file: folder,
            problem: "\(files): \(text(problems))\(more)",
            advice: "mend or remove what is named, or go on without, by --corrupt-images skip")
    }

    private static func text(_ problems: [String: String]) -> String {
        problems.sorted { $0.key < $1.key }.prefix(named).map { "\($0.key): \($0.value)" }.joined(separator: "; ")
    }
}
