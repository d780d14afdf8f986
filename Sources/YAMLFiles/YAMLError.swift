/// A text that is not the YAML that was asked for, in words for its author.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
