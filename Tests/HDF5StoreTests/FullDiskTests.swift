import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// A file system of one mebibyte in memory, where this process may mount one.
private enum SmallDisk {
    static let canMount: Bool = (try? with { _ in }) != nil

    static func with(_ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let options = ["-t", "tmpfs", "-o", "size=1m", "fourthroot-test", folder.path]
            guard try status("mount", options) == 0 else { throw CocoaError(.featureUnsupported) }
            defer { _ = try? status("umount", ["-l", folder.path]) }
            try body(folder)
        }
    }

    private static func status(_ command: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

@Suite(.serialized, .enabled(if: SmallDisk.canMount, "mounting a small file system is not permitted here"))
struct FullDiskTests {
    /// Too large at once, and small pieces of which one meets the end, contiguous and from the cache of chunks.
    @Test(arguments: [1, 60], [DatasetStorage.contiguous, .compressed])
    func writingFailsAndLeavesNothing(pieces: Int, storage: DatasetStorage) throws {
        try SmallDisk.with { folder in
            let path = folder.appendingPathComponent("x.h5").path
            let order = pieces == 1 ? 600 : 80
            let error = #expect(throws: HDF5Error.self) {
                try HDF5File.create(at: path, overwriting: false) { writer in
                    for piece in 0..<pieces {
                        try writer.write(
                            Matrix<Double>.random(rows: order, columns: order, seed: UInt64(piece)), to: "\(piece)",
                            storage: storage)
                    }
                }
            }
            #expect(error?.kind == .writeFailed)
            #expect(error?.cause?.contains("No space left") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
            // The space is free again, and the library usable.
            try HDF5File.create(at: path, overwriting: false) {
                try $0.write(Matrix<Double>.random(rows: 300, columns: 300, seed: 1), to: "m")
            }
            #expect(try HDF5File.open(path).readRowsAsColumns("m").transposed == .random(rows: 300, columns: 300, seed: 1))
        }
    }

    /// Thousands of empty groups are metadata alone, which HDF5 writes only on flushing.
    @Test func metadataMeetTheEndToo() throws {
        try SmallDisk.with { folder in
            let path = folder.appendingPathComponent("x.h5").path
            let error = #expect(throws: HDF5Error.self) {
                try HDF5File.create(at: path, overwriting: false) { writer in
                    for number in 0..<20000 { try writer.createGroup("group \(number)") }
                }
            }
            #expect(error?.kind == .writeFailed)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left == [])
        }
    }
}
