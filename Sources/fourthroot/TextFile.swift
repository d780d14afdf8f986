import Foundation

/// A text that could not be read.
struct TextFileError: Error, CustomStringConvertible {
    let isMissing: Bool
    let description: String
}

/// The UTF-8 text of a file, of a pipe that somebody writes to, or of standard input for "-", without the mark that some
/// editors put first.
///
/// - Throws: where it is not there or no text, a folder or a device, larger than `largestSize` bytes, or a pipe without a
///   writer, on which reading would wait for ever.
func readText(_ path: String, largestSize: Int = 1 << 30) throws(TextFileError) -> String {
    if path == "-" { return try readText(of: dup(STDIN_FILENO), "standard input", largestSize) }
    // Opening a pipe waits for a writer unless it is told not to.
    return try readText(of: open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), path, largestSize)
}

private func readText(of descriptor: Int32, _ path: String, _ largestSize: Int) throws(TextFileError) -> String {
    guard descriptor >= 0 else {
        let reason = errno == ENOENT ? "there is no such file\(hint(absentFile: path))" : String(cString: strerror(errno))
        throw TextFileError(isMissing: true, description: "\(path): \(reason)")
    }
    defer { close(descriptor) }
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    let kind = status.st_mode & S_IFMT
    guard isKnown, kind == S_IFREG || kind == S_IFIFO else {
        let reason =
            kind == S_IFDIR
            ? "it is a folder"
            : isatty(descriptor) == 1
                ? "it is a terminal; send it a file or a program's output" : "it is neither a file nor a pipe"
        throw TextFileError(isMissing: true, description: "\(path): \(reason)")
    }
    _ = fcntl(descriptor, F_SETFL, 0)
    let bytes: Data
    do {
        bytes = try FileHandle(fileDescriptor: descriptor).read(upToCount: largestSize + 1) ?? Data()
    } catch {
        throw TextFileError(isMissing: true, description: "\(path): it cannot be read: \(error)")
    }
    guard bytes.count <= largestSize else {
        throw TextFileError(isMissing: false, description: "\(path): it has more than \(largestSize) bytes")
    }
    guard let text = String(data: bytes, encoding: .utf8) else {
        throw TextFileError(isMissing: false, description: "\(path): it is not UTF-8 text")
    }
    return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
}
