import Foundation

/// What a program has shown on a terminal that was its three standard streams.
struct TerminalRun {
    let status: Int32?
    /// All that was written, as it came.
    let text: String

    /// What stands on the screen in the end, line by line, without colors.
    var screen: [String] {
        var lines: [[Character]] = [[]]
        var column = 0
        // A carriage return and a line feed are one character.
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\u{1B}": scalars = scalars.drop { !("a"..."z").contains($0) }.dropFirst()
            case "\r": column = 0
            case "\n":
                lines.append([])
                column = 0
            default:
                let character = Character(scalar)
                if column < lines[lines.count - 1].count {
                    lines[lines.count - 1][column] = character
                } else {
                    lines[lines.count - 1].append(character)
                }
                column += 1
            }
        }
        return lines.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }.filter { !$0.isEmpty }
    }
}

/// A pseudo terminal: what is written to its name comes out here.
final class PseudoTerminal {
    private let descriptor: Int32
    let name: String

    /// - Throws: `ProgramError` where the system has none.
    init(columns: UInt16) throws {
        // As posix_openpt and unlockpt do, which Swift's module of the C library leaves out.
        descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        var (number, isLocked): (UInt32, Int32) = (0, 0)
        guard descriptor >= 0, ioctl(descriptor, PseudoTerminal.setLock, &isLocked) == 0,
            ioctl(descriptor, PseudoTerminal.getNumber, &number) == 0
        else { throw ProgramError(description: "there is no pseudo terminal: \(String(cString: strerror(errno)))") }
        name = "/dev/pts/\(number)"
        var size = winsize(ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(descriptor, UInt(TIOCSWINSZ), &size) == 0 else {
            throw ProgramError(description: "the terminal takes no size: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// TIOCSPTLCK and TIOCGPTN of <asm-generic/ioctls.h>.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    /// What has come since the last call; nothing waits.
    func read() -> Data {
        var result = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return result }
            result.append(contentsOf: buffer[..<count])
        }
    }
}
