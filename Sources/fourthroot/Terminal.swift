import Files
import Foundation

/// Standard error as a person sees it.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// `fourthroot: error: …`, the word in color where a terminal shows it and NO_COLOR does not forbid it. Names from
    /// files in the message cannot command the terminal.
    static func report(_ severity: String, _ message: String) {
        let forbidden = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        let colored = isInteractive && !forbidden
        let code = severity == "error" ? "31" : "33"
        write("fourthroot: \(colored ? "\u{1B}[\(code)m\(severity)\u{1B}[0m" : severity): \(printableText(message))\n")
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
