import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

@Suite struct AppendingTests {
    private func step(_ number: Int) -> Matrix<Float> { .random(rows: 40, columns: 40, seed: UInt64(number)) }

    /// A copy made while the next step is being written is what a killed process would leave.
    @Test func everyFinishedStepSurvives() throws {
        try withTemporaryFolder { folder in
            let (path, copy) = (folder.appendingPathComponent("x.h5"), folder.appendingPathComponent("copy.h5"))
            for number in 0..<30 {
                // Every tenth step by a new appender, as a resumed run has it.
                let appender = try HDF5Appender(path: path.path)
                try appender.append { writer in
                    try writer.write(step(number), to: "steps/\(number)/statistic", storage: .compressed)
                    try writer.setAttribute("step", to: .integer(number), of: "steps/\(number)")
                    try? FileManager.default.removeItem(at: copy)
                    try FileManager.default.copyItem(at: path, to: copy)
                }
                let killed = try HDF5File.open(copy.path)
                #expect(try killed.datasets().count == number)
                for finished in 0..<number {
                    #expect(try killed.readMatrix("steps/\(finished)/statistic", as: Float.self) == step(finished))
                }
                #expect(try HDF5File.open(path.path).attribute("step", of: "steps/\(number)") == .integer(number))
            }
            #expect(try HDF5Probe.examine(path.path) == [])
        }
    }

    @Test(.enabled(if: H5PY.isInstalled, H5PY.missing))
    func h5pyReadsBetweenSteps() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("x.h5").path
            let appender = try HDF5Appender(path: path)
            for number in 0..<2 {
                try appender.append { try $0.write(step(number), to: "steps/\(number)", storage: .compressed) }
                let printed = try H5PY.run(
                    "f = h5py.File(sys.argv[1]); print(len(f['steps']), repr(float(f['steps/0'][1, 2])))", [path])
                #expect(printed == "\(number + 1) \(Double(step(0)[1, 2]))\n")
            }
        }
    }

    @Test func aFailedStepLeavesTheFileAsItWas() throws {
        struct Interruption: Error {}
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("x.h5")
            let appender = try HDF5Appender(path: path.path)
            try appender.append { try $0.write(step(0), to: "steps/0") }
            let before = try sizeOf(path)
            #expect(throws: Interruption.self) {
                try appender.append { writer in
                    try writer.write(
                        Matrix<Float>.random(rows: 400, columns: 400, seed: 9), to: "steps/1", storage: .compressed)
                    try writer.setAttribute("x", to: .integer(1), of: "steps/0")
                    throw Interruption()
                }
            }
            // The flag of a file open for writing, in the superblock, is all that may differ.
            #expect(try sizeOf(path) == before)
            #expect(try HDF5File.open(path.path).attributes(of: "steps/0") == [:])
            #expect(try HDF5File.open(path.path).readMatrix("steps/0", as: Float.self) == step(0))
            #expect(try HDF5Probe.examine(path.path) == [])
            try appender.append { try $0.write(step(2), to: "steps/2") }
            #expect(try HDF5File.open(path.path).datasets().map(\.name) == ["steps/0", "steps/2"])
        }
    }

    private func sizeOf(_ path: URL) throws -> Int { try Data(contentsOf: path).count }

    @Test func onlyHDF5FilesAreExtended() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("x")
            try Data("text".utf8).write(to: path)
            #expect(#expect(throws: HDF5Error.self) { try HDF5Appender(path: path.path) }?.kind == .notHDF5)
            let absent = folder.appendingPathComponent("a/b").path
            #expect(#expect(throws: HDF5Error.self) { try HDF5Appender(path: absent) }?.kind == .cannotCreate)
        }
    }
}
