import Foundation
import MatrixCore
import Testing

/// A study long enough to be interrupted, in a folder of its own, and what it gives when it is not.
struct InterruptedStudy {
    let folder: TemporaryFolder
    let arguments = InterruptedStudy.arguments
    /// Of the uninterrupted run, timing aside.
    let expected: StudyTable

    private static let arguments = ["study", "a.h5", "--no-cache", "--preset", "pareto", "--quiet", "-o", "out.csv"]

    /// The input and the result, computed once for all tests.
    private static let uninterrupted = Result {
        let folder = try TemporaryFolder()
        var matrices: [(String, Matrix<Double>)] = []
        // One has a name that a CSV must quote.
        for (seed, name) in ["plain", "quoted, \"left\"\nsecond line\\n", "größe\t"].enumerated() {
            matrices.append((name, try geometricMatrix(order: 64, seed: UInt64(seed))))
        }
        try folder.write(matrices, to: "a.h5")
        try folder.succeed(arguments)
        return (input: try folder.data("a.h5"), table: try StudyTable(folder.text("out.csv")).withoutSeconds)
    }

    init() throws {
        folder = try TemporaryFolder()
        let uninterrupted = try InterruptedStudy.uninterrupted.get()
        try folder.write(uninterrupted.input, to: "a.h5")
        expected = uninterrupted.table
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

    /// What is there when a study is through: the table of the uninterrupted run, and nothing else.
    func expectResult(sourceLocation: SourceLocation = #_sourceLocation) throws {
        if folder.contains("out.csv.partial") || !folder.contains("out.csv") {
            return try expectResumed(sourceLocation: sourceLocation)
        }
        #expect(try StudyTable(folder.text("out.csv")).withoutSeconds == expected, sourceLocation: sourceLocation)
        #expect(try folder.names == ["a.h5", "out.csv"], sourceLocation: sourceLocation)
    }

    /// Starts, kills and resumes the study until it ends by itself or was killed when all was done.
    ///
    /// No kill may lose a row that was there before it.
    ///
    /// - Returns: the number of kills, at most 100.
    func killUntilItIsThrough(using generator: inout PhiloxGenerator) throws -> Int {
        var rows = 0
        for kills in 0..<100 {
            let running = try folder.start(arguments + (kills == 0 ? [] : ["--resume"]))
            if generator.uniform() < 0.25 {
                usleep(UInt32(100_000 * generator.uniform()))
            } else {
                waitUntil(running, hasWritten: partialBytes + Int(40_000 * generator.uniform()))
                usleep(UInt32(3000 * generator.uniform()))
            }
            running.send(SIGKILL)
            let run = try running.wait(timeout: 60)
            if run.status == 0 { return kills }
            try #require(run.signal == SIGKILL, "\(run)")
            if folder.contains("out.csv") && !folder.contains("out.csv.partial") { return kills + 1 }
            let kept = partialRows
            #expect(kept >= rows, "kill \(kills + 1) lost rows: \(rows) before, \(kept) now")
            rows = kept
        }
        return 100
    }

    /// Whole lines of the partial file.
    private var partialRows: Int {
        let text = (try? folder.text("out.csv.partial")) ?? ""
        return text.utf8.count { $0 == 0x0A }
    }
}
