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

    static func current(_ kind: Kind, _ path: String, _ operation: String) -> OutputError {
        OutputError(kind: kind, path: path, problem: "\(operation) failed: \(String(cString: strerror(errno)))")
    }
}

/// A file that is written front to back and can be made durable.
///
/// Not thread-safe; its owner serializes.
final class SequentialFile {
    let path: String
    private let descriptor: Int32

    /// - Parameter flags: what `open` takes beside O_WRONLY and O_CLOEXEC.
    init(path: String, flags: Int32) throws(OutputError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CLOEXEC | flags, 0o666)
        if descriptor < 0 { throw .current(.cannotCreate, path, "creating the file") }
    }

    /// Standard output, from where it stands.
    init(standardOutput: Void) {
        path = "standard output"
        descriptor = dup(STDOUT_FILENO)
    }

    func write(_ text: String) throws(OutputError) {
        var bytes = ArraySlice(Array(text.utf8))
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw .current(.writeFailed, path, "writing") }
            bytes = bytes.dropFirst(written)
        }
    }

    /// Keeps other runs of the program off the file until it is closed.
    func lock() throws(OutputError) {
        // File systems without locks are taken as they are.
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
            throw OutputError(kind: .cannotCreate, path: path, problem: "another run is writing it; wait for its end")
        }
    }

    func truncate(to length: Int) throws(OutputError) {
        guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) >= 0 else {
            throw .current(.writeFailed, path, "truncating")
        }
    }

    func synchronize() throws(OutputError) {
        // Pipes and devices cannot be synchronized and need not be.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
            throw .current(.writeFailed, path, "synchronizing")
        }
    }

    deinit { close(descriptor) }
}

/// Writes that appear whole or not at all.
public enum OutputFile {
    /// - Throws: `OutputError.cannotCreate` where the file exists and is not to be replaced, or its folder is missing.
    public static func requireWritable(_ path: String, overwrite: Bool) throws(OutputError) {
        if path.isEmpty { throw OutputError(kind: .cannotCreate, path: "output", problem: "its name is empty") }
        var information = stat()
        if stat(path, &information) == 0 {
            if information.st_mode & S_IFMT == S_IFDIR {
                throw OutputError(kind: .cannotCreate, path: path, problem: "it is a folder; name a file")
            }
            // A rename would replace a device or a pipe by a file.
            if information.st_mode & S_IFMT != S_IFREG {
                throw OutputError(kind: .cannotCreate, path: path, problem: "it is not a regular file; name another")
            }
            if !overwrite {
                throw OutputError(
                    kind: .cannotCreate, path: path, problem: "it exists; choose another name or pass --force")
            }
        }
        let folder = folder(of: path)
        guard stat(folder, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
            throw OutputError(
                kind: .cannotCreate, path: path, problem: "the folder \(folder) does not exist; create it first")
        }
        guard access(folder, W_OK) == 0 else {
            throw OutputError(kind: .cannotCreate, path: path, problem: "the folder \(folder) is not writable")
        }
    }

    /// Writes to a temporary file beside the target, synchronizes, renames.
    ///
    /// - Throws: `OutputError`; then no file and no temporary file is left.
    public static func write(_ path: String, overwrite: Bool, _ text: String) throws(OutputError) {
        try requireWritable(path, overwrite: overwrite)
        // One name for all runs, so that what a killed one left is used again.
        let temporary = "\(path).tmp"
        let file = try SequentialFile(path: temporary, flags: O_CREAT)
        try file.lock()
        do throws(OutputError) {
            try file.truncate(to: 0)
            try file.write(text)
            try file.synchronize()
            guard rename(temporary, path) == 0 else { throw OutputError.current(.writeFailed, path, "renaming") }
        } catch {
            unlink(temporary)
            throw error
        }
        synchronizeFolder(of: path)
    }

    public static func writeToStandardOutput(_ text: String) throws(OutputError) {
        try SequentialFile(standardOutput: ()).write(text)
    }

    /// A rename is durable once its folder is; file systems that cannot do this are left as they are.
    private static func synchronizeFolder(of path: String) {
        let descriptor = open(folder(of: path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
