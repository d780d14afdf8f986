import Files
import Foundation
import Synchronization

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

    /// Whether a file has the end that its format prescribes: a closing tag or the chunk IEND.
    func isWhole(_ file: Data) -> Bool {
        switch self {
        case .svg:
            let isSpace = { @Sendable (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
            return file.reversed().drop(while: isSpace).starts(with: "</svg>".utf8.reversed())
        case .png:
            return file.suffix(12) == Data([0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
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

    /// Draws a figure that appears whole or not at all.
    ///
    /// - Throws: `OutputError`; `StatusError` with gnuplot's own words.
    func draw(_ figure: Figure, to path: String, overwrite: Bool) throws {
        guard let format = FigureFormat(path: path) else {
            throw StatusError.usage("\(path): name a file that ends in .svg or .png")
        }
        let interruption = Interruption { "no figure was made" }
        defer { withExtendedLifetime(interruption) {} }
        let temporary = try TemporaryFile(for: path)
        let input = try TemporaryFile(for: path)
        try input.file.write(GnuplotScript(figure, format: format).text)
        try temporary.file.write(drawing(of: input.file, format))
        try temporary.commit(overwriting: overwrite)
    }

    /// What gnuplot makes of a script. It writes to a pipe, since it does not notice a disk that takes no more.
    private func drawing(of script: SequentialFile, _ format: FigureFormat) throws -> Data {
        let process = Process()
        process.executableURL = program
        // Without the user's own settings.
        process.arguments = ["-d"]
        let (figure, messages) = (Pipe(), Pipe())
        lseek(script.descriptor, 0, SEEK_SET)
        process.standardInput = FileHandle(fileDescriptor: script.descriptor)
        process.standardOutput = figure
        process.standardError = messages
        do {
            try process.run()
        } catch {
            throw StatusError(status: .internalFault, description: "\(program.path) cannot be run: \(error)")
        }
        let (drawn, words) = try contents(figure, messages)
        process.waitUntilExit()
        withExtendedLifetime(script) {}
        let said = String(decoding: words, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: "; ")
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw StatusError(
                status: .internalFault, description: "gnuplot failed (status \(process.terminationStatus)): \(said)")
        }
        guard format.isWhole(drawn) else {
            throw StatusError(
                status: .internalFault,
                description: "gnuplot drew \(drawn.isEmpty ? "nothing" : "a figure that is cut short"): \(said)")
        }
        return drawn
    }

    /// What comes out of two pipes, read side by side: a program waits where one of its pipes is full.
    private func contents(_ first: Pipe, _ second: Pipe) throws -> (Data, Data) {
        let other = Mutex(Data())
        let reading = DispatchGroup()
        DispatchQueue.global().async(group: reading) {
            let read = (try? second.fileHandleForReading.readToEnd()) ?? nil
            other.withLock { $0 = read ?? Data() }
        }
        let one = try first.fileHandleForReading.readToEnd() ?? Data()
        reading.wait()
        return (one, other.withLock { $0 })
    }
}
