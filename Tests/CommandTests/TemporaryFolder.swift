import Foundation
import HDF5Store
import Synchronization
import Testing

/// Held while a process starts and while an HDF5 file is open for writing: a process started at that moment would inherit the
/// open file with its lock, and the next reader would find it locked.
private let startsAndWrites = Mutex(())

/// The OpenBLAS kernel that the program chooses. Told so beforehand, it need not start a second time for it, which is
/// half of the time of a short run.
private let chosenKernel: String? = {
    guard let folder = try? TemporaryFolder(), let path = try? programPath(),
        let devices = try? folder.runOther([path, "devices"]).standardOutput,
        let core = devices.components(separatedBy: "OpenBLAS core ").last?.prefix(while: { $0 != "," })
    else { return nil }
    return String(core)
}()

/// An empty folder in which a test runs the program; removed at the end of the test.
///
/// The kept decompositions and the printed texts lie beside it, so that `names` shows what the program left.
final class TemporaryFolder {
    private let base: String
    let path: String
    /// Variables of every run.
    private let environment: [String: String]

    init(environment: [String: String] = [:]) throws {
        self.environment = environment
        base = NSTemporaryDirectory() + "/fourthroot-tests-" + UUID().uuidString
        path = base + "/work"
        for folder in [path, base + "/cache", base + "/streams"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: base) }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// The names in the folder, hidden ones too, sorted.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    func contains(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

    func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }

    func write(_ data: Data, to name: String) throws { try data.write(to: URL(fileURLWithPath: path(name))) }

    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// Makes an HDF5 file, replacing any.
    func createHDF5(_ name: String, _ body: (HDF5Writer) throws -> Void) throws {
        try startsAndWrites.withLock { _ in try HDF5File.create(at: path(name), overwriting: true, body) }
    }

    /// Starts the program here.
    ///
    /// - Parameter terminal: the name of the terminal that its streams are, instead of files.
    func start(
        _ arguments: [String], environment: [String: String] = [:], terminal: String? = nil
    ) throws -> RunningProgram {
        var variables = ProcessInfo.processInfo.environment
        for name in ["NO_COLOR", "XDG_CACHE_HOME"] { variables[name] = nil }
        variables["FOURTHROOT_CACHE"] = base + "/cache"
        variables["OPENBLAS_CORETYPE"] = variables["OPENBLAS_CORETYPE"] ?? chosenKernel
        variables.merge(self.environment) { $1 }
        variables.merge(environment) { $1 }
        return try startsAndWrites.withLock { _ in
            try RunningProgram(
                programPath(), arguments, folder: path, streams: base + "/streams", terminal: terminal,
                environment: variables)
        }
    }

    /// Runs the program here to its end.
    func run(
        _ arguments: [String], environment: [String: String] = [:], timeout: Double = 60
    ) throws -> ProgramRun {
        try start(arguments, environment: environment).wait(timeout: timeout)
    }

    /// Runs the program here to its end on a terminal of so many columns.
    func runOnTerminal(
        _ arguments: [String], columns: UInt16, environment: [String: String] = [:], timeout: Double = 60
    ) throws -> TerminalRun {
        let terminal = try PseudoTerminal(columns: columns)
        let program = try start(arguments, environment: environment, terminal: terminal.name)
        let end = ContinuousClock.now + .seconds(timeout)
        var shown = Data()
        // The program waits where nobody takes what it writes.
        while !program.hasEnded, ContinuousClock.now < end {
            shown += terminal.read()
            usleep(1000)
        }
        let run = try program.wait(timeout: 0)
        return TerminalRun(status: run.status, text: String(decoding: shown + terminal.read(), as: UTF8.self))
    }

    /// Runs another program here, found in the search path by /usr/bin/env.
    func runOther(_ arguments: [String], timeout: Double = 60) throws -> ProgramRun {
        try startsAndWrites.withLock { _ in
            try RunningProgram(
                "/usr/bin/env", arguments, folder: path, streams: base + "/streams",
                environment: ProcessInfo.processInfo.environment)
        }.wait(timeout: timeout)
    }

    /// Runs the program and expects success.
    @discardableResult
    func succeed(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws -> ProgramRun {
        let run = try run(arguments)
        try #require(
            run.status == 0, "\(arguments): status \(run.status ?? -1): \(run.standardError)",
            sourceLocation: sourceLocation)
        return run
    }

    /// Runs the program and expects that it refuses with this status and a message that has all the words, prints
    /// nothing else and leaves the folder as it was.
    @discardableResult
    func expectRefusal(
        _ arguments: [String], status: Int32, words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ProgramRun {
        let before = try names
        let run = try run(arguments)
        #expect(
            run.status == status, "\(arguments): signal \(run.signal ?? 0): \(run.standardError)",
            sourceLocation: sourceLocation)
        for word in words {
            #expect(
                run.standardError.contains(word), "\(arguments): no '\(word)' in: \(run.standardError)",
                sourceLocation: sourceLocation)
        }
        #expect(run.standardOutput == "", "\(arguments)", sourceLocation: sourceLocation)
        #expect(try names == before, "\(arguments)", sourceLocation: sourceLocation)
        return run
    }
}
