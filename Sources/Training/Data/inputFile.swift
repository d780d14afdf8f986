import Files
import Foundation

/// Whether a path leads to a file, a folder or nothing.
enum PathKind {
    case file, folder, absent

    init(_ path: String) {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        self = !exists ? .absent : isFolder.boolValue ? .folder : .file
    }
}

/// All bytes of a regular file.
///
/// - Parameter copies: how many times its size is needed to make something of it, these bytes included.
/// - Throws: `DataError` where it is absent, unreadable, empty, no regular file or too large for the machine's memory.
func readBytes(_ path: String, copies: Int) throws(DataError) -> [UInt8] {
    // A pipe would block, at its opening and in reading, for as long as nothing writes.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw openingError(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw readingError(path, at: nil, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        throw DataError(
            kind: .unreadable, file: path, problem: isFolder ? "this is a folder" : "this is no regular file",
            advice: isFolder ? "give the file itself" : "copy it to a file")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw .damaged(path, at: nil, "the file is empty") }
    let limit = Int(clamping: ProcessInfo.processInfo.physicalMemory) / copies
    guard size <= limit else {
        throw DataError(
            kind: .tooLarge, file: path, problem: "\(size) bytes, and at most \(limit) are read on this machine",
            advice: "give a part of it, or use a machine with more memory")
    }
    return try readBytes(of: descriptor, count: size, path)
}

private func readBytes(of descriptor: Int32, count: Int, _ path: String) throws(DataError) -> [UInt8] {
    var failure: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        while filled < count {
            let length = read(descriptor, buffer.baseAddress! + filled, count - filled)
            if length > 0 {
                filled += length
            } else if length == 0 || errno != EINTR {
                failure = length == 0 ? 0 : errno
                return
            }
        }
    }
    if let failure { throw readingError(path, at: bytes.count, failure) }
    return bytes
}

private func openingError(_ path: String, _ code: Int32) -> DataError {
    let isAbsent = code == ENOENT || code == ENOTDIR
    return DataError(
        kind: isAbsent ? .notFound : .unreadable, file: path,
        problem: isAbsent ? "there is no such file" : "it cannot be opened (\(String(cString: strerror(code))))",
        advice: isAbsent ? "check the path" : "check that it is a file you may read")
}

/// - Parameter code: 0 where the file ended before its size.
private func readingError(_ path: String, at offset: Int?, _ code: Int32) -> DataError {
    let cause = code == 0 ? "the file has become shorter" : String(cString: strerror(code))
    return DataError(
        kind: .readFailed, file: path, offset: offset, problem: "it cannot be read (\(cause))",
        advice: "check the disk and that no program is writing it")
}

/// A regular file of which parts are read.
///
/// - Throws: `DataError` where it is absent, unreadable, empty or no regular file.
func openInput(_ path: String) throws(DataError) -> ReadableFile {
    do throws(ReadingError) {
        let file = try ReadableFile(path)
        if file.size > 0 { return file }
    } catch {
        throw DataError(error)
    }
    throw .damaged(path, at: nil, "the file is empty")
}

func inputBytes(_ file: ReadableFile, at start: Int, count: Int) throws(DataError) -> [UInt8] {
    do throws(ReadingError) { return try file.bytes(at: start, count: count) } catch { throw DataError(error) }
}

/// The first bytes, fewer where the file is shorter.
func inputStart(_ file: ReadableFile, _ count: Int) throws(DataError) -> [UInt8] {
    try inputBytes(file, at: 0, count: min(count, file.size))
}

extension DataError {
    init(_ error: ReadingError) {
        switch error.kind {
        case .notFound:
            self.init(kind: .notFound, file: error.path, problem: "there is no such file", advice: "check the path")
        case .unreadable:
            self.init(
                kind: .unreadable, file: error.path, problem: "it \(error.problem)",
                advice: "check that it is a file you may read")
        case .readFailed:
            self.init(
                kind: .readFailed, file: error.path, problem: "it \(error.problem)",
                advice: "check the disk and that no program is writing it")
        }
    }
}
