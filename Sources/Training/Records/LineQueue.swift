import Foundation

/// Lines on their way to the end of a file. What does not fit waits here, in order, until there is room.
struct LineQueue {
    private let descriptor: Int32
    /// Whether a line that was written in part is cut off again, so that readers find whole ones. Not on standard output,
    /// which may be a pipe or another program's too: there the rest of the line follows later.
    private let cutsBack: Bool
    private var lines: ArraySlice<[UInt8]> = []
    /// Bytes of the first line that are in the file.
    private var written = 0

    init(_ descriptor: Int32, cutsBack: Bool) {
        self.descriptor = descriptor
        self.cutsBack = cutsBack
    }

    var count: Int { lines.count }

    mutating func append(_ line: String) { lines.append(Array(line.utf8)) }

    /// Writes what waits.
    ///
    /// - Returns: nil where all is written, else the system's word for why not.
    mutating func flush() -> String? {
        while let line = lines.first {
            let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN {
                // A parent may have made the pipe non-blocking.
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&state, 1, -1)
                continue
            }
            guard count > 0 else {
                let problem = String(cString: strerror(errno))
                cutBack()
                return problem
            }
            written += count
            if written == line.count {
                lines = lines.dropFirst()
                written = 0
            }
        }
        return nil
    }

    /// Where this fails, the rest of the line follows later, which gives the same file.
    private mutating func cutBack() {
        guard cutsBack, written > 0 else { return }
        let start = lseek(descriptor, 0, SEEK_CUR) - off_t(written)
        guard start >= 0, ftruncate(descriptor, start) == 0, lseek(descriptor, start, SEEK_SET) == start else { return }
        written = 0
    }
}
