import Foundation

/// A file or folder by the numbers of the system, whatever its path.
struct FileIdentity: Equatable {
    private let device: dev_t
    private let inode: ino_t
    private let kind: mode_t

    /// Of what is open.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of what a path leads to.
    ///
    /// - Parameter followsLink: whether a symbolic link counts for what it leads to.
    init?(_ path: String, followsLink: Bool) {
        var status = stat()
        guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        (device, inode, kind) = (status.st_dev, status.st_ino, status.st_mode & S_IFMT)
    }

    var isRegularFile: Bool { kind == S_IFREG }
}

/// Keeps other runs of the program off an open file or folder until it is closed. The system takes the lock back from a
/// process that is killed.
///
/// - Returns: whether it is this run's now; true also where the file system has no locks.
func takeLock(_ descriptor: Int32) -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK }
