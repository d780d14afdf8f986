import Files
import Foundation

/// What a person sees: messages on standard error, results on standard output.
enum Terminal {
    private static let environment = ProcessInfo.processInfo.environment
    /// A terminal that can neither move its cursor nor show colors.
    private static let isDumb = environment["TERM"] == "dumb"
    private static let wantsColor = !isDumb && (environment["NO_COLOR"] ?? "").isEmpty

    /// Whether a bar on standard error can be drawn again and again.
    static let isInteractive = isatty(STDERR_FILENO) == 1 && !isDumb
    /// Whether standard output is a terminal.
    static let showsOutput = isatty(STDOUT_FILENO) == 1
    /// Whether it may have colors.
    static let colorsOutput = showsOutput && wantsColor

    /// The columns of the terminal, 80 where there is none or it does not say.
    static var width: Int {
        for descriptor in [STDERR_FILENO, STDOUT_FILENO] {
            var size = winsize()
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        }
        return 80
    }

    /// `fourthroot: error: …`, the word in color where a terminal shows it and NO_COLOR does not forbid it. Names from
    /// files in the message cannot command the terminal.
    static func report(_ severity: String, _ message: String) {
        let colored = isInteractive && wantsColor
        let code = severity == "error" ? "31" : "33"
        write("fourthroot: \(colored ? "\u{1B}[\(code)m\(severity)\u{1B}[0m" : severity): \(printableText(message))\n")
    }

    /// Says on a terminal what is going on, as long as it goes on.
    static func showing<Result>(_ text: String, isWanted: Bool, _ work: () throws -> Result) rethrows -> Result {
        guard isWanted && isInteractive else { return try work() }
        let line = cut(text + " …", to: width - 1)
        write(line)
        defer { write("\r" + String(repeating: " ", count: line.count) + "\r") }
        return try work()
    }

    /// Writes a message, or as much of it as can be written: a full disk, a closed stream or a reader that has gone ends
    /// no work whose results go elsewhere.
    static func write(_ text: String) {
        var (brokenPipe, before) = (sigset_t(), sigset_t())
        sigemptyset(&brokenPipe)
        sigaddset(&brokenPipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &brokenPipe, &before)
        if !writeAll(Data(text.utf8), to: STDERR_FILENO) && errno == EPIPE {
            // Takes the signal that this write has sent to this thread.
            var none = timespec()
            sigtimedwait(&brokenPipe, nil, &none)
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
