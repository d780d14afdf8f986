import Foundation
import MatrixCore
import Testing

/// A study that is interrupted goes on from where it was and gives what the uninterrupted one gives.
@Suite struct InterruptionTests {
    /// A closed terminal interrupts too, but for programs whose parent has them ignore it.
    private static let signals = [SIGINT, SIGTERM] + (ignoresHangUp ? [] : [SIGHUP])
    private static let ignoresHangUp = {
        var action = sigaction()
        return sigaction(SIGHUP, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }()

    @Test(arguments: signals) func signal(_ number: Int32) throws {
        let study = try InterruptedStudy()
        let run = try study.interrupt(with: number, afterBytes: 4000)
        #expect(run.status == 75, "\(run)")
        for word in ["out.csv.partial", "--resume", "of \(study.expected.records.count) cases"] {
            #expect(run.standardError.contains(word), "\(run.standardError)")
        }
        #expect(try study.folder.names == ["a.h5", "out.csv.partial"])
        try study.expectResumed()
    }

    /// Before the first row there is nothing to keep, and nothing is left or what is left can be resumed.
    @Test(arguments: [0, 5000, 20_000, 50_000, 80_000]) func earlySignal(_ microseconds: UInt32) throws {
        let study = try InterruptedStudy()
        let running = try study.folder.start(study.arguments)
        usleep(microseconds)
        running.send(SIGTERM)
        let run = try running.wait(timeout: 60)
        // While the program is being loaded, nobody can catch the signal yet.
        #expect(run.status == 75 || run.signal == SIGTERM, "\(run)")
        #expect(!study.folder.contains("out.csv"))
        try study.expectResumed()
    }

    @Test func signalToStandardOutput() throws {
        let study = try InterruptedStudy()
        let running = try study.folder.start(Array(study.arguments.dropLast(2)))
        usleep(300_000)
        running.send(SIGINT)
        let run = try running.wait(timeout: 60)
        // A loaded machine may take this long to load the program, during which nobody can catch the signal.
        #expect(run.status == 75 || run.status == 0 || run.signal == SIGINT, "\(run)")
        #expect(try study.folder.names == ["a.h5"])
    }

    /// kill -9 at seeded moments until the study is through: by its progress, or by time, which meets the first moments.
    ///
    /// A study may be through before it was killed three times where this process waits for a core; then it begins anew.
    @Test(arguments: [11, 12, 13] as [UInt64]) func killedAgainAndAgain(_ seed: UInt64) throws {
        var generator = PhiloxGenerator(seed: seed)
        var kills = 0
        for _ in 0..<50 where kills < 3 {
            let study = try InterruptedStudy()
            kills = max(kills, try study.killUntilItIsThrough(using: &generator))
            try study.expectResult()
        }
        #expect(kills >= 3, "at most \(kills) kills before the end")
    }

    /// A kill between the rename of the output and the removal of the partial file.
    @Test func killedAfterTheOutputWasInPlace() throws {
        let study = try InterruptedStudy()
        let running = try study.folder.start(study.arguments)
        // A second name keeps the partial file when the program removes it.
        while link(study.folder.path("out.csv.partial"), study.folder.path("kept")) != 0 && !running.hasEnded { usleep(500) }
        try #require(running.wait(timeout: 60).status == 0)
        let last = try study.folder.data("kept")
        try study.folder.remove("kept")
        try #require(last.utf8Lines == study.expected.partialLines)
        try study.folder.write(last, to: "out.csv.partial")
        let output = try study.folder.data("out.csv")
        try study.folder.succeed(study.arguments + ["--resume"])
        #expect(try study.folder.data("out.csv") == output)
        #expect(try study.folder.names == ["a.h5", "out.csv"])
    }

    @Test func secondRunIsKeptOff() throws {
        let study = try InterruptedStudy()
        let running = try study.folder.start(study.arguments)
        study.waitUntil(running, hasWritten: 2000)
        running.send(SIGSTOP)
        for option in ["--resume", "--force"] {
            let second = try study.folder.run(study.arguments + [option])
            #expect(second.status == 73 && second.standardError.contains("another run"), "\(second)")
        }
        running.send(SIGCONT)
        #expect(try running.wait(timeout: 60).status == 0)
        #expect(try StudyTable(study.folder.text("out.csv")).withoutSeconds == study.expected)
    }

    @Test func resumeWithoutPartialStarts() throws {
        try InterruptedStudy().expectResumed()
    }
}

extension Data {
    fileprivate var utf8Lines: Int { count { $0 == 0x0A } }
}

extension StudyTable {
    /// The line that names the study, and one for every record.
    fileprivate var partialLines: Int { records.count + 1 }
}
