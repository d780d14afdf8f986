import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

@Suite struct DamageTests {
    /// Damaged at random, every file reads or throws; in a child process, so that a crash is a failure of this test
    /// and not the end of the suite. Seeds and counts are fixed.
    @Test func damagedFilesReadOrThrow() async throws {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let own = folder.appendingPathComponent("own.h5")
                try HDF5File.create(at: own.path, overwriting: false) { writer in
                    try writer.write(Matrix<Double>.random(rows: 12, columns: 12, seed: 1), to: "a/b", storage: .compressed)
                    try writer.write(Matrix<Float>.random(rows: 5, columns: 5, seed: 1), to: "c")
                    for number in 0..<12 { try writer.createGroup("many/\(number)") }
                    try writer.setAttribute("format", to: .string("fourthroot"))
                    try writer.setAttribute("shape", to: .integers([1, 2]), of: "a/b")
                }
                try damage(own, seed: 1, count: 400, in: folder)
            }
        }
    }

    @Test(.enabled(if: H5PY.isInstalled, H5PY.missing))
    func damagedFilesOfH5pyReadOrThrow() async throws {
        let folder = try H5PY.fixtures.get().path
        await #expect(processExitsWith: .success) { [folder = folder as String] in
            let source = URL(fileURLWithPath: folder)
            try withTemporaryFolder { folder in
                try damage(source.appendingPathComponent("old.h5"), seed: 2, count: 400, in: folder)
                try damage(source.appendingPathComponent("new.h5"), seed: 3, count: 400, in: folder)
            }
        }
    }

    /// A text in the global heap that HDF5 1.10 reads through a null pointer, and one on which it loops for ever.
    @Test(.enabled(if: H5PY.isInstalled, H5PY.missing), arguments: [0x10, 0x18])
    func damagedTextsAreErrors(offset: Int) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: H5PY.fixture("old.h5"))))
        let heap = try #require(Data(bytes).range(of: Data("GCOL".utf8))).lowerBound
        try withTemporaryFolder { folder in
            var damaged = bytes
            for position in heap + offset..<heap + offset + 8 { damaged[position] = 0 }
            let path = folder.appendingPathComponent("x.h5")
            try Data(damaged).write(to: path)
            let file = try HDF5File.open(path.path)
            #expect(#expect(throws: HDF5Error.self) { try file.attributes() }?.kind == .corrupt)
            #expect(try file.readRowsAsColumns("plain").transposed.rows == 4)
            #expect(try HDF5Probe.examine(path.path).isEmpty == false)
        }
    }

    @Test func aChildThatDiesIsADamagedFile() throws {
        let shell = URL(fileURLWithPath: "/bin/sh")
        func kind(_ script: String, timeout: Double = 20) -> HDF5Error.Kind? {
            do {
                try HDF5Probe.examineInChild("x.h5", executable: shell, arguments: ["-c", script], timeout: timeout)
            } catch {
                return (error as? HDF5Error)?.kind
            }
            return nil
        }
        // The shell's $0 is the first argument after its script, hence the path.
        #expect(kind("test $0 = x.h5") == nil)
        #expect(kind("exit 65") == nil)
        #expect(kind("kill -SEGV $$") == .corrupt)
        #expect(kind("kill -BUS $$") == .corrupt)
        #expect(kind("exec sleep 30", timeout: 0.2) == .corrupt)
        #expect(kind("exit 64") == .unreadable)
        let error = #expect(throws: HDF5Error.self) {
            try HDF5Probe.examineInChild(
                "x.h5", executable: URL(fileURLWithPath: "/absent"), arguments: [], timeout: 1)
        }
        #expect(error?.kind == .unreadable)
    }
}

/// Examines `count` damaged versions of a file: truncated, ranges zeroed or set, bytes and bits changed, ranges copied.
private func damage(_ source: URL, seed: UInt64, count: Int, in folder: URL) throws {
    let original = [UInt8](try Data(contentsOf: source))
    var generator = PhiloxGenerator(seed: seed)
    let path = folder.appendingPathComponent("damaged.h5")
    var refused = 0
    for _ in 0..<count {
        try Data(damaged(original, &generator)).write(to: path)
        do {
            if try !HDF5Probe.examine(path.path).isEmpty { refused += 1 }
        } catch is HDF5Error {
            refused += 1
        }
    }
    // Damage that nothing notices (padding, data without checksums) is common, damage that is noticed must be too.
    precondition(refused > count / 5, "\(refused) of \(count) damaged files refused")
}

private func damaged(_ original: [UInt8], _ generator: inout PhiloxGenerator) -> [UInt8] {
    var bytes = original
    let start = Int.random(in: 0..<bytes.count, using: &generator)
    let end = min(bytes.count, start + (1 << Int.random(in: 0...9, using: &generator)))
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes.removeLast(bytes.count - start)
    case 1: for position in start..<end { bytes[position] = 0 }
    case 2: for position in start..<min(end, start + 8) { bytes[position] = 0xFF }
    case 3: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 4: for position in start..<min(end, start + 4) { bytes[position] = .random(in: 0...255, using: &generator) }
    default:
        let target = Int.random(in: 0...bytes.count - (end - start), using: &generator)
        bytes.replaceSubrange(target..<target + (end - start), with: original[start..<end])
    }
    return bytes
}
