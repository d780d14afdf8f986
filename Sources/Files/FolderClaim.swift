import Foundation

/// A folder that one run has for itself as long as this value lives.
///
/// The system takes the lock back from a process that is killed. File systems without locks are taken as they are.
public final class FolderClaim {
    public let path: String
    /// Whether it was not there before.
    public let isNew: Bool
    private let descriptor: Int32

    /// Makes the folder where it is not there; the one above it must be.
    ///
    /// - Parameter followsLink: whether the path may be a symbolic link to a folder. It may not where files are removed by
    ///   their names alone: those that a link leads to may be another's.
    /// - Throws: `OutputError` of kind `cannotCreate`, also where another run has the folder; it is then as it was.
    public init(_ path: String, followsLink: Bool = true) throws(OutputError) {
        self.path = path
        if !followsLink && FileKind(ofLink: path) == .link {
            throw OutputError(kind: .cannotCreate, path: path, problem: "it is a symbolic link; remove it or name another")
        }
        var isNew = false
        // Its owner may remove the folder at any moment before it is locked.
        for _ in 0..<1000 {
            if mkdir(path, 0o777) == 0 {
                isNew = true
            } else if errno != EEXIST {
                throw .current(.cannotCreate, path, "making the folder")
            }
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            if descriptor < 0 && errno == ENOENT { continue }
            if descriptor < 0 { throw .current(.cannotCreate, path, "opening the folder") }
            if !takeLock(descriptor) {
                close(descriptor)
                throw OutputError(
                    kind: .cannotCreate, path: path, problem: "another run has it; wait for its end or name another")
            }
            if let opened = FileIdentity(descriptor: descriptor), opened == FileIdentity(path, followsLink: true) {
                self.isNew = isNew
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
        throw OutputError(kind: .cannotCreate, path: path, problem: "it leads to no folder; remove it or name another")
    }

    /// Removes the folder where it is empty.
    public func removeEmpty() { rmdir(path) }

    deinit { close(descriptor) }
}
