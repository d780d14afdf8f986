import Foundation
import MatrixCore
import MatrixSources
import TestSupport
import Testing

/// Files of `numpy.save`, by NumPy and byte by byte.
@Suite struct NumPyArrayTests {
    private let folder: SourceFolder

    init() throws { folder = try SourceFolder() }

    private static let types = ["<f8", ">f8", "<f4", ">f4", "<f2", ">f2"]

    @Test(.enabled(if: SourceFolder.hasNumPy, SourceFolder.missing), arguments: types, ["C", "F"])
    func whatNumPySaves(_ type: String, _ order: String) throws {
        #expect(
            try folder.python(
                "i, j = np.mgrid[:9, :9]; np.save('a.npy', np.array(3 * i - 7 * j + 0.5, dtype='\(type)', order='\(order)'))"))
        let source = try SourceFormat.open(folder.file("a.npy"))
        let entry = try source.requireEntry(named: "array")
        #expect(entry.isSquareMatrix && entry.storedBytes == 81 * (entry.type.byteCount ?? 0))
        #expect(try source.rowsAsColumns(of: entry).transposed == fixtureMatrix(9))
    }

    /// Versions 1 to 3 of the format, in memory order and Fortran's.
    @Test(arguments: [1, 2, 3] as [UInt8], ["False", "True"]) func versions(_ version: UInt8, _ fortranOrder: String) throws {
        let values = [1, 2, 3, 4, 5, 6.0]
        let bytes = npy(
            "'<f8'", "(2, 3)", fortranOrder: fortranOrder, version: version, values.flatMap { littleEndian($0.bitPattern, 8) })
        let source = try folder.source(bytes)
        #expect(source.entries.map(\.shape) == [[2, 3]])
        #expect(try source.values(of: source.entries[0]) == (fortranOrder == "True" ? [1, 3, 5, 2, 4, 6] : values))
    }

    /// Large enough for several pieces, and not a multiple of one.
    @Test func manyPieces() throws {
        let values = (0..<401 * 401).map { (index: Int) -> Float in Float(index * 7919 % 65_537) }
        let source = try folder.source(npy("'<f4'", "(401, 401)", values.flatMap { littleEndian($0.bitPattern, 4) }))
        #expect(try source.values(of: source.entries[0]) == values.map { Double($0) })
    }

    @Test(arguments: [
        ("'<i8'", 8, "int64"), ("'|u1'", 1, "uint8"), ("'|b1'", 1, "bool"), ("'<c8'", 8, "complex"), ("'<U1'", 4, "string"),
        ("[('a', '<f4'), ('b', '<f4')]", 8, "NumPy's type [('a'"), ("'<f16'", 16, "a 128-bit float"),
    ])
    func otherTypes(_ type: String, _ bytes: Int, _ words: String) throws {
        let source = try folder.source(npy(type, "(2, 2)", [UInt8](repeating: 0, count: 4 * bytes)))
        #expect("\(source.entries[0].type)".hasPrefix(words), "\(source.entries[0].type)")
        #expect(source.entries[0].isSquare && !source.entries[0].isSquareMatrix)
        #expect(throws: SourceError.self) { try source.values(of: source.entries[0]) }
    }

    private static let mark: [UInt8] = [0x93] + Array("NUMPY".utf8)
    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private static let damaged: [(bytes: [UInt8], words: String)] = [
        (npy("'<f8'", "(2, 2)", zeros(31)), "31 bytes follow"), (npy("'<f8'", "(2, 2)", zeros(33)), "33 bytes follow"),
        (npy("'<f8'", "(4294967296, 4294967296)", []), "4294967296"), (npy("'<f8'", "(-1, 2)", []), "which is none"),
        (npy("'<f8'", "(2, 2", []), "damaged"), (npy("'<f8'", "(2, 2)", fortranOrder: "0", []), "fortran_order is 0"),
        (mark + [2, 0, 255, 255, 255, 127] + Array("{'descr'".utf8), "says 2147483647 bytes"),
        (mark + [4, 0, 1, 0, 0, 0], "version 4"), (mark, "too early"),
        (npy("'<f8', 'descr': '<f4'", "(1,)", zeros(8)), "damaged"),
    ]

    @Test(arguments: damaged)
    func damagedHeaders(_ bytes: [UInt8], _ words: String) throws {
        let error = try #require(folder.error(bytes))
        #expect(error.kind == .wrongData && error.description.contains(words), "\(error)")
    }

    @Test(.timeLimit(.minutes(1))) func damagedFilesReadOrThrow() throws {
        let whole = npy("'<f8'", "(8, 8)", [UInt8](repeating: 7, count: 512))
        #expect(try !isRefused(whole, in: folder))
        let header = Array(whole.dropLast(512))
        var generator = PhiloxGenerator(seed: 12)
        var refused = 0
        for _ in 0..<3000 where try isRefused(header.damaged(&generator) + whole.suffix(512), in: folder) { refused += 1 }
        #expect(refused > 1500)
    }

    /// A file of 1 GiB that is a hole but for its header costs nothing to open.
    @Test func aLargeFileIsNotReadWhole() throws {
        let header = npy("'<f8'", "(8192, 16384)", [])
        try Data(header).write(to: URL(fileURLWithPath: folder.file("large.npy")))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("large.npy")))
        try handle.truncate(atOffset: UInt64(header.count + 8192 * 16384 * 8))
        try handle.close()
        let start = ContinuousClock.now
        #expect(try SourceFormat.open(folder.file("large.npy")).entries.map(\.storedBytes) == [1 << 30])
        #expect(ContinuousClock.now - start < .seconds(1))
    }
}
