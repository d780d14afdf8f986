import Files
import Foundation
import HDF5Store
import MatrixCore
import Testing

@testable import Training

/// The dump of a training: what lies on the disk after a kill at any moment, and what a resumed run makes of it.
@Suite final class DumpFileTests {
    private let folder = NSTemporaryDirectory() + "/fourthroot-dump-\(UUID().uuidString)"
    private var path: String { folder + "/d.h5" }
    private let attributes: [String: AttributeValue] = ["format": .string("fourthroot"), "configuration": .string("{}")]

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private var names: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() }
    }

    private func matrix(_ step: Int) -> Matrix<Float> { Matrix(rows: 3, columns: 3, repeating: Float(step)) }

    private func begin() throws -> DumpFile {
        try DumpFile(path: path, folder: FolderClaim(DumpFile.folder(of: path)), attributes: attributes)
    }

    private func append(_ step: Int, to dump: DumpFile) throws {
        try dump.append(step: step) { try $0.write(matrix(step), to: "\($1)/m", storage: .compressed) }
    }

    /// The steps of a dump that is one file.
    private func expectSteps(_ steps: [Int], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = try HDF5File.open(path)
        #expect(try file.attributes() == Attributes(attributes), sourceLocation: sourceLocation)
        let names = steps.map { String(format: "steps/%08d/m", $0) }
        #expect(try file.datasets().map(\.name) == names, sourceLocation: sourceLocation)
        for (step, name) in zip(steps, names) {
            #expect(try file.readRowsAsColumns(name, as: Float.self).transposed == matrix(step), sourceLocation: sourceLocation)
        }
        #expect(try self.names == ["d.h5"], sourceLocation: sourceLocation)
    }

    @Test func legsBecomeOneFile() throws {
        for leg in 0..<3 {
            let dump = try begin()
            // The last step of the leg before is there already.
            for step in leg * 2 + 1...leg * 2 + 3 { try append(step, to: dump) }
            #expect(try names.contains("d.h5.steps/0000000\(leg * 2 + 3).h5"))
            try dump.join()
        }
        try expectSteps(Array(1...7))
        // Nothing to add, nothing to make anew.
        let before = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        try begin().join()
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == before)
        try expectSteps(Array(1...7))
    }

    @Test func aDumpWithoutStepsIsOneFileToo() throws {
        try begin().join()
        try expectSteps([])
    }

    /// Killed with the step's file there and its link not.
    @Test func aStepWithoutALinkIsFound() throws {
        do {
            let dump = try begin()
            try append(1, to: dump)
            let links = try Data(contentsOf: URL(fileURLWithPath: path))
            try append(2, to: dump)
            try links.write(to: URL(fileURLWithPath: path))
        }
        try begin().join()
        try expectSteps([1, 2])
    }

    /// Killed with the joined file there and its parts too; then again while the next leg begins.
    @Test(arguments: [true, false]) func partsThatAreJoinedAreRemoved(addsMore: Bool) throws {
        do {
            let dump = try begin()
            try append(1, to: dump)
            try append(2, to: dump)
        }
        let parts = DumpFile.folder(of: path)
        try FileManager.default.copyItem(atPath: parts, toPath: folder + "/copy")
        try begin().join()
        try FileManager.default.moveItem(atPath: folder + "/copy", toPath: parts)
        try Data("half".utf8).write(to: URL(fileURLWithPath: parts + "/joined.h5"))
        if addsMore {
            let joined = try Data(contentsOf: URL(fileURLWithPath: path))
            do { try append(3, to: begin()) }
            try joined.write(to: URL(fileURLWithPath: path))
        }
        try begin().join()
        try expectSteps(addsMore ? [1, 2, 3] : [1, 2])
    }

    @Test func aStepThatFailsCanBeTriedAgain() throws {
        struct Interruption: Error {}
        let dump = try begin()
        try append(1, to: dump)
        let before = try names
        #expect(throws: Interruption.self) {
            try dump.append(step: 2) { writer, group in
                try writer.write(matrix(9), to: "\(group)/m")
                throw Interruption()
            }
        }
        #expect(try names == before)
        try append(2, to: dump)
        try dump.join()
        try expectSteps([1, 2])
    }

    @Test func partsOfAnotherRunAreRefused() throws {
        do { try append(1, to: begin()) }
        try FileManager.default.removeItem(atPath: path)
        let claim = try FolderClaim(DumpFile.folder(of: path))
        let error = #expect(throws: DumpError.self) {
            try DumpFile(path: path, folder: claim, attributes: ["configuration": .string("{\"seed\":\"2\"}")])
        }
        #expect(error?.problem.contains("another run") == true)
        try DumpFile.remove(path, folder: claim)
        claim.removeEmpty()
        #expect(try names == [])
    }

    /// What a symbolic link leads to may hold another's steps, which a new dump would remove.
    @Test func aLinkedFolderIsRefused() throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/other", withIntermediateDirectories: false)
        try "precious".write(toFile: "\(folder)/other/00000005.h5", atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: DumpFile.folder(of: path), withDestinationPath: "other")
        #expect(throws: OutputError.self) { try PreconditionerDump(path: path, parameters: { _ in true }) }
        #expect(try String(contentsOfFile: "\(folder)/other/00000005.h5", encoding: .utf8) == "precious")
    }

    @Test func oneRunAtATime() throws {
        let dump = try begin()
        let error = #expect(throws: OutputError.self) { try begin() }
        #expect(error?.kind == .cannotCreate && error?.problem.contains("another run") == true)
        try dump.join()
        try begin().join()
    }
}
