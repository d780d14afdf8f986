import Foundation
import HDF5Store
import MatrixCore
import Testing

/// a[i, j] = (16 i + j)/8, the matrix of the fixtures.
private func fixtureMatrix<Scalar: MatrixScalar>(rows: Int = 12, columns: Int = 12) -> Matrix<Scalar> {
    var matrix = Matrix<Scalar>(rows: rows, columns: columns)
    for i in 0..<rows {
        for j in 0..<columns { matrix[i, j] = Scalar(16 * i + j) / 8 }
    }
    return matrix
}

@Suite(.enabled(if: H5PY.isInstalled, H5PY.missing))
struct ReadingTests {
    @Test(arguments: [
        "float32", "float64", "float32_big", "float64_big", "float16", "float16_big", "bfloat16", "bfloat16_big",
        "half", "chunked", "gzip", "all_filters", "extendible", "scaleoffset", "compact",
    ])
    func everyFormOfOneMatrix(name: String) throws {
        let file = try HDF5File.open(H5PY.fixture("matrices.h5"))
        let expected: Matrix<Double> = fixtureMatrix()
        #expect(try file.readRowsAsColumns(name).transposed == expected)
        #expect(try file.readRowsAsColumns("/" + name) == expected.transposed)
        #expect(try file.readRowsAsColumns(name, as: Float.self).transposed == fixtureMatrix())
        #expect(try file.readRowsAsColumns(name, as: Float.self) == Matrix<Float>(expected.transposed))
        #expect(try file.description(of: name).elementType.isReadableAsMatrix)
    }

    @Test func otherShapes() throws {
        let file = try HDF5File.open(H5PY.fixture("matrices.h5"))
        #expect(try file.readRowsAsColumns("one").transposed == Matrix(rows: 1, columns: 1, elements: [2.5]))
        #expect(try file.readRowsAsColumns("wide").transposed == fixtureMatrix(rows: 3, columns: 5))
        #expect(try file.readArray("vector") == NumericArray(shape: [3], values: [1, 2.5, -3e300]))
        #expect(try file.readArray("vector", as: Float.self).values == [1, 2.5, -.infinity])
        #expect(try file.readArray("scalar") == NumericArray(shape: [], values: [7.5]))
        #expect(try file.readArray("signed").values == [-5, 0x1p40])
        #expect(try file.readArray("bytes").values == [0, 1, 2, 3, 4, 5])
        #expect(try file.readBytes("bytes") == NumericArray(shape: [2, 3], values: [0, 1, 2, 3, 4, 5]))
    }

    @Test func slabsOfASequence() throws {
        let file = try HDF5File.open(H5PY.fixture("matrices.h5"))
        let rowMajor = fixtureMatrix(rows: 12, columns: 12).transposed.elements as [Float]
        for step in 0..<3 {
            let slab = try file.readSlab("steps", at: step)
            #expect(slab == NumericArray(shape: [12, 12], values: rowMajor.map { $0 + Float(step) }))
        }
        #expect(try file.readSlab("vector", at: 1, as: Double.self) == NumericArray(shape: [], values: [2.5]))
        for (name, index) in [("steps", 3), ("steps", -1), ("scalar", 0)] {
            let error = #expect(throws: HDF5Error.self) { try file.readSlab(name, at: index) }
            #expect(error?.kind == .wrongShape)
        }
    }

    /// Every 16-bit pattern, and doubles far beyond the range of floats and halfway between two of them.
    @Test(arguments: ["float16", "bfloat16", "float64", "float64_big"])
    func conversionsAgreeWithNumpy(name: String) throws {
        let file = try HDF5File.open(H5PY.fixture("conversions.h5"))
        let reference = name.hasPrefix("float64") ? "float64_value" : name + "_value"
        let floats = try file.readRowsAsColumns(name, as: Float.self).transposed.elements
        let expected = try file.readRowsAsColumns(reference, as: Double.self).transposed.elements
        #expect(floats.count == expected.count)
        let wrong = zip(floats, expected).filter { value, reference in
            value.isNaN ? !reference.isNaN : Double(value).bitPattern != reference.bitPattern
        }
        #expect(wrong.isEmpty)
        guard !name.hasPrefix("float64") else { return }
        let doubles = try file.readRowsAsColumns(name).transposed.elements
        #expect(zip(doubles, expected).allSatisfy { $0.isNaN ? $1.isNaN : $0.bitPattern == $1.bitPattern })
    }

    @Test func listingFollowsVisititems() throws {
        let path = try H5PY.fixture("tree.h5")
        let script = "h5py.File(sys.argv[1]).visititems(lambda n, o: print(n) if isinstance(o, h5py.Dataset) else None)"
        let expected = try H5PY.run(script, [path]).split(separator: "\n").map(String.init)
        let file = try HDF5File.open(path)
        let datasets = try file.datasets()
        #expect(expected.count == 26)
        // What only a link to another file reaches is visited by us alone.
        #expect(datasets.map(\.name).filter { $0 != "external" } == expected)
        #expect(datasets.count == expected.count + 1)
        #expect(datasets.allSatisfy { $0.failure == nil })
        #expect(try file.groups().contains("empty"))
    }

    @Test func linksAreFollowedByName() throws {
        let file = try HDF5File.open(H5PY.fixture("tree.h5"))
        let expected: Matrix<Double> = fixtureMatrix()
        for name in ["soft", "twice", "group/loop/loop/deep//er/m", "external", "group/ü", "/z"] {
            #expect(try file.readRowsAsColumns(name).transposed == expected)
        }
        for name in ["dangling", "gone", "nothing", "group/nothing", "z/below", "group/\u{0}", ""] {
            let error = #expect(throws: HDF5Error.self) { try file.readRowsAsColumns(name).transposed }
            #expect(error?.kind == (name.isEmpty ? .wrongType : .noSuchObject), "\(name)")
        }
    }

    @Test func descriptions() throws {
        let file = try HDF5File.open(H5PY.fixture("matrices.h5"))
        let filtered = try file.description(of: "all_filters")
        #expect(filtered.shape == [12, 12])
        #expect(filtered.elementType == .float64)
        #expect(filtered.byteOrder == .littleEndian)
        #expect(filtered.layout == .chunked([4, 12]))
        #expect(filtered.filters == ["shuffle", "deflate(4)", "fletcher32"])
        #expect(filtered.storedBytes > 0 && filtered.storedBytes < 12 * 12 * 8)
        #expect(try file.description(of: "float32_big").byteOrder == .bigEndian)
        #expect(try file.description(of: "float32_big").storedBytes == 576)
        #expect(try file.description(of: "compact").layout == .compact)
        #expect(try file.description(of: "bfloat16").elementType == .bfloat16)
        #expect(try file.description(of: "half").elementType == .float16)
        #expect(try file.description(of: "scalar").shape == [])
        let refused = try HDF5File.open(H5PY.fixture("refused.h5"))
        let types = try Dictionary(uniqueKeysWithValues: refused.datasets().map { ($0.name, $0.elementType) })
        #expect(types["integer"] == .integer(bytes: 8, signed: true))
        #expect(types["uint16"] == .integer(bytes: 2, signed: false))
        #expect(types["string"] == .string)
        #expect(types["compound"] == .other("compound"))
        #expect(types["boolean"] == .other("enumeration"))
        #expect(types["extended"] == .otherFloat(bytes: 16))
    }

    @Test func attributes() throws {
        let file = try HDF5File.open(H5PY.fixture("attributes.h5"))
        let expected: Attributes = [
            "text": .string("straße"), "fixed": .string("abc"), "empty_text": .string(""),
            "texts": .strings(["one", "", "three"]), "fixed_texts": .strings(["aa", "b"]),
            "long": .string(String(repeating: "x", count: 10000)), "int": .integer(-7), "big": .integer(300),
            "unsigned": .other("beyond int64"), "bool": .integer(1), "float": .number(0.1), "float32": .number(0.5),
            "ints": .integers([1, -2, 3, 4]), "floats": .numbers([1.5, -2.5]), "none": .other("empty"),
            "no_ints": .integers([]), "complex": .other("compound"),
        ]
        #expect(try file.attributes() == expected)
        #expect(try file.attributes(of: "g") == ["here": .integer(1)])
        #expect(try file.attribute("shape", of: "g/d")?.integers == [3, 4])
        #expect(try file.attribute("absent", of: "g/d") == nil)
    }

    @Test func manyTasksAtOnce() async throws {
        let path = try H5PY.fixture("matrices.h5")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { try HDF5File.open(path).readRowsAsColumns("all_filters").transposed == fixtureMatrix() }
            }
            for try await equal in group { #expect(equal) }
        }
    }
}
