import Foundation

/// Standard error as a person sees it.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// `fourthroot: error: …`, the word in color where a terminal shows it and NO_COLOR does not forbid it.
    static func report(_ severity: String, _ message: String) {
        let forbidden = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        let colored = isInteractive && !forbidden
        let code = severity == "error" ? "31" : "33"
        write("fourthroot: \(colored ? "\u{1B}[\(code)m\(severity)\u{1B}[0m" : severity): \(message)\n")
    }

    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
