import Files
import Foundation

/// Reads a file of unknown origin in a process that may die of it.
///
/// HDF5 crashes on some damaged files (a signal, not an error), which nothing in the same process can catch. So a
/// program runs itself with a hidden command that calls `examine`, by `examineInChild`, before it opens the file.
public enum HDF5Probe {
    /// Data sets up to this size are read whole; of larger ones the first and the last slab, since reading a long
    /// file twice costs time and what crashes is metadata: the index of all chunks is walked in either case.
    private static let wholeBytes = 1 << 26

    /// Makes every call that reading the file would make, and returns the errors met on the way.
    ///
    /// - Parameter limiting: whether the process may be ended for taking too much time or memory; see `limitProcess`.
    /// - Throws: `HDF5Error` when the file cannot be opened or listed at all.
    public static func examine(_ path: String, limiting: Bool = false) throws -> [HDF5Error] {
        // Before the library sees the file: opening it alone can already loop.
        var status = stat()
        if limiting && stat(path, &status) == 0 { limitProcess(reading: Int(status.st_size), expanding: 0) }
        let file = try HDF5File.open(path)
        let listing = try file.listing()
        if limiting {
            let bytes = file.fileBytes + listing.otherBytes
            limitProcess(reading: bytes, expanding: min(expandedBytes(listing.datasets), Expansion.deflateRatio * bytes))
        }
        var errors: [HDF5Error] = []
        for group in [""] + listing.groups {
            collect(&errors, path) { _ = try file.attributes(of: group) }
        }
        for dataset in listing.datasets {
            if let failure = dataset.failure {
                errors.append(failure)
            } else {
                collect(&errors, path) { _ = try file.attributes(of: dataset.name) }
                collect(&errors, path) { try readData(dataset, file) }
            }
        }
        return errors
    }

    /// What can come out of the data sets' filters.
    private static func expandedBytes(_ datasets: [DatasetDescription]) -> Int {
        datasets.reduce(0) { sum, set in
            guard let bytes = product(set.shape + [set.elementType.byteCount ?? 1]) else { return sum }
            let (most, overflows) = set.storedBytes.multipliedReportingOverflow(by: Expansion.deflateRatio)
            return sum.addingReportingOverflow(overflows ? bytes : min(bytes, most)).partialValue
        }
    }

    /// Bounds this process by what the files hold: processor time by three seconds, one for every 2 MB (reading takes a
    /// hundredth of that where nothing is compressed) and one for every 200 MB that come out of them, memory by 768 MiB
    /// more than it has and a hundredfold expansion of the files. What loops or grows for ever in the library ends by a
    /// signal or an error.
    private static func limitProcess(reading bytes: Int, expanding expanded: Int) {
        func setSoft(_ resource: __rlimit_resource_t, _ value: Int) {
            var limit = rlimit()
            guard getrlimit(resource, &limit) == 0 else { return }
            limit.rlim_cur = min(rlim_t(value), limit.rlim_max)
            setrlimit(resource, &limit)
        }
        // A child inherits the mask of the thread that started it, and threads that serve a queue block this signal.
        var endOfTime = sigset_t()
        sigemptyset(&endOfTime)
        sigaddset(&endOfTime, SIGXCPU)
        pthread_sigmask(SIG_UNBLOCK, &endOfTime, nil)
        signal(SIGXCPU, SIG_DFL)
        setSoft(__rlimit_resource_t(RLIMIT_CPU.rawValue), 3 + bytes / 2_000_000 + max(0, expanded) / 200_000_000)
        // Pages of data and stack are the sixth number.
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        guard let pages, pages.count > 5, let held = Int(pages[5]) else { return }
        setSoft(
            __rlimit_resource_t(RLIMIT_DATA.rawValue),
            held * sysconf(Int32(_SC_PAGESIZE)) + 768 << 20 + 2 * Expansion.largestRatio * bytes)
    }

    private static func collect(_ errors: inout [HDF5Error], _ path: String, _ body: () throws -> Void) {
        do { try body() } catch {
            errors.append(error as? HDF5Error ?? HDF5Error(kind: .corrupt, file: path, problem: "\(error)"))
        }
    }

    private static func readData(_ dataset: DatasetDescription, _ file: HDF5File) throws {
        switch dataset.elementType {
        case .otherFloat, .string, .other: return
        case .float16, .bfloat16, .float32, .float64, .integer: break
        }
        guard let bytes = product(dataset.shape + [8]), bytes > wholeBytes, let count = dataset.shape.first else {
            _ = try file.readArray(dataset.name, as: Double.self)
            return
        }
        guard bytes / count <= wholeBytes else { return }
        _ = try file.readSlab(dataset.name, at: 0)
        _ = try file.readSlab(dataset.name, at: count - 1)
    }

    /// Lets a child process examine a file; returns where the child survived, whatever errors it met.
    ///
    /// - Parameters:
    ///   - executable: a program that, with `arguments` followed by the path, calls `examine` and exits with status 0
    ///     or 65; usually the running program itself.
    ///   - timeout: seconds after which the child is killed.
    /// - Throws: `HDF5Error`: `corrupt` when the child died of a signal or did not end in time; `unreadable` when it
    ///   could not be run or ended otherwise.
    public static func examineInChild(
        _ path: String, executable: URL, arguments: [String], timeout: Double
    ) throws {
        let child = Process()
        child.executableURL = executable
        child.arguments = arguments + [path]
        child.standardInput = FileHandle.nullDevice
        child.standardOutput = FileHandle.nullDevice
        child.standardError = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        child.terminationHandler = { _ in ended.signal() }
        do { try child.run() } catch {
            throw HDF5Error(
                kind: .unreadable, file: path, problem: "cannot be examined", advice: "check \(executable.path)",
                cause: "\(error)")
        }
        guard ended.wait(timeout: .now() + timeout) == .success else {
            kill(child.processIdentifier, SIGKILL)
            child.waitUntilExit()
            throw HDF5Error(
                kind: .corrupt, file: path, problem: "the HDF5 library did not finish reading it within \(timeout) s")
        }
        try judge(child, path)
    }

    private static func judge(_ child: Process, _ path: String) throws {
        guard child.terminationReason == .exit else {
            if child.terminationStatus == SIGXCPU {
                throw HDF5Error(
                    kind: .corrupt, file: path,
                    problem: "the HDF5 library did not finish reading it in the processor time that its size allows")
            }
            throw HDF5Error(
                kind: .corrupt, file: path, problem: "the HDF5 library crashed while reading it",
                cause: "signal \(child.terminationStatus)")
        }
        guard [0, 65].contains(child.terminationStatus) else {
            throw HDF5Error(
                kind: .unreadable, file: path, problem: "cannot be examined", advice: "report this",
                cause: "exit status \(child.terminationStatus)")
        }
    }
}
