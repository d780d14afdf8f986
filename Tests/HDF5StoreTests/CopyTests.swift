import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// A file of links to others, and one made of its parts: what a dump is during a training and afterwards.
@Suite struct CopyTests {
    private func step(_ number: Int) -> Matrix<Float> { .random(rows: 70, columns: 70, seed: UInt64(number)) }

    private func writeParts(_ folder: URL) throws {
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("parts"), withIntermediateDirectories: true)
        for number in 1...3 {
            let path = folder.appendingPathComponent("parts/\(number).h5").path
            try HDF5File.create(at: path, overwriting: false) { writer in
                let name = "steps/\(number)/left/statistic"
                try writer.write(step(number), to: name, storage: .compressed)
                // More than go into an object's header by HDF5's own choice, strings among them.
                for index in 0..<20 { try writer.setAttribute("word \(index)", to: .string("é\(index)"), of: name) }
                try writer.setAttribute("shape", to: .integers([70, number]), of: "steps/\(number)")
            }
        }
    }

    /// Copies what is asked for of all parts into one file; returns its path.
    private func join(_ folder: URL, where includes: (String) -> Bool) throws -> String {
        let path = folder.appendingPathComponent("joined.h5").path
        try HDF5File.create(at: path, overwriting: false) { writer in
            for number in 1...3 {
                let part = try HDF5File.open(folder.appendingPathComponent("parts/\(number).h5").path)
                try writer.copyObjects(from: part, where: includes)
            }
        }
        return path
    }

    @Test(.enabled(if: H5PY.isInstalled, H5PY.missing)) func linksLeadToOtherFilesWhereverTheyAreMoved() throws {
        try withTemporaryFolder { folder in
            let (before, after) = (folder.appendingPathComponent("a"), folder.appendingPathComponent("b"))
            try writeParts(before)
            try HDF5File.create(at: before.appendingPathComponent("links.h5").path, overwriting: false) { writer in
                for number in 1...3 { try writer.link("steps/\(number)", toFile: "parts/\(number).h5") }
            }
            try FileManager.default.moveItem(at: before, to: after)
            let printed = try H5PY.run(
                "f = h5py.File(sys.argv[1]); s = f['steps']; "
                    + "print(list(s), [float(s[k]['left/statistic'][3, 5]) for k in s], s['2/left/statistic'].attrs['word 19'])",
                [after.appendingPathComponent("links.h5").path])
            let values = (1...3).map { "\(Double(step($0)[3, 5]))" }.joined(separator: ", ")
            #expect(printed == "['1', '2', '3'] [\(values)] é19\n")
        }
    }

    @Test func copiesAreWhole() throws {
        try withTemporaryFolder { folder in
            try writeParts(folder)
            let path = try join(folder) { _ in true }
            try FileManager.default.removeItem(at: folder.appendingPathComponent("parts"))
            let file = try HDF5File.open(path)
            #expect(try file.datasets().map(\.name) == (1...3).map { "steps/\($0)/left/statistic" })
            for number in 1...3 {
                let name = "steps/\(number)/left/statistic"
                #expect(try file.readRowsAsColumns(name, as: Float.self).transposed == step(number))
                #expect(try file.description(of: name).filters == ["shuffle", "deflate(4)"])
                #expect(try file.attributes(of: name).sorted.count == 20)
                #expect(try file.attribute("word 19", of: name) == .string("é19"))
                #expect(try file.attribute("shape", of: "steps/\(number)") == .integers([70, number]))
            }
            #expect(try HDF5Probe.examine(path) == [])
        }
    }

    @Test func onlyWhatIsAskedForIsCopied() throws {
        try withTemporaryFolder { folder in
            try writeParts(folder)
            let path = try join(folder) { $0.hasPrefix("steps/2") }
            #expect(try HDF5File.open(path).datasets().map(\.name) == ["steps/2/left/statistic"])
        }
    }

    /// Larger than one chunk, and not a multiple of it; a set that is not in chunks is refused.
    @Test func chunksAreCopiedOneByOne() throws {
        try withTemporaryFolder { folder in
            let (first, second) = (folder.appendingPathComponent("a.h5").path, folder.appendingPathComponent("b.h5").path)
            let matrix = Matrix<Double>.random(rows: 37, columns: 53, seed: 1)
            try HDF5File.create(at: first, overwriting: false) { writer in
                try writer.write(matrix, to: "m", storage: DatasetStorage(deflateLevel: 1, chunk: [10, 7]))
                try writer.write(matrix, to: "contiguous")
            }
            let source = try HDF5File.open(first)
            try HDF5File.create(at: second, overwriting: false) { try $0.copyObjects(from: source) { $0 == "m" } }
            #expect(try HDF5File.open(second).readRowsAsColumns("m").transposed == matrix)
            let error = #expect(throws: HDF5Error.self) {
                try HDF5File.create(at: second, overwriting: true) { try $0.copyObjects(from: source) { _ in true } }
            }
            #expect(error?.object == "contiguous" && error?.problem.contains("chunks") == true)
            #expect(try HDF5File.open(second).readRowsAsColumns("m").transposed == matrix)
        }
    }
}
