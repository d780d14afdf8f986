import Foundation
import Testing

@testable import Files

/// Files that appear whole or not at all, without a name until then and with one.
@Suite struct TemporaryFileTests {
    private let folder: TestFolder
    /// A list of this test's own: the process's names the files of every test that runs at the same time.
    private let unfinished = UnfinishedFiles()

    init() throws { folder = try TestFolder() }

    private func temporary(_ name: String, nameless: Bool, holding text: String) throws -> TemporaryFile {
        let temporary = try TemporaryFile(for: folder.path(name), nameless: nameless, listedIn: unfinished)
        try temporary.file.write(text)
        return temporary
    }

    @Test(arguments: [true, false]) func appearsWhole(nameless: Bool) throws {
        let temporary = try temporary("out", nameless: nameless, holding: "text")
        #expect(try !folder.names.contains("out"))
        #expect(try String(contentsOfFile: temporary.path, encoding: .utf8) == "text")
        try temporary.commit(overwriting: false)
        #expect(try folder.names == ["out"] && folder.text("out") == "text")
    }

    @Test(arguments: [true, false]) func leavesNothingWhereItIsGivenUp(nameless: Bool) throws {
        do { _ = try temporary("out", nameless: nameless, holding: "text") }
        #expect(try folder.names == [])
        let begun = try temporary("out", nameless: nameless, holding: "text")
        unfinished.unlinkAll()
        #expect(try folder.names == [])
        _ = begun
    }

    /// Of two that are made at the same time the first wins, whole.
    @Test(arguments: [true, false]) func neverReplacesTheWinner(nameless: Bool) throws {
        let first = try temporary("out", nameless: nameless, holding: "first")
        let second = try temporary("out", nameless: nameless, holding: "second")
        try first.commit(overwriting: false)
        let error = #expect(throws: OutputError.self) { try second.commit(overwriting: false) }
        #expect(error?.kind == .cannotCreate)
        #expect(try folder.text("out") == "first")
    }

    @Test(arguments: [true, false]) func replacesAFileWhereItMay(nameless: Bool) throws {
        try folder.write("old", to: "out")
        try temporary("out", nameless: nameless, holding: "new").commit(overwriting: true)
        #expect(try folder.names == ["out"] && folder.text("out") == "new")
        // A link is replaced; what it leads to stays.
        try folder.write("precious", to: "target")
        symlink("target", folder.path("link"))
        try temporary("link", nameless: nameless, holding: "new").commit(overwriting: true)
        #expect(try folder.text("target") == "precious" && folder.text("link") == "new")
    }

    @Test(arguments: [true, false], [true, false]) func whatIsNoFileStays(nameless: Bool, overwriting: Bool) throws {
        symlink("nowhere", folder.path("dangling"))
        mkfifo(folder.path("fifo"), 0o600)
        mkdir(folder.path("folder"), 0o700)
        let before = try folder.names
        for name in before {
            let temporary = try temporary(name, nameless: nameless, holding: "text")
            let error = #expect(throws: OutputError.self, "\(name)") { try temporary.commit(overwriting: overwriting) }
            #expect(error?.kind == .cannotCreate, "\(name)")
            #expect(throws: OutputError.self, "\(name)") {
                try OutputFile.requireWritable(folder.path(name), overwrite: overwriting)
            }
        }
        #expect(try folder.names == before)
    }

    /// A run that is killed between giving its output a name and renaming it leaves a file whose name is the hash of its
    /// content. Only such a file is removed, and not while a run has it.
    @Test func leftoversAreKnownByTheirContent() throws {
        // XXH3 of no bytes, as published with the algorithm.
        let empty = ".fourthroot-99aa06d3014798d86001c324468d497f"
        let kept = [
            "\(empty)", "\(empty)-0123456789abcdef-", "\(empty)-0123456789ABCDEF", "\(empty)-0000000000000001",
            "\(empty)-0000000000000002", "\(empty)-0000000000000003",
        ]
        for name in kept[..<3] + ["\(empty)-0123456789abcdef"] { try folder.write("", to: name) }
        try folder.write("somebody's", to: kept[3])
        symlink("nowhere", folder.path(kept[4]))
        mkfifo(folder.path(kept[5]), 0o600)
        try folder.write("", to: "\(empty)-0000000000000004")
        let inUse = try #require(try SequentialFile.opening(folder.path("\(empty)-0000000000000004")))
        try folder.write("old", to: "out")
        try temporary("out", nameless: true, holding: "new").commit(overwriting: true)
        #expect(try folder.names == (kept + ["\(empty)-0000000000000004", "out"]).sorted())
        #expect(try folder.text(kept[3]) == "somebody's")
        _ = inUse
    }

    /// A name as long as file systems take.
    @Test func longestName() throws {
        let name = String(repeating: "n", count: 255)
        for overwrite in [false, true] {
            try OutputFile.write(folder.path(name), overwrite: overwrite, "text")
            #expect(try folder.names == [name])
        }
    }
}

/// Files of a fixed name.
@Suite struct LockedFileTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @Test func isLockedFromTheBeginning() throws {
        let path = folder.path("log")
        do {
            let file = try SequentialFile.creating(path, content: "first\n")
            #expect(throws: OutputError.self) { try SequentialFile.creating(path, content: "") }
            let error = #expect(throws: OutputError.self) { try SequentialFile.opening(path) }
            #expect(error?.description.contains("another run") == true)
            try file.write("second\n")
        }
        let file = try #require(try SequentialFile.opening(path))
        #expect(try String(decoding: file.contents(), as: UTF8.self) == "first\nsecond\n")
        try file.truncate(to: 6)
        try file.write("third\n")
        #expect(try folder.text("log") == "first\nthird\n")
        #expect(try SequentialFile.opening(folder.path("absent")) == nil)
    }

    /// Neither followed, nor waited for, nor changed.
    @Test func whatIsNoFileIsRefused() throws {
        try folder.write("precious", to: "target")
        symlink("target", folder.path("link"))
        symlink("nowhere", folder.path("dangling"))
        mkfifo(folder.path("fifo"), 0o600)
        mkdir(folder.path("folder"), 0o700)
        for name in ["link", "dangling", "fifo", "folder"] {
            let error = #expect(throws: OutputError.self, "\(name)") { try SequentialFile.opening(folder.path(name)) }
            #expect(error?.kind == .cannotCreate, "\(name)")
            #expect(throws: OutputError.self, "\(name)") { try SequentialFile.creating(folder.path(name), content: "") }
        }
        #expect(try folder.text("target") == "precious")
    }

    /// A lock on a file that has lost its name is none: the file of that name is another's.
    @Test func anotherFileOfTheNameIsLeftAlone() throws {
        let path = folder.path("log")
        let file = try SequentialFile.creating(path, content: "mine")
        #expect(file.hasItsName)
        unlink(path)
        #expect(!file.hasItsName)
        try folder.write("another's", to: "log")
        #expect(!file.hasItsName)
        file.unlink()
        #expect(try folder.text("log") == "another's")
    }
}

/// A folder of a test's own, removed with it.
final class TestFolder {
    private let base: String

    init() throws {
        base = FileManager.default.temporaryDirectory.appending(path: "fourthroot-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: base) }

    func path(_ name: String) -> String { "\(base)/\(name)" }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: base).sorted() } }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path(name))) }
}
