import Foundation

/// How a run of the program ended.
struct ProgramRun {
    /// The exit status, nil where a signal ended it.
    let status: Int32?
    let signal: Int32?
    let standardOutput: String
    let standardError: String
}

/// Why a test could not run the program.
struct ProgramError: Error, CustomStringConvertible {
    let description: String
}

/// The program under test: $FOURTHROOT_PROGRAM, else the one built next to the test bundle.
func programPath() throws -> String {
    let given = ProcessInfo.processInfo.environment["FOURTHROOT_PROGRAM"]
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let path = given ?? executable.deletingLastPathComponent().appendingPathComponent("fourthroot").path
    guard access(path, X_OK) == 0 else {
        throw ProgramError(
            description: "\(path): no program to test; build the package or name the program in FOURTHROOT_PROGRAM")
    }
    return path
}

/// A process that a test has started and must wait for.
struct RunningProgram {
    let identifier: pid_t
    private let outputPath: String
    private let errorPath: String

    /// - Parameters:
    ///   - folder: the working folder.
    ///   - streams: a folder for what the process prints.
    ///   - terminal: the name of a terminal, in place of that folder.
    /// - Throws: `ProgramError`.
    init(
        _ executable: String, _ arguments: [String], folder: String, streams: String, terminal: String? = nil,
        environment: [String: String]
    ) throws {
        let name = UUID().uuidString
        outputPath = "\(streams)/\(name).out"
        errorPath = "\(streams)/\(name).err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let terminal {
            for stream: Int32 in 0...2 { posix_spawn_file_actions_addopen(&actions, stream, terminal, O_RDWR | O_NOCTTY, 0) }
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        // A group of its own, so that a hanging program is killed with its children.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        // The C library's way to change the folder is not visible from Swift; the shell replaces itself by the program.
        let shell = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, executable]
        let argumentPointers = (shell + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + variables { free(pointer) } }
        var started: pid_t = 0
        let failure = posix_spawn(&started, shell[0], &actions, &attributes, argumentPointers, variables)
        guard failure == 0 else {
            throw ProgramError(description: "\(shell[0]): cannot be started: \(String(cString: strerror(failure)))")
        }
        identifier = started
    }

    func send(_ signal: Int32) { kill(identifier, signal) }

    var hasEnded: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(identifier), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information.si_signo == SIGCHLD
    }

    /// Waits for the end; kills the process after `timeout` seconds.
    ///
    /// - Throws: `ProgramError` after the timeout.
    func wait(timeout: Double) throws -> ProgramRun {
        let end = ContinuousClock.now + .seconds(timeout)
        var state: Int32 = 0
        while waitpid(identifier, &state, WNOHANG) == 0 {
            guard ContinuousClock.now < end else {
                kill(-identifier, SIGKILL)
                waitpid(identifier, &state, 0)
                throw ProgramError(description: "the program did not end within \(timeout) s")
            }
            usleep(1000)
        }
        let signal = state & 0x7F
        return ProgramRun(
            status: signal == 0 ? (state >> 8) & 0xFF : nil, signal: signal == 0 ? nil : signal,
            standardOutput: RunningProgram.text(outputPath), standardError: RunningProgram.text(errorPath))
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
