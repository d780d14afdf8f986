import Foundation

/// Files of a fixed name that grow while a run goes on, and belong to that run alone.
///
/// A lock belongs to the file, not to its name: it counts only where the name still leads to the locked file. File
/// systems without locks are taken as they are.
extension SequentialFile {
    /// Makes a file that must not be there yet. From the moment it has its name it is locked and holds `content`.
    ///
    /// - Throws: `OutputError`, of kind `cannotCreate` where something has this name.
    public static func creating(_ path: String, content: String) throws(OutputError) -> SequentialFile {
        let temporary = try TemporaryFile(for: path)
        try temporary.file.lock()
        try temporary.file.write(content)
        try temporary.commit(overwriting: false)
        return temporary.file
    }

    /// Opens a regular file that is there and locks it, without touching its content. Neither follows a symbolic link nor
    /// waits for a pipe.
    ///
    /// - Returns: nil where nothing has this name.
    /// - Throws: `OutputError` of kind `cannotCreate` where it is no regular file or another run has it.
    public static func opening(_ path: String) throws(OutputError) -> SequentialFile? {
        while try FileKind(ofLink: path).requireRegularOrAbsent(path) {
            let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            if descriptor < 0 && errno == ENOENT { return nil }
            if descriptor < 0 { throw .current(.cannotCreate, path, "opening the file") }
            let file = SequentialFile(owning: descriptor, path: path)
            try file.lock()
            // Else its owner has removed it since; another may have taken the name.
            if file.hasItsName { return file }
        }
        return nil
    }

    /// Keeps other runs of the program off the file until it is closed.
    func lock() throws(OutputError) {
        if !takeLock(descriptor) {
            throw OutputError(kind: .cannotCreate, path: path, problem: "another run is writing it; wait for its end")
        }
    }

    /// Whether the file still has its name: another program may have removed or replaced it.
    public var hasItsName: Bool {
        guard let opened = FileIdentity(descriptor: descriptor), opened.isRegularFile else { return false }
        return opened == FileIdentity(path, followsLink: false)
    }

    /// Removes the name of the file, where it still has it.
    public func unlink() {
        if hasItsName { Foundation.unlink(path) }
    }
}

/// What a path leads to.
enum FileKind {
    case absent, regular, folder, link, other

    /// Of the path itself, a symbolic link not followed.
    init(ofLink path: String) {
        var information = stat()
        self = lstat(path, &information) == 0 ? FileKind(information) : .absent
    }

    /// Of what a symbolic link leads to; `link` where that is nothing.
    init(_ path: String) {
        var information = stat()
        self = stat(path, &information) == 0 ? FileKind(information) : FileKind(ofLink: path)
    }

    private init(_ information: stat) {
        switch information.st_mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .folder
        case S_IFLNK: self = .link
        default: self = .other
        }
    }

    /// - Returns: whether there is a file.
    /// - Throws: `OutputError` where it is anything else.
    func requireRegularOrAbsent(_ path: String) throws(OutputError) -> Bool {
        let problem: String
        switch self {
        case .absent: return false
        case .regular: return true
        case .folder: problem = "it is a folder; name a file"
        case .link: problem = "it is a symbolic link; remove it or choose another output"
        // A rename would replace a device or a pipe by a file.
        case .other: problem = "it is not a regular file; name another"
        }
        throw OutputError(kind: .cannotCreate, path: path, problem: problem)
    }
}
