import Files
import Foundation

/// Standard error as a person sees it.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// `fourthroot: error: …`, the word in color where a terminal shows it and NO_COLOR does not forbid it.
    static func report(_ severity: String, _ message: String) {
        let forbidden = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        let colored = isInteractive && !forbidden
        let code = severity == "error" ? "31" : "33"
        write("fourthroot: \(colored ? "\u{1B}[\(code)m\(severity)\u{1B}[0m" : severity): \(visible(message))\n")
    }

    /// Control characters, which names in a file may have, shown instead of obeyed, as `\u{1B}`. Lines behind the first are
    /// indented: none can pass for a message of its own.
    private static func visible(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            if scalar == "\n" { return "\n    " }
            return scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
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
