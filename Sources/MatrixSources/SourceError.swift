/// An input that is not there or wrong: which file, which entry of it, what is wrong, what to do.
public struct SourceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, in the classes that a program answers differently.
    public enum Kind: Sendable {
        /// No such file or entry, or none that may be read.
        case noSuchInput
        /// Damaged, or nothing that is read.
        case wrongData
        /// The system gave up while reading.
        case readFailed
    }

    public let kind: Kind
    public let file: String
    /// nil where the file as a whole is meant.
    public let entry: String?
    public let problem: String
    /// What to do, and where a library is involved its own words before it.
    public let advice: String?

    public init(_ kind: Kind, file: String, entry: String? = nil, _ problem: String, advice: String? = nil) {
        self.kind = kind
        self.file = file
        self.entry = entry
        self.problem = problem
        self.advice = advice
    }

    /// The description without file and entry.
    public var explanation: String { advice.map { "\(problem)\($0)" } ?? problem }

    public var description: String {
        "\(file): \(entry.map { "\($0.isEmpty ? "/" : $0): " } ?? "")\(explanation)"
    }
}
