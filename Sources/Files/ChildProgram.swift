import Foundation

/// Another program, run to its end.
enum ChildProgram {
    struct End {
        /// 127 where there is no such program; 128 and the signal's number where a signal ended it.
        let status: Int32
        let output: Data
        let messages: String
    }

    /// - Parameter words: the program, found in the search path, and its arguments.
    /// - Throws: what the system says where it can run nothing.
    static func run(_ words: [String], input: Data) throws -> End {
        // Files without names instead of pipes: nobody waits for the other.
        let streams = try (0..<3).map { _ in try nameless() }
        try streams[0].write(contentsOf: input)
        try streams[0].seek(toOffset: 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        (process.standardInput, process.standardOutput, process.standardError) = (streams[0], streams[1], streams[2])
        try process.run()
        process.waitUntilExit()
        let written = try streams.dropFirst().map { stream in
            try stream.seek(toOffset: 0)
            return try stream.readToEnd() ?? Data()
        }
        return End(
            status: process.terminationStatus + (process.terminationReason == .exit ? 0 : 128), output: written[0],
            messages: String(decoding: written[1], as: UTF8.self))
    }

    private static func nameless() throws -> FileHandle {
        guard let file = tmpfile() else { throw OutputError.current(.writeFailed, "a temporary file", "creating") }
        defer { fclose(file) }
        // The handle outlives the C library's file.
        return FileHandle(fileDescriptor: dup(fileno(file)), closeOnDealloc: true)
    }
}
