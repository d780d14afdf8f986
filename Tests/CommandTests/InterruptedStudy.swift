import Foundation
import MatrixCore
import Testing

/// A study long enough to be interrupted, in a folder of its own, and what it gives when it is not.
struct InterruptedStudy {
    let folder: TemporaryFolder
    let arguments: [String]
    /// Of the uninterrupted run, timing aside.
    let expected: StudyTable

    /// Three matrices, one of them with a name that a CSV must quote.
    init() throws {
        folder = try TemporaryFolder()
        var matrices: [(String, Matrix<Double>)] = []
        for (seed, name) in ["plain", "quoted, \"left\"\nsecond line\\n", "größe\t"].enumerated() {
            matrices.append((name, try geometricMatrix(order: 64, seed: UInt64(seed))))
        }
        try folder.write(matrices, to: "a.h5")
        arguments = ["study", "a.h5", "--no-cache", "--preset", "pareto", "--quiet", "-o", "out.csv"]
        try folder.succeed(arguments)
        expected = try StudyTable(folder.text("out.csv")).withoutSeconds
        try folder.remove("out.csv")
    }

    /// Starts the study and sends a signal once the partial file has some bytes.
    func interrupt(with signal: Int32, afterBytes bytes: Int) throws -> ProgramRun {
        let running = try folder.start(arguments)
        waitUntil(running, hasWritten: bytes)
        running.send(signal)
        return try running.wait(timeout: 60)
    }

    /// Waits until the partial file has some bytes or the program has ended.
    func waitUntil(_ running: RunningProgram, hasWritten bytes: Int) {
        while partialBytes < bytes && !running.hasEnded { usleep(500) }
    }

    var partialBytes: Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path("out.csv.partial"))
        return attributes?[.size] as? Int ?? 0
    }

    /// The partial file of a run that was killed when it had these bytes or some more.
    func partial(afterBytes bytes: Int) throws -> Data {
        let run = try interrupt(with: SIGKILL, afterBytes: bytes)
        try #require(run.signal == SIGKILL, "the study ended before it could be killed")
        return try folder.data("out.csv.partial")
    }

    /// Resumes to the end and compares with the uninterrupted run.
    func expectResumed(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try folder.succeed(arguments + ["--resume"], sourceLocation: sourceLocation)
        let table = try StudyTable(folder.text("out.csv")).withoutSeconds
        #expect(table == expected, sourceLocation: sourceLocation)
        #expect(try folder.names == ["a.h5", "out.csv"], sourceLocation: sourceLocation)
    }
}
