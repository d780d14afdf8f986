import Files
import Foundation
import MatrixStudy

/// What a figure's file is.
enum FigureFormat {
    case svg, png

    /// By the extension; nil for another.
    init?(path: String) {
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "svg": self = .svg
        case "png": self = .png
        default: return nil
        }
    }

    /// Two pixels of a PNG to one of the layout: sharp in print and on fine screens.
    func terminal(width: Int, height: Int) -> String {
        switch self {
        case .svg:
            "set terminal svg size \(width),\(height) enhanced font 'DejaVu Sans,Helvetica,Arial,sans-serif,12' "
                + "background rgb 'white'"
        case .png:
            "set terminal pngcairo size \(2 * width),\(2 * height) enhanced font 'Sans,9' fontscale 2 linewidth 2 pointscale 2 "
                + "background rgb 'white'"
        }
    }
}

/// gnuplot as a child program.
struct Gnuplot {
    private let program: URL

    /// - Throws: `StatusError` where it is not installed.
    init() throws(StatusError) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        guard let path = folders.map({ "\($0)/gnuplot" }).first(where: { FileManager.default.isExecutableFile(atPath: $0) })
        else {
            throw StatusError(
                status: .internalFault, description: "gnuplot is not installed: apt-get install gnuplot-nox")
        }
        program = URL(fileURLWithPath: path)
    }

    /// Draws into a temporary file beside the target and renames it: the figure appears whole or not at all.
    ///
    /// - Throws: `OutputError`; `StatusError` with gnuplot's own words.
    func draw(_ figure: Figure, to path: String) throws {
        guard let format = FigureFormat(path: path) else {
            throw StatusError.usage("\(path): name a file that ends in .svg or .png")
        }
        let temporary = "\(path).\(ProcessInfo.processInfo.processIdentifier).tmp"
        let interruption = Interruption {
            unlink(temporary)
            return "no figure was made"
        }
        defer { withExtendedLifetime(interruption) {} }
        do {
            try run(GnuplotScript(figure, format: format).text, into: temporary)
            guard rename(temporary, path) == 0 else {
                throw OutputError(
                    kind: .writeFailed, path: path, problem: "renaming failed: \(String(cString: strerror(errno)))")
            }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// The script comes from a file without a name and the figure goes to a file that is already open, so that no path is
    /// written in the script and nothing of it is left behind.
    private func run(_ script: String, into path: String) throws {
        let process = Process()
        process.executableURL = program
        // Without the user's own settings.
        process.arguments = ["-d"]
        process.standardInput = try unnamedFile(holding: script)
        guard FileManager.default.createFile(atPath: path, contents: nil), let figure = FileHandle(forWritingAtPath: path)
        else { throw OutputError(kind: .cannotCreate, path: path, problem: "the file cannot be created") }
        process.standardOutput = figure
        let messages = Pipe()
        process.standardError = messages
        do {
            try process.run()
        } catch {
            throw StatusError(status: .internalFault, description: "\(program.path) cannot be run: \(error)")
        }
        let said = String(decoding: try messages.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw StatusError(
                status: .internalFault, description: "gnuplot failed (status \(process.terminationStatus)): \(said)")
        }
        guard try figure.offset() > 0 else {
            throw StatusError(status: .internalFault, description: "gnuplot drew nothing: \(said)")
        }
        try figure.synchronize()
    }

    private func unnamedFile(holding text: String) throws -> FileHandle {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("fourthroot-\(UUID().uuidString)").path
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forReadingAtPath: path)
        else { throw OutputError(kind: .cannotCreate, path: path, problem: "the file cannot be created") }
        unlink(path)
        return handle
    }
}
