import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

@Suite struct WritingTests {
    private static let forms: [(name: String, storage: DatasetStorage)] = [
        ("contiguous", .contiguous), ("compressed", .compressed),
        ("checked", DatasetStorage(deflateLevel: 9, shuffle: true, chunk: [7, 3])),
    ]

    private func writeSample(_ path: String) throws {
        try HDF5File.create(at: path, overwriting: true) { writer in
            for (name, storage) in Self.forms {
                try writer.write(Matrix<Double>.random(rows: 9, columns: 4, seed: 1), to: "double/\(name)", storage: storage)
                try writer.write(Matrix<Float>.random(rows: 300, columns: 301, seed: 2), to: "float/\(name)", storage: storage)
                let bytes = NumericArray(shape: [7, 3, 1], values: (0..<21).map { UInt8($0) })
                if name != "checked" { try writer.write(bytes, to: "bytes/\(name)", storage: storage) }
            }
            try writer.write(NumericArray(shape: [], values: [1.5]), to: "scalar", storage: .compressed)
            try writer.write(NumericArray(shape: [0, 3], values: [Float]()), to: "nothing", storage: .compressed)
            try writer.setAttribute("format", to: .string("fourthroot"))
            try writer.setAttribute("format_version", to: .integer(2))
            try writer.setAttribute("format_version", to: .integer(1))
            try writer.setAttribute("empty", to: .string(""), of: "double")
            try writer.setAttribute("damping", to: .number(1e-6), of: "double/contiguous")
            try writer.setAttribute("shape", to: .integers([3, -4]), of: "double/contiguous")
            try writer.setAttribute("values", to: .numbers([]), of: "double/contiguous")
            try writer.setAttribute("names", to: .strings(["ä", ""]), of: "double/contiguous")
        }
    }

    @Test func readsWhatItWrites() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("x.h5").path
            try writeSample(path)
            let file = try HDF5File.open(path)
            for (name, _) in Self.forms {
                #expect(try file.readRowsAsColumns("double/\(name)").transposed == .random(rows: 9, columns: 4, seed: 1))
                #expect(
                    try file.readRowsAsColumns("float/\(name)", as: Float.self).transposed
                        == .random(rows: 300, columns: 301, seed: 2))
            }
            #expect(try file.readBytes("bytes/compressed").values == (0..<21).map { UInt8($0) })
            #expect(try file.readArray("scalar") == NumericArray(shape: [], values: [1.5]))
            #expect(try file.readArray("nothing") == NumericArray(shape: [0, 3], values: []))
            #expect(try file.attributes() == ["format": .string("fourthroot"), "format_version": .integer(1)])
            #expect(try file.attributes(of: "double") == ["empty": .string("")])
            #expect(
                try file.attributes(of: "double/contiguous") == [
                    "damping": .number(1e-6), "shape": .integers([3, -4]), "values": .numbers([]),
                    "names": .strings(["ä", ""]),
                ])
            let compressed = try file.description(of: "float/compressed")
            #expect(compressed.filters == ["shuffle", "deflate(4)"])
            #expect(compressed.layout == .chunked([217, 301]))
        }
    }

    /// numpy computes the same matrices from the definition of the generator's output that is read back as text.
    @Test(.enabled(if: H5PY.isInstalled, H5PY.missing))
    func h5pyReadsWhatIsWritten() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("x.h5").path
            try writeSample(path)
            let matrix = Matrix<Double>.random(rows: 9, columns: 4, seed: 1)
            let text = (0..<9).map { i in (0..<4).map { j in "\(matrix[i, j])" }.joined(separator: ",") }
            try H5PY.run(
                """
                f = h5py.File(sys.argv[1])
                a = np.array([[float(x) for x in row.split(',')] for row in sys.argv[2].split(';')])
                for name in ('contiguous', 'compressed', 'checked'):
                    d = f['double/' + name]
                    assert d.dtype == '<f8' and d.shape == (9, 4) and (d[:] == a).all(), name
                    assert f['float/' + name].dtype == '<f4' and f['float/' + name].shape == (300, 301)
                assert f['double/checked'].chunks == (7, 3)
                assert f['double/checked'].shuffle and f['double/checked'].compression_opts == 9
                assert (f['bytes/compressed'][:] == np.arange(21, dtype='u1').reshape(7, 3, 1)).all()
                assert f['bytes/compressed'].dtype == 'u1' and f['scalar'][()] == 1.5 and f['nothing'].shape == (0, 3)
                assert dict(f.attrs) == {'format': 'fourthroot', 'format_version': 1}, dict(f.attrs)
                assert f['double'].attrs['empty'] == ''
                d = f['double/contiguous'].attrs
                assert d['damping'] == 1e-6 and list(d['shape']) == [3, -4] and list(d['names']) == ['ä', '']
                assert d['shape'].dtype == 'i8' and d['values'].shape == (0,) and d['values'].dtype == 'f8'
                """, [path, text.joined(separator: ";")])
        }
    }

    @Test func equalCallsGiveEqualFiles() throws {
        try withTemporaryFolder { folder in
            let (first, second) = (folder.appendingPathComponent("1"), folder.appendingPathComponent("2"))
            try writeSample(first.path)
            // HDF5's times have a resolution of a second.
            Thread.sleep(forTimeInterval: 1.1)
            try writeSample(second.path)
            #expect(try Data(contentsOf: first) == Data(contentsOf: second))
        }
    }

    @Test func aFileAppearsWholeOrNotAtAll() throws {
        struct Interruption: Error {}
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("x.h5").path
            #expect(throws: Interruption.self) {
                try HDF5File.create(at: path, overwriting: false) { writer in
                    try writer.write(Matrix<Double>.identity(300), to: "m", storage: .compressed)
                    #expect(!FileManager.default.fileExists(atPath: path))
                    throw Interruption()
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
            try HDF5File.create(at: path, overwriting: false) { try $0.createGroup("first") }
            #expect(throws: Interruption.self) {
                try HDF5File.create(at: path, overwriting: true) { _ in throw Interruption() }
            }
            #expect(try HDF5File.open(path).groups() == ["first"])
            let error = #expect(throws: HDF5Error.self) { try HDF5File.create(at: path, overwriting: false) { _ in } }
            #expect(error?.kind == .cannotCreate)
            try HDF5File.create(at: path, overwriting: true) { try $0.createGroup("second") }
            #expect(try HDF5File.open(path).groups() == ["second"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.h5"])
        }
    }

    @Test func outputsThatCannotBe() throws {
        try withTemporaryFolder { folder in
            for path in [folder.path, folder.path + "/absent/x.h5", "/dev/null", "/proc/x.h5"] {
                let error = #expect(throws: HDF5Error.self) { try HDF5File.create(at: path, overwriting: true) { _ in } }
                #expect(error?.kind == .cannotCreate, "\(path)")
            }
            let path = folder.appendingPathComponent("x.h5").path
            try HDF5File.create(at: path, overwriting: false) { writer in
                let one = NumericArray(shape: [1], values: [1.0])
                try writer.write(one, to: "a/b")
                for name in ["a/b", "a", "a/b/c", "", "/"] {
                    let error = #expect(throws: HDF5Error.self) { try writer.write(one, to: name) }
                    #expect(error?.kind == .writeFailed, "\(name)")
                }
                let error = #expect(throws: HDF5Error.self) { try writer.setAttribute("x", to: .integer(1), of: "absent") }
                #expect(error?.kind == .writeFailed)
            }
            #expect(try HDF5File.open(path).datasets().map(\.name) == ["a/b"])
        }
    }
}
