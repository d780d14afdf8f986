import Foundation
import MatrixCore
import MatrixSources
import TestSupport
import Testing

/// Archives of `numpy.savez`, by NumPy and byte by byte from PKWARE's description.
@Suite struct NumPyArchiveTests {
    private let folder: SourceFolder

    init() throws { folder = try SourceFolder() }

    // MARK: What NumPy writes

    @Test(.enabled(if: SourceFolder.hasNumPy, SourceFolder.missing), arguments: ["savez", "savez_compressed"])
    func whatNumPySaves(_ function: String) throws {
        let script = """
            i, j = np.mgrid[:9, :9]; a = 3 * i - 7 * j + 0.5
            np.\(function)('a.npz', **{'layer/8': a, 'layer/4': a.astype('>f4'), 'layer/2': np.asfortranarray(a.astype('<f2')),
                'ids': np.arange(4).reshape(2, 2), 'heads': np.zeros((3, 2, 2)), 'é': np.float64(1)})
            """
        #expect(try folder.python(script))
        let source = try SourceFormat.open(folder.file("a.npz"))
        #expect(source.entries.map(\.name) == ["heads", "ids", "layer/2", "layer/4", "layer/8", "é"])
        #expect(source.entries.map { "\($0.type)" } == ["float64", "int64", "float16", "float32", "float64", "float64"])
        #expect(source.entries.map(\.filters) == Array(repeating: function == "savez" ? [] : ["deflate"], count: 6))
        #expect(source.entries.map(\.isSquareMatrix) == [false, false, true, true, true, false])
        for entry in source.entries(below: "layer").entries {
            #expect(try source.rowsAsColumns(of: entry).transposed == fixtureMatrix(9), "\(entry.name)")
        }
        #expect(throws: SourceError.self) { try source.values(of: source.requireEntry(named: "ids")) }
    }

    /// More than one window and one piece of the deflated data, and a matrix that takes a thousandth of its bytes.
    @Test(.enabled(if: SourceFolder.hasNumPy, SourceFolder.missing)) func largeMembers() throws {
        #expect(
            try folder.python(
                "i, j = np.mgrid[:700, :700]; np.savez_compressed('a.npz', m=(i * 7919 + j * 104729) % 65537 / 1.0, "
                    + "e=1e-6 * np.eye(3000))"))
        let source = try SourceFormat.open(folder.file("a.npz"))
        let values = try source.values(of: source.requireEntry(named: "m"))
        let expected = (0..<490_000).map { (index: Int) -> Double in
            let (i, j) = (index / 700, index % 700)
            return Double((i * 7919 + j * 104_729) % 65_537)
        }
        #expect(values == expected)
        let identity = try source.requireEntry(named: "e")
        #expect(identity.storedBytes < 3000 * 3000 * 8 / 500)
        #expect(try source.values(of: identity).lazy.filter { $0 != 0 }.count == 3000)
    }

    // MARK: Byte by byte

    private struct Member {
        var name = "a.npy"
        var method = 0
        var flags = 0
        var content = npy("'<f8'", "(2, 2)", bytes(of: [1, 2, 3, 4]))
        var stored: [UInt8]?
        var size: Int?
        var checksum: UInt32?
        /// In its own header, and in the directory.
        var place: Int?
        var localName: String?
        var isWide = false
    }

    /// CRC-32 by the definition in RFC 1952, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 {
                let half = sum >> 1
                sum = sum & 1 == 1 ? half ^ 0xEDB8_8320 : half
            }
        }
        return ~sum
    }

    /// A zip archive, sections 4.3.7, 4.3.12 and 4.3.16; `isWide` with zip64's sizes and end.
    private static func zip(_ members: [Member], comment: String = "") -> [UInt8] {
        var (file, directory) = ([UInt8](), [UInt8]())
        for member in members {
            let stored = member.stored ?? member.content
            let (name, size) = (Array(member.name.utf8), member.size ?? member.content.count)
            let start = member.place ?? file.count
            let sum = member.checksum ?? checksum(member.content)
            let fixed =
                littleEndian(20, 2) + littleEndian(member.flags, 2) + littleEndian(member.method, 2)
                + littleEndian(0, 4) + littleEndian(sum, 4)
            let local = Array((member.localName ?? member.name).utf8)
            file += Array("PK\u{3}\u{4}".utf8) + fixed + littleEndian(stored.count, 4) + littleEndian(size, 4)
            file += littleEndian(local.count, 2) + littleEndian(0, 2) + local + stored
            let wide = littleEndian(1, 2) + littleEndian(24, 2) + [size, stored.count, start].flatMap { littleEndian($0, 8) }
            let sizes = (member.isWide ? [0xFFFF_FFFF, 0xFFFF_FFFF] : [stored.count, size]).flatMap { littleEndian($0, 4) }
            directory += Array("PK\u{1}\u{2}".utf8) + littleEndian(20, 2) + fixed + sizes + littleEndian(name.count, 2)
            directory += littleEndian(member.isWide ? wide.count : 0, 2) + [UInt8](repeating: 0, count: 10)
            directory += littleEndian(member.isWide ? 0xFFFF_FFFF : start, 4) + name + (member.isWide ? wide : [])
        }
        let isWide = members.contains { $0.isWide }
        let (start, count) = (file.count, members.count)
        file += directory
        if isWide {
            let end = file.count
            file += Array("PK\u{6}\u{6}".utf8) + littleEndian(44, 8) + littleEndian(45, 2) + littleEndian(45, 2)
            file += littleEndian(0, 8) + [count, count, directory.count, start].flatMap { littleEndian($0, 8) }
            file += Array("PK\u{6}\u{7}".utf8) + littleEndian(0, 4) + littleEndian(end, 8) + littleEndian(1, 4)
        }
        file += Array("PK\u{5}\u{6}".utf8) + littleEndian(0, 4) + littleEndian(isWide ? 0xFFFF : count, 2)
        file += littleEndian(isWide ? 0xFFFF : count, 2)
        file += [isWide ? 0xFFFF_FFFF : directory.count, isWide ? 0xFFFF_FFFF : start].flatMap { littleEndian($0, 4) }
        return file + littleEndian(comment.utf8.count, 2) + Array(comment.utf8)
    }

    /// A deflated block that is stored (RFC 1951, section 3.2.4).
    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        [1] + littleEndian(bytes.count, 2) + littleEndian(~bytes.count, 2) + bytes
    }

    private func values(_ bytes: [UInt8], _ name: String = "a") throws -> [Double] {
        let source = try folder.source(bytes)
        return try source.values(of: source.requireEntry(named: name))
    }

    @Test func storedDeflatedAndWide() throws {
        let content = Member().content
        #expect(try values(Self.zip([Member()])) == [1, 2, 3, 4])
        #expect(try values(Self.zip([Member(method: 8, stored: Self.deflated(content))])) == [1, 2, 3, 4])
        #expect(
            try values(Self.zip([Member(isWide: true), Member(name: "b.npy")], comment: "PK\u{5}\u{6}"), "b") == [1, 2, 3, 4])
        #expect(try folder.source(Self.zip([])).entries.isEmpty)
        // What is no array is listed, and folders are not.
        let source = try folder.source(Self.zip([Member(name: "f/"), Member(name: "readme.txt"), Member()]))
        #expect(source.entries.map(\.name) == ["a", "readme.txt"])
        #expect(throws: SourceError.self) { try source.values(of: source.requireEntry(named: "readme.txt")) }
    }

    private static let wrong: [(Member, String)] = [
        (Member(flags: 1), "is encrypted"), (Member(method: 12), "method 12"), (Member(content: Array("text".utf8)), "NumPy's"),
        (Member(method: 8, stored: deflated(Array("text".utf8))), "damaged"), (Member(method: 8, stored: [7]), "is damaged"),
        (Member(method: 8, stored: []), "ends too early"),
        (Member(method: 8, stored: deflated(Member().content), size: 400), "bytes follow"),
        (Member(checksum: 1), "checksum"), (Member(method: 8, stored: deflated(Member().content), checksum: 1), "checksum"),
        (Member(method: 8, stored: deflated(Member().content + [0])), "goes on behind its end"),
        (Member(method: 8, stored: Array(deflated(Member().content).dropLast(9))), "ends too early"),
        (Member(content: npy("'<f8'", "(9999999, 9999999)", [])), "9999999"),
    ]

    /// One member is wrong and says so; the other one reads.
    @Test(arguments: wrong)
    private func wrongMembers(_ member: Member, _ words: String) throws {
        let source = try folder.source(Self.zip([member, Member(name: "b.npy")]))
        let error = #expect(throws: SourceError.self) { try source.values(of: source.requireEntry(named: "a")) }
        #expect(error?.kind == .wrongData && error?.description.contains(words) == true, "\(String(describing: error))")
        #expect(try source.values(of: source.requireEntry(named: "b")) == [1, 2, 3, 4])
    }

    @Test func wrongArchives() throws {
        let sound = Self.zip([Member(), Member(name: "b.npy")])
        func expect(_ bytes: [UInt8], _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
            let error = folder.error(bytes)
            #expect(error?.description.contains(words) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
        }
        expect(Array(sound.dropLast()), "has no end")
        expect(Array("PK\u{3}\u{4}".utf8), "has no end")
        expect(Self.zip([Member(), Member()]), "occurs twice")
        expect(Self.zip([Member(), Member(name: "a.npy", place: 0)]), "lie in one place")
        expect(Self.zip([Member(localName: "b.npy")]), "is not where the directory says")
        expect(Self.zip([Member(place: 1 << 31)]), "lies outside it")
        expect(Self.zip([Member(size: 31)]), "has no room for")
        // A directory of more members or bytes than there are, and one that is elsewhere.
        for place in [10, 14, 18] {
            var bytes = sound
            let start = bytes.count - 22 + place
            bytes.replaceSubrange(start..<start + 2, with: littleEndian(0x8000, 2))
            expect(bytes, "is not in its place")
        }
    }

    /// Zeros of 2^29 values in half a megabyte are refused before they are made.
    @Test(.enabled(if: SourceFolder.hasNumPy, SourceFolder.missing), .timeLimit(.minutes(1))) func deflateBombs() throws {
        let script = """
            import zlib, zipfile, io
            h = io.BytesIO(); np.lib.format.write_array_header_1_0(h, dict(descr='<f2', fortran_order=False, shape=(32768, 16384)))
            with zipfile.ZipFile('a.npz', 'w', zipfile.ZIP_DEFLATED) as z, z.open('a.npy', 'w', force_zip64=True) as f:
                f.write(h.getvalue()); zeros = bytes(1 << 24)
                for _ in range(64): f.write(zeros)
            """
        #expect(try folder.python(script))
        let source = try SourceFormat.open(folder.file("a.npz"))
        let error = #expect(throws: SourceError.self) { try source.values(of: source.requireEntry(named: "a")) }
        #expect(error?.description.contains("268435456") == true, "\(String(describing: error))")
    }

    @Test(.timeLimit(.minutes(1))) func damagedFilesReadOrThrow() throws {
        let content = Member().content
        let whole = Self.zip([
            Member(), Member(name: "b.npy", method: 8, stored: Self.deflated(content)), Member(name: "c.npy", isWide: true),
        ])
        #expect(try !isRefused(whole, in: folder))
        var generator = PhiloxGenerator(seed: 13)
        var refused = 0
        for _ in 0..<3000 where try isRefused(whole.damaged(&generator), in: folder) { refused += 1 }
        #expect(refused > 1500)
    }
}
