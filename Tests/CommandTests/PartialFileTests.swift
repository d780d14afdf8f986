import Foundation
import Testing

/// Partial results that cannot be trusted are refused, those cut short by a kill are continued.
@Suite struct PartialFileTests {
    private let study: InterruptedStudy
    private let partial: Data
    /// Where lines begin, the end of the file last.
    private let lineStarts: [Int]

    private static let killed = Result { try InterruptedStudy().partial(afterBytes: 20_000) }

    init() throws {
        study = try InterruptedStudy()
        let data = try PartialFileTests.killed.get()
        try study.folder.write(data, to: "out.csv.partial")
        partial = data
        lineStarts = [0] + data.indices.filter { data[$0] == 0x0A }.map { $0 + 1 }
        try #require(lineStarts.count > 20)
    }

    private func expectRefused(_ data: Data, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        try study.folder.write(data, to: "out.csv.partial")
        try study.folder.expectRefusal(
            study.arguments + ["--resume"], status: 65, words: ["out.csv.partial", "--force"] + words,
            sourceLocation: sourceLocation)
        #expect(try study.folder.data("out.csv.partial") == data, sourceLocation: sourceLocation)
    }

    private func flipped(_ index: Int, bit: UInt8 = 1) -> Data {
        var data = partial
        data[index] ^= bit
        return data
    }

    @Test func damagedHeader() throws {
        for index in [0, lineStarts[1] / 2, lineStarts[1] - 2] { try expectRefused(flipped(index), []) }
        try expectRefused(Data("precious notes\n".utf8) + partial, [])
        try expectRefused(Data([0, 1, 2, 0xFF, 0x0A]), [])
    }

    @Test func damagedRow() throws {
        let middle = lineStarts[10]
        let end = lineStarts[11]
        for index in [middle, middle + 3, (middle + end) / 2, end - 34, end - 10, end - 2] {
            try expectRefused(flipped(index, bit: 4), ["line 11"])
        }
        // A line feed that is lost joins two rows; one that appears splits a row.
        try expectRefused(flipped(end - 1), ["line 11"])
        var split = partial
        split[middle + 5] = 0x0A
        try expectRefused(split, ["line 11"])
        // Not UTF-8.
        try expectRefused(flipped(middle + 3, bit: 0x80), ["line 11"])
    }

    @Test func damagedLastRow() throws {
        let whole = partial.prefix(lineStarts[lineStarts.count - 1])
        var data = Data(whole)
        data[data.count - 3] ^= 1
        try expectRefused(data, ["damaged"])
    }

    @Test func missingDoubledAndExchangedRows() throws {
        let (first, second, third) = (lineStarts[10], lineStarts[11], lineStarts[12])
        try expectRefused(partial[..<first] + partial[second...], ["line 11"])
        try expectRefused(partial[..<second] + partial[first...], ["line 12"])
        try expectRefused(
            partial[..<first] + partial[second..<third] + partial[first..<second] + partial[third...], ["line 11"])
    }

    @Test func tornTail() throws {
        let (last, end) = (lineStarts[lineStarts.count - 2], lineStarts[lineStarts.count - 1])
        for length in [end - 1, end - 20, (last + end) / 2, last + 1, last] {
            try study.folder.write(partial.prefix(length), to: "out.csv.partial")
            try study.expectResumed()
            try study.folder.remove("out.csv")
        }
    }

    @Test func tornHeader() throws {
        for length in [0, 1, lineStarts[1] / 2, lineStarts[1] - 1, lineStarts[1]] {
            try study.folder.write(partial.prefix(length), to: "out.csv.partial")
            try study.expectResumed()
            try study.folder.remove("out.csv")
        }
    }

    @Test func anotherStudy() throws {
        for options in [["--damping", "1e-4"], ["--indefinite", "clamp"], ["--reference", "lapack"], ["--shard", "1/2"]] {
            try study.folder.expectRefusal(
                study.arguments + ["--resume"] + options, status: 65, words: ["out.csv.partial", "another study"])
        }
        // The same words on other matrices.
        try study.folder.write([("plain", try geometricMatrix(order: 64, seed: 9))], to: "a.h5")
        try study.folder.expectRefusal(
            study.arguments + ["--resume"], status: 65, words: ["out.csv.partial", "another study"])
        #expect(try study.folder.data("out.csv.partial") == partial)
    }

    /// The same content under another path is the same study, and all rows name the input as it is called now.
    @Test func movedInput() throws {
        try FileManager.default.moveItem(atPath: study.folder.path("a.h5"), toPath: study.folder.path("moved.h5"))
        var arguments = study.arguments
        arguments[1] = study.folder.path("moved.h5")
        try study.folder.succeed(arguments + ["--resume"])
        let expected = study.expected.records.map { [arguments[1]] + $0.dropFirst() }
        #expect(try StudyTable(study.folder.text("out.csv")).withoutSeconds.records == expected)
        // Killed between giving the output its name and removing the partial file, then moved back.
        try study.folder.write(partial, to: "out.csv.partial")
        try FileManager.default.moveItem(atPath: study.folder.path("moved.h5"), toPath: study.folder.path("a.h5"))
        try study.folder.expectRefusal(study.arguments + ["--resume"], status: 73, words: ["out.csv"])
    }

    /// A file of somebody else, a link or a pipe of the partial file's name is neither changed nor followed nor waited for.
    @Test(arguments: [[], ["--force"], ["--resume"]]) func namesThatAreTaken(_ options: [String]) throws {
        try study.folder.write("precious", to: "target")
        for kind in ["file", "link", "dangling", "pipe", "folder"] {
            let path = study.folder.path("out.csv.partial")
            try study.folder.remove("out.csv.partial")
            switch kind {
            case "file": try study.folder.write("precious notes\n", to: "out.csv.partial")
            case "link": symlink("target", path)
            case "dangling": symlink("nowhere", path)
            case "pipe": mkfifo(path, 0o600)
            default: mkdir(path, 0o700)
            }
            let run = try study.folder.run(study.arguments + options, timeout: 30)
            #expect(run.status == (kind == "file" && options == ["--resume"] ? 65 : 73), "\(kind): \(run)")
            #expect(run.standardError.contains("out.csv.partial"), "\(kind): \(run)")
            #expect(try study.folder.names == ["a.h5", "out.csv.partial", "target"], "\(kind)")
            if kind == "file" { #expect(try study.folder.text("out.csv.partial") == "precious notes\n") }
        }
        #expect(try study.folder.text("target") == "precious")
    }

    @Test func partialWithoutResume() throws {
        try study.folder.expectRefusal(
            study.arguments, status: 73, words: ["out.csv.partial", "--resume", "--force"])
        #expect(try study.folder.data("out.csv.partial") == partial)
    }

    @Test func forceStartsAgain() throws {
        try study.folder.write(flipped(lineStarts[10]), to: "out.csv.partial")
        try study.folder.succeed(study.arguments + ["--force"])
        #expect(try StudyTable(study.folder.text("out.csv")).withoutSeconds == study.expected)
        #expect(try study.folder.names == ["a.h5", "out.csv"])
    }
}
