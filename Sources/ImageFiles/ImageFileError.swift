/// An image that cannot be had from the bytes of a file.
public struct ImageFileError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Neither JPEG nor PNG, damaged, cut short, or larger than any photograph.
        case damaged
        case noMemory
    }

    public let kind: Kind
    public let problem: String

    public var description: String { problem }
}
