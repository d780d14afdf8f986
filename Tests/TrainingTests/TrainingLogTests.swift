import Files
import Foundation
import Testing

@testable import Training

@Suite struct TrainingLogTests {
    private let path = NSTemporaryDirectory() + "/fourthroot-log-\(UUID().uuidString).csv"

    private func row(_ step: Int) -> LogRow {
        LogRow(
            step: step, epoch: 1, loss: 0.1, accuracy: 0.5, learningRate: 1e-3, seconds: Double(step),
            preconditionerSeconds: 0.25,
            samplesPerSecond: 2, optimizerStateBytes: 10, preconditionerBytes: 4, peakResidentBytes: 100,
            validation: step == 2 ? Evaluation(loss: 2, accuracy: 0.75) : nil, statisticFailures: 0, rootFailures: 1,
            rootDeviations: step == 2 ? [RootDeviation(group: "b", normwiseRelativeError: 0.5, angleDegrees: 3)] : [],
            peakDeviceBytes: step == 2 ? 4096 : nil, peakPreconditionerBytes: 3 + step, gradientNorm: 1.5)
    }

    private func lines() throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func fieldsThatDoNotApplyAreEmpty() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = try TrainingLog(path: path, groups: ["a", "b"])
        try log.start()
        for step in 1...2 { try log.append(row(step)) }
        let lines = try lines()
        #expect(
            lines[0].hasSuffix(
                ",nre:a,angle_degrees:a,nre:b,angle_degrees:b,peak_device_bytes,peak_preconditioner_bytes,gradient_norm,"
                    + "offdiagonal_residual"))
        #expect(lines[1] == "1,1,0.1,0.5,0.001,1.0,0.25,2.0,10,4,100,,,0,1,,,,,,4,1.5,")
        #expect(lines[2] == "2,1,0.1,0.5,0.001,2.0,0.25,2.0,10,4,100,2.0,0.75,0,1,,,0.5,3.0,4096,5,1.5,")
    }

    /// Rows after the checkpoint's step, and one that a kill cut short, go.
    @Test func resumingDropsWhatComesAfter() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let log = try TrainingLog(path: path, groups: [])
            try log.start()
            for step in 1...5 { try log.append(row(step)) }
            // As long as it is open, nobody else writes it.
            #expect(throws: OutputError.self) { try TrainingLog(path: path, groups: []) }
        }
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("6,1,0.".utf8))
        let resumed = try TrainingLog(path: path, groups: [])
        try resumed.resume(after: 3, loss: 0.1)
        #expect(resumed.before == (seconds: 3, preconditionerSeconds: 0.25, peakPreconditionerBytes: 6))
        try resumed.append(row(4))
        #expect(try lines().map { $0.prefix(2) } == ["st", "1,", "2,", "3,", "4,"])
        #expect(resumed.lost == nil)
    }

    /// The loss of the checkpoint's step tells runs apart.
    @Test func theLogOfAnotherRunIsLeftAsItIs() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let log = try TrainingLog(path: path, groups: [])
            try log.start()
            for step in 1...5 { try log.append(row(step)) }
        }
        let before = try lines()
        let log = try TrainingLog(path: path, groups: [])
        let error = #expect(throws: LogError.self) { try log.resume(after: 3, loss: 0.1.nextUp) }
        #expect(error?.kind == .wrongData && error?.problem.contains("another run") == true)
        #expect(try lines() == before)
    }

    /// Where no log is found, all rows up to the checkpoint are missing.
    @Test func aLogThatIsGoneIsSaid() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = try TrainingLog(path: path, groups: [])
        try log.resume(after: 3, loss: 0.1)
        #expect(log.lost == 1...3)
        #expect(try lines().count == 1)
    }

    /// A kill before the header is whole leaves a part of it, which is begun again.
    @Test func aCutHeaderIsNoObstacle() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        for text in ["", "step,ep"] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let log = try TrainingLog(path: path, groups: [])
            try log.resume(after: 0, loss: nil)
            try log.append(row(1))
            #expect(try lines().map { $0.prefix(8) } == ["step,epo", "1,1,0.1,"])
        }
    }

    /// Rows that were lost with the run that could not write them.
    @Test func missingRowsAreNamed() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let log = try TrainingLog(path: path, groups: [])
            for step in 1...3 { try log.append(row(step)) }
        }
        let log = try TrainingLog(path: path, groups: [])
        try log.resume(after: 6, loss: nil)
        #expect(log.lost == 4...6)
    }

    /// A run that does not begin leaves no log of its own, and another's as it was.
    @Test func withdrawing() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try TrainingLog(path: path, groups: []).withdraw()
        #expect(!FileManager.default.fileExists(atPath: path))
        try "x".write(toFile: path, atomically: false, encoding: .utf8)
        try TrainingLog(path: path, groups: []).withdraw()
        #expect(try lines() == ["x"])
    }

    @Test func anotherFileIsNotContinued() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "step,loss\n1,2\n".write(toFile: path, atomically: true, encoding: .utf8)
        let log = try TrainingLog(path: path, groups: [])
        #expect(throws: LogError.self) { try log.resume(after: 1, loss: nil) }
        #expect(try lines() == ["step,loss", "1,2"])
    }

    /// The time, and the peak of bytes.
    @Test(arguments: [5, 16], ["nan", "inf", "-1", "1e300", "x"]) func damagedSumsAreNotContinued(column: Int, _ text: String)
        throws
    {
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let log = try TrainingLog(path: path, groups: [])
            try log.start()
            for step in 1...2 { try log.append(row(step)) }
        }
        var lines = try lines()
        var fields = lines[2].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        try #require(fields.count > column)
        fields[column] = text
        lines[2] = fields.joined(separator: ",")
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let log = try TrainingLog(path: path, groups: [])
        let error = #expect(throws: LogError.self) { try log.resume(after: 2, loss: nil) }
        #expect(error?.kind == .wrongData && error?.problem.contains("row 2") == true)
    }

    @Test func groupsAreNamesWithoutLayers() {
        #expect(RootDeviation.group(of: "blocks.11.attention.output.weight") == "blocks.attention.output.weight")
    }
}
