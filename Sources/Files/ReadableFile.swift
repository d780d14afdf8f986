import Foundation

/// An input that could not be opened or read.
public struct ReadingError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable { case notFound, unreadable, readFailed }

    public let kind: Kind
    public let path: String
    public let problem: String

    public var description: String { "\(path): \(problem)" }
}

/// A regular file whose bytes are read from any place, as many as are asked for.
///
/// Any thread may read at any time.
public final class ReadableFile: Sendable {
    public let path: String
    /// Its size when it was opened.
    public let size: Int
    private let descriptor: Int32

    /// - Throws: `ReadingError` where there is none, or what is there is no regular file: a pipe would be waited for.
    public init(_ path: String) throws(ReadingError) {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            let isAbsent = errno == ENOENT || errno == ENOTDIR
            throw ReadingError(
                kind: isAbsent ? .notFound : .unreadable, path: path,
                problem: isAbsent ? "no such file" : "cannot be read: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw ReadingError(kind: .unreadable, path: path, problem: isFolder ? "is a folder" : "is not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// The bytes at a place.
    ///
    /// - Throws: `ReadingError` of kind `readFailed`, also where the file ends before them.
    public func bytes(at start: Int, count: Int) throws(ReadingError) -> [UInt8] {
        var code: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let length = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(start + filled))
                if length < 0 && errno == EINTR { continue }
                guard length > 0 else {
                    code = length == 0 ? 0 : errno
                    return
                }
                filled += length
            }
        }
        if let code {
            let problem =
                code == 0 ? "has become shorter while it was read" : "cannot be read: \(String(cString: strerror(code)))"
            throw ReadingError(kind: .readFailed, path: path, problem: problem)
        }
        return bytes
    }

    /// The first bytes, fewer where the file is shorter.
    public func start(_ count: Int) throws(ReadingError) -> [UInt8] { try bytes(at: 0, count: min(count, size)) }
}
