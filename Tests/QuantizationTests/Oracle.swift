import Foundation
import TestSupport
import Testing

/// The independent oracle in NumPy, beside the package where there is one.
enum Oracle {
    static let missing = missingShared("reference/oracle.py", besides: "python3 with numpy, scipy and h5py")

    static let isAvailable: Bool = (try? run("print('yes')", input: Data())).map { $0 == Data("yes\n".utf8) } ?? false

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The output of a script that may use `oracle`, `np`, `json` and `sys`.
    static func run(_ script: String, input: Data) throws -> Data {
        guard let reference = sharedFile("reference") else { throw Failure(description: "there is no reference folder") }
        let preamble = """
            import sys, json
            sys.path.insert(0, sys.argv[1])
            import numpy as np, oracle

            """
        let request = FileManager.default.temporaryDirectory.appendingPathComponent("oracle-\(UUID().uuidString).json")
        try input.write(to: request)
        defer { try? FileManager.default.removeItem(at: request) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-B", "-c", preamble + script, reference]
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = try FileHandle(forReadingFrom: request)
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        let message = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: String(decoding: message, as: UTF8.self))
        }
        return data
    }
}
