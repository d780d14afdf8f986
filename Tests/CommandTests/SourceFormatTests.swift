import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// Every command that takes a file of matrices takes it in every format, and the study takes several files.
@Suite struct SourceFormatTests {
    private let folder: TemporaryFolder
    private let matrix: Matrix<Double>

    init() throws {
        folder = try TemporaryFolder()
        matrix = try geometricMatrix(order: 20)
        try folder.write([("array", matrix)], to: "a.h5")
        let values = bytes(of: matrix.transposed.elements)
        try folder.write(Data(npy("'<f8'", "(20, 20)", values)), to: "a.npy")
        try folder.write(
            Data(safetensors("{\"array\":{\"dtype\":\"F64\",\"shape\":[20,20],\"data_offsets\":[0,3200]}}", values)),
            to: "a.safetensors")
    }

    private static let study = ["--no-cache", "--statistic", "full,eigenvector", "--root", "exact,offdiagonal", "--quiet"]

    /// Without the columns that name the file and the time.
    private func rows(_ text: String) throws -> [[String]] {
        try StudyTable(text).withoutSeconds.records.map { Array($0.dropFirst()) }
    }

    @Test(arguments: ["a.npy", "a.safetensors"]) func oneResultFromEveryFormat(_ name: String) throws {
        let expected = try rows(folder.succeed(["study", "a.h5"] + Self.study).standardOutput)
        let found = try folder.succeed(["study", name] + Self.study).standardOutput
        #expect(try rows(found) == expected)
        #expect(try Set(StudyTable(found).column("source")) == [name])
        for command in [["spectrum"], ["orthogonality"], ["theory"]] {
            let expected = try folder.succeed(command + ["a.h5"]).standardOutput
            #expect(try folder.succeed(command + [name]).standardOutput == expected.replacing("a.h5", with: name))
        }
        for input in ["a.h5", name] {
            try folder.succeed(["quantize", input, "--matrix", "array", "-o", "\(input).codes"])
            try folder.succeed(["synthesize", "--spectrum", "like", "--like", input, "-o", "\(input).like"])
        }
        for (output, set) in [("codes", "codes"), ("codes", "block_maxima"), ("like", "matrix")] {
            let files = try ["a.h5", name].map { try HDF5File.open(folder.path("\($0).\(output)")).readArray(set).values }
            #expect(files[0] == files[1], "\(output)")
        }
    }

    // MARK: Several files

    @Test func severalFilesOneAfterAnother() throws {
        try folder.write([("b", try geometricMatrix(order: 9)), ("array", try geometricMatrix(order: 11))], to: "b.h5")
        let parts = try ["a.npy", "b.h5"].map {
            try StudyTable(folder.succeed(["study", $0] + Self.study).standardOutput).withoutSeconds.records
        }
        try folder.succeed(["study", "a.npy", "b.h5"] + Self.study + ["-o", "both.csv"])
        #expect(try StudyTable(folder.text("both.csv")).withoutSeconds.records == parts[0] + parts[1])
        // A pattern takes something of one file at least.
        let named = try folder.succeed(["study", "a.npy", "b.h5", "--matrix", "b"] + Self.study).standardOutput
        #expect(try Set(StudyTable(named).column("source")) == ["b.h5"])
        try folder.expectRefusal(["study", "a.npy", "b.h5", "--matrix", "c"] + Self.study, status: 66, words: ["'c'"])
        try folder.expectRefusal(["study", "a.npy", "a.npy"] + Self.study, status: 64, words: ["twice"])
        try folder.expectRefusal(["study", "a.npy", "c.h5"] + Self.study, status: 66, words: ["c.h5"])
    }

    /// Shards of two files, one of them under another path: the rows of each have its first path.
    @Test func shardsOfSeveralFiles() throws {
        try folder.write([("b", try geometricMatrix(order: 24))], to: "b.h5")
        try folder.write(folder.data("b.h5"), to: "copy.h5")
        let arguments = ["--no-cache", "--statistic", "full", "--bits", "3:8", "--quiet"]
        try folder.succeed(["study", "a.npy", "b.h5"] + arguments + ["-o", "whole.csv"])
        for (index, second) in ["b.h5", "b.h5", "copy.h5"].enumerated() {
            let shard = ["--shard", "\(index + 1)/3", "-o", "s\(index).csv"]
            try folder.succeed(["study", "a.npy", second] + arguments + shard)
        }
        try folder.succeed(["merge", "s2.csv", "s0.csv", "s1.csv", "-o", "merged.csv"])
        #expect(
            try StudyTable(folder.text("merged.csv")).withoutSeconds == StudyTable(folder.text("whole.csv")).withoutSeconds)
        // The same files in another order are another study.
        try folder.succeed(["study", "b.h5", "a.npy"] + arguments + ["--shard", "1/3", "-o", "other.csv"])
        try folder.expectRefusal(
            ["merge", "other.csv", "s1.csv", "s2.csv", "-o", "m.csv"], status: 65, words: ["another study"])
    }

    /// What an interrupted study of two files had finished is kept, under the names that its files have when it goes on.
    @Test func severalFilesAreResumed() throws {
        try folder.write([("b", try geometricMatrix(order: 200))], to: "b.h5")
        let arguments = ["--no-cache", "--preset", "pareto", "-o", "out.csv"]
        let running = try folder.start(["study", "a.npy", "b.h5"] + arguments)
        while !running.hasEnded && !folder.contains("out.csv.partial") { usleep(500) }
        usleep(200_000)
        running.send(SIGTERM)
        #expect(try [75, 0].contains(running.wait(timeout: 60).status))
        if folder.contains("out.csv.partial") {
            try folder.expectRefusal(
                ["study", "b.h5", "a.npy"] + arguments + ["--resume"], status: 65, words: ["another study"])
            try FileManager.default.moveItem(atPath: folder.path("a.npy"), toPath: folder.path("moved.npy"))
            try folder.succeed(["study", "moved.npy", "b.h5"] + arguments + ["--resume"])
            #expect(try Set(StudyTable(folder.text("out.csv")).column("source")) == ["moved.npy", "b.h5"])
        }
    }

    @Test func inspectionOfSeveral() throws {
        let text = try folder.succeed(["inspect", "a.npy", "a.safetensors"]).standardOutput
        #expect(text.hasPrefix("a.npy:\narray: float64, 20 × 20, 3200 bytes\n1 data sets, 1 of them"), "\(text)")
        #expect(text.contains("\na.safetensors:\n"))
        let json = try folder.succeed(["inspect", "a.npy", "a.h5", "--json"]).standardOutput
        let objects = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
        #expect(objects.map { $0["file"] as? String } == ["a.npy", "a.h5"])
    }

    // MARK: What is left out or refused

    /// An integer square and a stack are named, once, and the rest is studied.
    @Test func whatIsLeftOutIsNamed() throws {
        let header = """
            {"m":{"dtype":"F64","shape":[20,20],"data_offsets":[0,3200]},"ids":{"dtype":"I64","shape":[2,2],\
            "data_offsets":[3200,3232]},"heads":{"dtype":"F16","shape":[3,2,2],"data_offsets":[3232,3256]}}
            """
        let values = bytes(of: matrix.transposed.elements) + [UInt8](repeating: 0, count: 56)
        try folder.write(Data(safetensors(header, values)), to: "b.safetensors")
        let run = try folder.succeed(["study", "b.safetensors", "--no-cache", "--statistic", "full"])
        #expect(try StudyTable(run.standardOutput).column("matrix") == ["m"])
        #expect(try !folder.succeed(["inspect", "b.safetensors"]).standardOutput.contains("also"))
        let note = "b.safetensors: left out: heads (a stack of matrices, 3 × 2 × 2), ids (int64, 2 × 2)"
        #expect(run.standardError.components(separatedBy: note).count == 2, "\(run.standardError)")
    }

    /// Damage ends with 65 in every command, and names the file.
    @Test(arguments: InvalidInputTests.readers) func damagedFiles(_ arguments: [String]) throws {
        for (bytes, words) in [
            (npy("'<f8'", "(2, 2)", [0]), "1 bytes follow"), (littleEndian(1 << 40, 8) + Array("{\"a\"".utf8), "claims"),
        ] {
            try folder.write(Data(bytes), to: "a.h5")
            try folder.expectRefusal(arguments, status: 65, words: ["a.h5", words])
        }
    }

    /// A link to what is no HDF5 file is said and ends nothing.
    @Test func aLinkToAnotherFormat() throws {
        try folder.createHDF5("links.h5") { writer in
            try writer.write(matrix, to: "m")
            try writer.link("array", toFile: "a.npy")
        }
        let run = try folder.succeed(["study", "links.h5", "--no-cache", "--statistic", "full"])
        #expect(try StudyTable(run.standardOutput).column("matrix") == ["m"])
        #expect(run.standardError.contains("links that lead to nothing: array is a link to the file a.npy"))
        try folder.expectRefusal(
            ["study", "links.h5", "--no-cache", "--matrix", "array"], status: 66, words: ["array", "a.npy"])
    }
}
