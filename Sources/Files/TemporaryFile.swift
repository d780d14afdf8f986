import Foundation
import Synchronization

/// The names of files that are not finished, so that a program that ends in the middle of its work can remove them.
final class UnfinishedFiles: Sendable {
    /// Those of this process: a signal concerns it as a whole.
    static let ofProcess = UnfinishedFiles()

    private let names = Mutex<Set<String>>([])

    func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }
    func remove(_ name: String) { names.withLock { _ = $0.remove(name) } }

    func unlinkAll() {
        for name in names.withLock({ $0 }) { unlink(name) }
    }
}

/// A file that gets its name when it is finished: it appears whole or not at all.
///
/// Where the file system can (ext4, XFS, Btrfs, tmpfs), it has no name until then, so a killed run leaves nothing and
/// nobody else's file is met. Elsewhere it has a name that nothing had before, in the same folder.
public final class TemporaryFile {
    /// What is written into it; open for reading too.
    public let file: SequentialFile
    private let target: String
    private let unfinished: UnfinishedFiles
    /// nil while it has none.
    public private(set) var name: String?

    /// - Parameter target: the path that it will have.
    /// - Throws: `OutputError`.
    public convenience init(for target: String) throws(OutputError) { try self.init(for: target, nameless: true) }

    /// - Parameter nameless: whether to try without a name.
    public convenience init(for target: String, nameless: Bool) throws(OutputError) {
        try self.init(for: target, nameless: nameless, listedIn: .ofProcess)
    }

    init(for target: String, nameless: Bool, listedIn unfinished: UnfinishedFiles) throws(OutputError) {
        self.target = target
        self.unfinished = unfinished
        let folder = OutputFile.folder(of: target)
        if nameless, let descriptor = TemporaryFile.openNameless(in: folder) {
            file = SequentialFile(owning: descriptor, path: target)
            return
        }
        let name = "\(folder)/.fourthroot-unfinished-\(hexadecimal(UInt64.random(in: 0 ... .max)))"
        let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .current(.cannotCreate, target, "creating the file") }
        file = SequentialFile(owning: descriptor, path: target)
        take(name: name)
    }

    /// A path by which this process can open the file as long as this value lives.
    public var path: String { name ?? "/proc/self/fd/\(file.descriptor)" }

    /// Makes the file durable and gives it its name.
    ///
    /// Without `overwriting` nothing is ever replaced, not even what another program makes at the same moment.
    ///
    /// - Throws: `OutputError`: `cannotCreate` where the name is taken, else `writeFailed`.
    public func commit(overwriting: Bool) throws(OutputError) {
        try file.synchronize()
        if let name {
            try overwriting ? rename(name) : moveToFreeName(name)
        } else if !link(as: target) {
            guard errno == EEXIST else { throw .current(.writeFailed, target, "naming the file") }
            guard overwriting else { throw OutputFile.exists(target) }
            try replace()
        }
        OutputFile.synchronizeFolder(of: target)
    }

    /// Removes what this process has begun and not finished, for a program that ends in the middle of it.
    public static func removeUnfinished() { UnfinishedFiles.ofProcess.unlinkAll() }

    /// Takes the name away and leaves the file open; it can have no other.
    public func removeName() {
        guard let name else { return }
        unlink(name)
        unfinished.remove(name)
        self.name = nil
    }

    deinit { removeName() }

    private func take(name: String) {
        unfinished.insert(name)
        self.name = name
    }

    /// nil where the file system has no files without names, or the process has no paths to its open files.
    private static func openNameless(in folder: String) -> Int32? {
        // O_TMPFILE is not visible from Swift.
        let descriptor = open(folder, 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { return nil }
        if access("/proc/self/fd/\(descriptor)", F_OK) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private func link(as path: String) -> Bool {
        linkat(AT_FDCWD, "/proc/self/fd/\(file.descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0
    }

    /// Only a rename replaces a file, and it needs a name to start from.
    private func replace() throws(OutputError) {
        let folder = OutputFile.folder(of: target)
        Leftover.removeAll(in: folder)
        guard let hash = contentHash(ofFile: file.descriptor) else { throw .current(.writeFailed, target, "reading") }
        // The lock keeps it from being taken for a leftover.
        try file.lock()
        let name = "\(folder)/\(Leftover.name(hash: hash))"
        guard link(as: name) else { throw .current(.writeFailed, target, "naming the file") }
        take(name: name)
        try rename(name)
    }

    private func rename(_ name: String) throws(OutputError) {
        _ = try FileKind(target).requireRegularOrAbsent(target)
        guard Foundation.rename(name, target) == 0 else { throw .current(.writeFailed, target, "renaming") }
        removeName()
    }

    private func moveToFreeName(_ name: String) throws(OutputError) {
        if Foundation.link(name, target) == 0 { return removeName() }
        if errno == EEXIST { throw OutputFile.exists(target) }
        // A file system without hard links: what is made between the next two lines would be replaced.
        if FileKind(ofLink: target) != .absent { throw OutputFile.exists(target) }
        try rename(name)
    }
}

/// What a run leaves that was killed while it replaced a file: a whole output beside the old one.
///
/// Its name holds the hash of its content, by which it is known for sure.
enum Leftover {
    private static let prefix = ".fourthroot-"

    static func name(hash: String) -> String {
        "\(prefix)\(hash)-\(hexadecimal(UInt64.random(in: 0 ... .max)))"
    }

    /// Removes those of a folder that no run is about to rename.
    static func removeAll(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
            let path = "\(folder)/\(name)"
            // Another's file is not opened for more than its hash, and none that a run has locked.
            guard let hash = hash(in: name), let file = try? SequentialFile.opening(path),
                contentHash(ofFile: file.descriptor) == hash
            else { continue }
            file.unlink()
        }
    }

    /// The hash that a name of this form holds.
    private static func hash(in name: String) -> String? {
        let parts = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        let isHexadecimal = parts.allSatisfy { $0.allSatisfy { "0123456789abcdef".contains($0) } }
        return parts.map(\.count) == [32, 16] && isHexadecimal ? String(parts[0]) : nil
    }
}
