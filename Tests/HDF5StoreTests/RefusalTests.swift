import Foundation
import HDF5Store
import TestSupport
import Testing

@Suite struct RefusalTests {
    @Test(
        .enabled(if: H5PY.isInstalled, H5PY.missing),
        arguments: [
            ("integer", HDF5Error.Kind.wrongType), ("uint16", .wrongType), ("string", .wrongType),
            ("strings", .wrongType), ("compound", .wrongType), ("boolean", .wrongType), ("complex", .wrongType),
            ("extended", .wrongType), ("group", .wrongType), ("null", .wrongShape), ("scalar", .wrongShape),
            ("vector", .wrongShape), ("cube", .wrongShape), ("order0", .wrongShape),
            ("absent", .noSuchObject), ("lzf", .missingFilter), ("huge", .tooLarge), ("hollow", .unwritten),
            ("unwritten", .unwritten), ("unwritten_chunks", .unwritten), ("checksum", .corrupt),
        ])
    func everySetThatIsNoMatrix(name: String, kind: HDF5Error.Kind) throws {
        let path = try H5PY.fixture("refused.h5")
        let file = try HDF5File.open(path)
        let error = #expect(throws: HDF5Error.self) { try file.readRowsAsColumns(name).transposed }
        #expect(error?.kind == kind)
        #expect(error?.object == name)
        #expect(error?.description.hasPrefix("\(path): \(name): ") == true)
    }

    @Test(.enabled(if: H5PY.isInstalled, H5PY.missing))
    func theCauseIsTheLibrarysOwn() throws {
        let file = try HDF5File.open(H5PY.fixture("refused.h5"))
        let error = #expect(throws: HDF5Error.self) { try file.readRowsAsColumns("checksum").transposed }
        #expect(error?.cause?.contains("Fletcher32") == true)
        // The other sets of a file with a damaged one still read.
        #expect(try file.readArray("vector").values == [1, 1, 1, 1])
    }

    @Test func filesThatCannotBeOpened() throws {
        try withTemporaryFolder { folder in
            func kind(_ name: String) -> HDF5Error.Kind? {
                do { _ = try HDF5File.open(folder.appendingPathComponent(name).path) } catch {
                    return (error as? HDF5Error)?.kind
                }
                return nil
            }
            try Data().write(to: folder.appendingPathComponent("empty"))
            try Data("a,b\n1,2\n".utf8).write(to: folder.appendingPathComponent("text"))
            try Data("\u{89}HDF".utf8).write(to: folder.appendingPathComponent("short"))
            let whole = folder.appendingPathComponent("whole")
            try HDF5File.create(at: whole.path, overwriting: false) {
                try $0.write(NumericArray(shape: [1000], values: [Double](repeating: 1, count: 1000)), to: "x")
            }
            try Data(contentsOf: whole).dropLast(100).write(to: folder.appendingPathComponent("truncated"))
            try #require(mkfifo(folder.appendingPathComponent("pipe").path, 0o600) == 0)
            #expect(kind("absent") == .notFound)
            #expect(kind("whole/below") == .notFound)
            #expect(kind(".") == .unreadable)
            #expect(kind("pipe") == .unreadable)
            #expect(kind("empty") == .notHDF5)
            #expect(kind("text") == .notHDF5)
            #expect(kind("short") == .notHDF5)
            #expect(kind("truncated") == .corrupt)
            #expect(kind("whole") == nil)
        }
    }

    @Test(.enabled(if: unreadableFile != nil, "needs a file that not even root may read"))
    func filesWithoutPermission() throws {
        let file = try #require(unreadableFile)
        let error = #expect(throws: HDF5Error.self) { try HDF5File.open(file) }
        #expect(error?.kind == .unreadable)
    }
}
