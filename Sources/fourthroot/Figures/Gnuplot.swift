import Files
import Foundation
import Synchronization

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
    func draw(_ figure: Figure, size: PageSize, to path: String, overwrite: Bool) throws {
        guard let format = FigureFormat(path: path) else {
            throw StatusError.usage("\(path): name a file that ends in \(FigureFormat.extensions)")
        }
        let interruption = Interruption { "no figure was made" }
        defer { withExtendedLifetime(interruption) {} }
        let temporary = try TemporaryFile(for: path)
        try temporary.file.write(drawing(of: figure, size: size, as: format, beside: path))
        try temporary.commit(overwriting: overwrite)
    }

    /// What a figure's file is to hold.
    ///
    /// - Parameter path: in its folder is what gnuplot reads, as long as it runs.
    /// - Throws: as `draw`.
    func drawing(of figure: Figure, size: PageSize, as format: FigureFormat, beside path: String) throws -> Data {
        let script = GnuplotScript(try FigureLayout(figure, page: size), format: format)
        let input = try TemporaryFile(for: path)
        try input.file.write(script.text)
        let drawn = try drawing(of: input.file, format)
        return format == .svg ? annotated(drawn, figure, size: size, script.notes) : drawn
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
            let remedy =
                said.contains("terminal")
                ? "; this gnuplot may have been built without \(format.rawValue.uppercased()): apt-get install gnuplot-nox, or draw an .svg"
                : ""
            throw StatusError(
                status: .internalFault,
                description: "gnuplot failed (status \(process.terminationStatus)): \(said)\(remedy)")
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
