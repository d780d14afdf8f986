/// A failure at the data of a training: which file, where in it, what is wrong, what to do.
public struct DataError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, in the classes that a program answers differently.
    public enum Kind: String, Sendable, CaseIterable {
        /// No data set of that name: wrong usage.
        case unknownName
        /// An option that the data set needs, does not take, or cannot have with this value: wrong usage.
        case wrongOption
        /// No file or folder of that name: no such input.
        case notFound
        /// There, but without permission, or a folder in the place of a file: no such input.
        case unreadable
        /// Not in its format, truncated, or with values out of range: wrong data.
        case damaged
        /// In order, but without a single batch: wrong data.
        case tooShort
        /// More than the machine's memory: wrong data.
        case tooLarge
        /// The system gave up while reading.
        case readFailed
    }

    public let kind: Kind
    /// The file or folder; nil where none is meant.
    public let file: String?
    /// Bytes before the place that is wrong; nil where the whole is.
    public let offset: Int?
    public let problem: String
    public let advice: String

    public init(kind: Kind, file: String?, offset: Int? = nil, problem: String, advice: String) {
        self.kind = kind
        self.file = file
        self.offset = offset
        self.problem = problem
        self.advice = advice
    }

    public var description: String {
        let place = [file, offset.map { "at byte \($0)" }].compactMap(\.self)
        return (place + ["\(problem); \(advice)"]).joined(separator: ": ")
    }
}

extension DataError {
    /// A file that is not what its format says.
    static func damaged(
        _ file: String, at offset: Int?, _ problem: String, advice: String = "copy or download it again"
    ) -> DataError {
        DataError(kind: .damaged, file: file, offset: offset, problem: problem, advice: advice)
    }
}
