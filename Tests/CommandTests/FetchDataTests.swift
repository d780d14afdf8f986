import Foundation
import Testing

/// scripts/fetch-data against a server of the test's own on 127.0.0.1.
@Suite(.enabled(if: FileServer.isPossible, "needs bash, curl, python3 and tar"))
struct FetchDataTests {
    private let folder: TemporaryFolder
    private let server: FileServer

    init() throws {
        folder = try TemporaryFolder()
        server = try FileServer()
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("scripts/fetch-data").path

    /// Fetches from the test's server, with the checksums in `sums`.
    private func fetch(
        _ name: String, to target: String = "out", from: String? = nil, sums: String = "sums"
    ) throws -> ProgramRun {
        try run([name, target, "--from", from ?? server.address, "--checksums", sums])
    }

    private func run(_ arguments: [String]) throws -> ProgramRun {
        // A proxy must not be asked for 127.0.0.1.
        try folder.runOther(["no_proxy=127.0.0.1", "bash", FetchDataTests.script] + arguments)
    }

    /// An archive of made-up CIFAR-10 files on the server; its checksum by `tool` in `sums`.
    private func publishCIFAR10(_ tool: String = "md5sum", leavingOut absent: String = "") throws {
        let source = "\(server.folder)/cifar-10-batches-bin"
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        for number in 1...5 {
            try Data("training \(number)".utf8).write(to: URL(fileURLWithPath: "\(source)/data_batch_\(number).bin"))
        }
        // Enough that an interruption leaves a good part, and not compressible.
        let noise = Data((0..<200_000).map { _ in UInt8.random(in: 0...255) })
        try noise.write(to: URL(fileURLWithPath: "\(source)/test_batch.bin"))
        let archive = "\(server.folder)/cifar-10-binary.tar.gz"
        let archived = try folder.runOther(
            ["tar", "-czf", archive, "--exclude=\(absent)", "-C", server.folder, "cifar-10-batches-bin"])
        try #require(archived.status == 0, "\(archived)")
        try writeSums("cifar-10-binary.tar.gz", tool)
    }

    private func writeSums(_ file: String, _ tool: String) throws {
        let sums = try folder.runOther(["sh", "-c", "cd '\(server.folder)' && \(tool) '\(file)'"])
        try folder.write(sums.standardOutput, to: "sums")
    }

    @Test(arguments: ["md5sum", "sha256sum", "md5sum --binary"]) func archive(_ tool: String) throws {
        try publishCIFAR10(tool)
        let run = try fetch("cifar10")
        #expect(run.status == 0, "\(run)")
        #expect(run.standardOutput == "" && run.standardError.contains("out is complete"))
        #expect(try folder.names == ["out", "sums"])
        #expect(try folder.text("out/data_batch_3.bin") == "training 3")
        #expect(
            try folder.data("out/test_batch.bin")
                == Data(contentsOf: URL(fileURLWithPath: "\(server.folder)/cifar-10-batches-bin/test_batch.bin")))
    }

    /// Folders of a zip archive; what else is in it stays there, and a path that leads elsewhere is refused.
    @Test func zipArchive() throws {
        let write = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w") as archive:
                for name in sys.argv[2:]: archive.writestr("tiny-imagenet-200/" + name, name)
            """
        func publish(_ names: [String]) throws {
            let archive = "\(server.folder)/tiny-imagenet-200.zip"
            try #require(try folder.runOther(["python3", "-c", write, archive] + names).status == 0)
            try writeSums("tiny-imagenet-200.zip", "md5sum")
        }
        let names = ["train/n1/images/a.JPEG", "val/val_annotations.txt", "wnids.txt", "words.txt"]
        try publish(names + ["test/images/t.JPEG"])
        let run = try fetch("tiny-imagenet")
        #expect(run.status == 0, "\(run)")
        for name in names { #expect(try folder.text("out/\(name)") == name) }
        #expect(!folder.contains("out/test"))
        try publish(names + ["train/../../../x"])
        #expect(try fetch("tiny-imagenet", to: "other").status == 65)
        #expect(try folder.names == ["out", "sums"])
    }

    @Test func severalFiles() throws {
        let names = ["train", "t10k"].flatMap { ["\($0)-images-idx3-ubyte.gz", "\($0)-labels-idx1-ubyte.gz"] }
        var sums = ""
        for name in names {
            try Data(name.utf8).write(to: URL(fileURLWithPath: "\(server.folder)/\(name)"))
            sums += try folder.runOther(["sh", "-c", "cd '\(server.folder)' && md5sum \(name)"]).standardOutput
        }
        try folder.write(sums, to: "sums")
        #expect(try fetch("mnist", to: "a/b").status == 0)
        #expect(try folder.text("a/b/t10k-labels-idx1-ubyte.gz") == "t10k-labels-idx1-ubyte.gz")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("a")) == ["b"])
    }

    /// The second run asks nobody; a changed file is reported and left alone.
    @Test func twice() throws {
        try publishCIFAR10()
        #expect(try fetch("cifar10").status == 0)
        let requests = try server.requests
        #expect(try fetch("cifar10").status == 0)
        #expect(try server.requests == requests)
        try folder.write("changed", to: "out/data_batch_1.bin")
        let run = try fetch("cifar10")
        #expect(run.status == 65 && run.standardError.contains("have changed"), "\(run)")
        #expect(try folder.text("out/data_batch_1.bin") == "changed")
    }

    /// The published checksums hold where none are given: a made-up file is refused, and nothing stays.
    @Test(arguments: [("cifar10", "cifar-10-binary.tar.gz"), ("tinyshakespeare", "input.txt")])
    func whatIsNotThePublishedFile(name: String, file: String) throws {
        try Data("made up".utf8).write(to: URL(fileURLWithPath: "\(server.folder)/\(file)"))
        let run = try run([name, "out", "--from", server.address])
        #expect(run.status == 65, "\(run)")
        #expect(run.standardError.contains("\(server.address)/\(file)") && run.standardError.contains("checksum"))
        #expect(try folder.names == [])
    }

    /// The connection breaks in the middle: no folder, and the next run asks for the rest only.
    @Test func interruptedDownloadsGoOn() throws {
        try publishCIFAR10()
        try server.breakOff(after: 100_000)
        let run = try fetch("cifar10")
        #expect(run.status == 69 && run.standardError.contains("no download"), "\(run)")
        #expect(try folder.names == ["out.partial", "sums"])
        #expect(try folder.data("out.partial/cifar-10-binary.tar.gz").count == 100_000)
        try server.serveWhole()
        #expect(try fetch("cifar10").status == 0)
        #expect(try server.requests.last == "/cifar-10-binary.tar.gz bytes=100000-")
        #expect(try folder.names == ["out", "sums"])
    }

    /// Bytes of another version, and a file that is already longer than the published one.
    @Test(arguments: [1000, 900_000]) func leftoversThatDoNotFitAreFetchedAnew(count: Int) throws {
        try publishCIFAR10()
        try FileManager.default.createDirectory(atPath: folder.path("out.partial"), withIntermediateDirectories: false)
        try folder.write(Data(repeating: 7, count: count), to: "out.partial/cifar-10-binary.tar.gz")
        let run = try fetch("cifar10")
        #expect(run.status == 0, "\(run)")
        #expect(try server.requests.last == "/cifar-10-binary.tar.gz whole")
        #expect(try folder.names == ["out", "sums"])
    }

    /// What python3 -m http.server and others do: the whole file, whatever is asked.
    @Test func serversWithoutRanges() throws {
        try publishCIFAR10()
        try server.breakOff(after: 100_000)
        #expect(try fetch("cifar10").status == 69)
        try server.serveWhole()
        try server.ignoreRanges()
        let run = try fetch("cifar10")
        #expect(run.status == 0, "\(run)")
        #expect(
            try server.requests.suffix(2)
                == ["/cifar-10-binary.tar.gz bytes=100000-", "/cifar-10-binary.tar.gz whole"])
        #expect(try folder.names == ["out", "sums"])
    }

    @Test func noDownload() throws {
        try publishCIFAR10()
        let absent = try fetch("cifar10", from: server.address + "/absent")
        #expect(absent.status == 69 && absent.standardError.contains("/absent/cifar-10-binary.tar.gz"), "\(absent)")
        server.stop()
        let refused = try fetch("cifar10")
        #expect(refused.status == 69, "\(refused)")
        #expect(try folder.names == ["sums"])
    }

    @Test func wrongContents() throws {
        try publishCIFAR10(leavingOut: "data_batch_4.bin")
        let incomplete = try fetch("cifar10")
        #expect(incomplete.status == 65 && incomplete.standardError.contains("no data_batch_4.bin"), "\(incomplete)")
        try Data("no archive".utf8).write(to: URL(fileURLWithPath: "\(server.folder)/cifar-10-binary.tar.gz"))
        try writeSums("cifar-10-binary.tar.gz", "md5sum")
        let damaged = try fetch("cifar10")
        #expect(damaged.status == 65 && damaged.standardError.contains("no archive"), "\(damaged)")
        #expect(try folder.names == ["sums"])
    }

    /// Only the wanted members are read from an archive, whatever paths and links it holds beside them.
    @Test(arguments: ["absolute", "parent", "record", "folder"]) func hostileArchive(_ kind: String) throws {
        try folder.write("precious", to: "target")
        try publishHostile(kind)
        #expect(try fetch("cifar10", to: "data/out").status == 0)
        #expect(try folder.text("data/out/data_batch_1.bin") == "wanted")
        #expect(try folder.names == ["data", "sums", "target"] && folder.text("target") == "precious")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("data")) == ["out"])
    }

    @Test(arguments: ["symbolic", "hard", "pipe"]) func hostileMember(_ kind: String) throws {
        try folder.write("precious", to: "target")
        try publishHostile(kind)
        let run = try fetch("cifar10")
        #expect(run.status == 65 && run.standardError.contains("data_batch_1.bin"), "\(run)")
        #expect(try folder.names == ["sums", "target"] && folder.text("target") == "precious")
    }

    /// An archive with one member that tar must not be trusted with, made by Python's tarfile, which writes any member.
    private func publishHostile(_ kind: String) throws {
        let program = """
            import io, sys, tarfile
            archive, kind, outside = sys.argv[1:]
            def add(name, type=tarfile.REGTYPE, link=""):
                member = tarfile.TarInfo(name)
                member.type, member.linkname, member.size = type, link, 6 if type == tarfile.REGTYPE else 0
                tar.addfile(member, io.BytesIO(b"wanted"))
            first = "c/data_batch_1.bin"
            with tarfile.open(archive, "w:gz") as tar:
                if kind == "absolute": add("//x/" + outside + "/escaped")
                if kind == "parent": add("c/../../escaped"); add("../escaped")
                if kind == "record": add("c/SHA256SUMS", tarfile.SYMTYPE, outside + "/target")
                if kind == "folder": add("c/link", tarfile.SYMTYPE, outside); add("c/link/escaped")
                if kind == "symbolic": add(first, tarfile.SYMTYPE, outside + "/target")
                if kind == "hard": add(first, tarfile.LNKTYPE, outside + "/target")
                if kind == "pipe": add(first, tarfile.FIFOTYPE)
                for name in [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]: add("c/" + name)
            """
        let archive = "\(server.folder)/cifar-10-binary.tar.gz"
        let made = try folder.runOther(["python3", "-c", program, archive, kind, folder.path])
        try #require(made.status == 0, "\(made)")
        try writeSums("cifar-10-binary.tar.gz", "sha256sum")
    }

    /// A folder of the partial's name that is not from this program is left as it is.
    @Test func partialFolderThatIsTaken() throws {
        try publishCIFAR10()
        try FileManager.default.createDirectory(atPath: folder.path("out.partial/contents"), withIntermediateDirectories: true)
        for mine in ["out.partial/notes", "out.partial/contents/notes"] {
            try folder.write("mine", to: mine)
            let run = try fetch("cifar10")
            #expect(run.status == 73 && run.standardError.contains("out.partial"), "\(run)")
            #expect(try folder.text(mine) == "mine")
            try folder.remove(mine)
        }
        symlink(folder.path("sums"), folder.path("out.partial/cifar-10-binary.tar.gz"))
        let sums = try folder.text("sums")
        #expect(try fetch("cifar10").status == 73)
        #expect(try folder.text("sums") == sums)
    }

    @Test func foldersThatAreTaken() throws {
        try publishCIFAR10()
        try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
        #expect(try fetch("cifar10").status == 0)
        #expect(folder.contains("out/data_batch_1.bin"))
        try folder.write("mine", to: "file")
        try FileManager.default.createDirectory(atPath: folder.path("full"), withIntermediateDirectories: false)
        try folder.write("mine", to: "full/file")
        for target in ["file", "full", "file/below"] {
            let run = try fetch("cifar10", to: target)
            #expect(run.status == 73 && run.standardError.contains(target), "\(run)")
        }
        #expect(try folder.names == ["file", "full", "out", "sums"])
        #expect(try folder.text("full/file") == "mine")
    }

    @Test func wrongUsage() throws {
        try folder.write("not a checksum\n", to: "sums")
        try folder.write("", to: "empty")
        for (arguments, status, word) in [
            ([], 64, "NAME"), (["imagenet"], 64, "imagenet"), (["mnist", "a", "b"], 64, "FOLDER"),
            (["mnist", "--form", "x"], 64, "--form"), (["mnist", "--from"], 64, "--from"), (["mnist", "/"], 73, "/"),
            (["mnist", "a", "--checksums", "absent"], 66, "absent"), (["mnist", "a", "--checksums", "."], 66, "."),
            (["mnist", "a", "--checksums", "sums"], 65, "not a checksum"),
            (["mnist", "a", "--checksums", "empty"], 65, "empty"),
        ] as [([String], Int32, String)] {
            let run = try run(arguments)
            #expect(run.status == status && run.standardError.contains(word), "\(arguments): \(run)")
            #expect(try folder.names == ["empty", "sums"], "\(arguments)")
        }
    }
}

/// A server of a folder that answers ranges, writes down what it is asked, and breaks off where it is told to.
private final class FileServer {
    let folder: String
    let address: String
    private let process: pid_t
    private let base: TemporaryFolder
    private var isRunning = true

    static let isPossible = ["bash", "curl", "python3", "tar"].allSatisfy { program in
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            access("\($0)/\(program)", X_OK) == 0
        }
    }

    private static let program = """
        import http.server, os, re, signal
        signal.alarm(300)
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.headers.get("Range")
                with open("../requests", "a") as log: log.write(f"{self.path} {asked or 'whole'}\\n")
                if os.path.exists("../whole"): asked = None
                path = self.path.lstrip("/")
                if not os.path.isfile(path): return self.send_error(404)
                with open(path, "rb") as file: content = file.read()
                start = int(re.match("bytes=([0-9]+)-$", asked)[1]) if asked else 0
                if asked and start >= len(content): return self.send_error(416)
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", len(content) - start)
                if asked: self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.end_headers()
                with open("../limit") as limit: self.wfile.write(content[start:][:int(limit.read())])
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        with open("../port.new", "w") as port: port.write(str(server.server_address[1]))
        os.rename("../port.new", "../port")
        server.serve_forever()
        """

    init() throws {
        base = try TemporaryFolder()
        folder = base.path("served")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try base.write("", to: "requests")
        try base.write("999999999", to: "limit")
        // By a shell that ends: the folder starts processes only while no other test has an HDF5 file open.
        let shell = try base.runOther(
            ["sh", "-c", "cd served || exit; python3 -c \"$0\" >/dev/null 2>&1 & echo $!", FileServer.program])
        process = try #require(pid_t(shell.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)), "\(shell)")
        let end = ContinuousClock.now + .seconds(20)
        while !base.contains("port") && ContinuousClock.now < end { usleep(5000) }
        address = try "http://127.0.0.1:" + base.text("port")
    }

    deinit { stop() }

    func stop() {
        guard isRunning else { return }
        isRunning = false
        kill(process, SIGKILL)
    }

    func breakOff(after bytes: Int) throws { try base.write("\(bytes)", to: "limit") }
    func ignoreRanges() throws { try base.write("", to: "whole") }
    func serveWhole() throws { try base.write("999999999", to: "limit") }

    /// `PATH RANGE` of every request so far.
    var requests: [String] { get throws { try base.text("requests").split(separator: "\n").map(String.init) } }
}
