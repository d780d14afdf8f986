import Foundation

/// What a folder holds. A name is bytes: Linux does not say how it is to be read.
struct FolderEntry {
    enum Kind { case file, folder, other }

    let name: [UInt8]
    let kind: Kind
    let isLink: Bool

    var text: String { String(decoding: name, as: UTF8.self) }
}

/// The entries of a folder in the order of their names' bytes, without those that begin with a dot. A link counts as what it
/// leads to, and as a file where it leads nowhere.
///
/// - Throws: `DataError`.
func folderEntries(_ path: [UInt8]) throws(DataError) -> [FolderEntry] {
    let stream = path.withCString { opendir($0) }
    guard let stream else { throw folderError(path, errno) }
    defer { closedir(stream) }
    var entries: [FolderEntry] = []
    while true {
        errno = 0
        guard let entry = readdir(stream) else {
            if errno != 0 { throw folderError(path, errno) }
            break
        }
        // An entry ends with its name, before the end of the type's array.
        let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
        let name = [UInt8](UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
        if name.first == UInt8(ascii: ".") { continue }
        let type = Int(entry.pointee.d_type)
        let isKnown = type == Int(DT_REG) || type == Int(DT_DIR)
        entries.append(
            FolderEntry(
                name: name,
                kind: isKnown
                    ? (type == Int(DT_DIR) ? .folder : .file) : kind(of: path + [UInt8(ascii: "/")] + name),
                isLink: type == Int(DT_LNK)))
    }
    return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
}

private func kind(of path: [UInt8]) -> FolderEntry.Kind {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0 else { return .file }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
}

private func folderError(_ path: [UInt8], _ code: Int32) -> DataError {
    let name = String(decoding: path, as: UTF8.self)
    switch code {
    case ENOENT: return DataError(kind: .notFound, file: name, problem: "there is no such folder", advice: "check the path")
    case ENOTDIR:
        return DataError(
            kind: .unreadable, file: name, problem: "this is a file", advice: "give the folder of the data set's files")
    default:
        return DataError(
            kind: code == EACCES || code == ELOOP ? .unreadable : .readFailed, file: name,
            problem: "the folder cannot be listed (\(String(cString: strerror(code))))", advice: "check that you may read it")
    }
}

extension [UInt8] {
    /// As a path for the system.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a path without its end") }
            return body(base)
        }
    }
}
