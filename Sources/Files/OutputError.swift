import Foundation

/// An output that could not be created or written.
public struct OutputError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable { case cannotCreate, writeFailed }

    public let kind: Kind
    public let path: String
    public let problem: String

    public init(kind: Kind, path: String, problem: String) {
        self.kind = kind
        self.path = path
        self.problem = problem
    }

    public var description: String { "\(path): \(problem)" }

    /// What the system says of the operation that has just failed.
    static func current(_ kind: Kind, _ path: String, _ operation: String) -> OutputError {
        OutputError(kind: kind, path: path, problem: "\(operation) failed: \(String(cString: strerror(errno)))")
    }
}
