import MatrixCore
import MatrixSources
import TestSupport
import Testing

/// safetensors, byte by byte from the format's description.
@Suite struct SafetensorsTests {
    private let folder: SourceFolder

    init() throws { folder = try SourceFolder() }

    /// 2 × 2 of each float type: 1, −2, 0.5, 3 by their IEEE patterns, bfloat16's the upper halves of float32's.
    @Test func everyFloatType() throws {
        let values = [1, -2, 0.5, 3.0]
        let parts: [(String, [UInt8])] = [
            ("F64", values.flatMap { littleEndian($0.bitPattern, 8) }),
            ("F32", [0x3F80_0000, 0xC000_0000, 0x3F00_0000, 0x4040_0000].flatMap { littleEndian($0, 4) }),
            ("F16", [0x3C00, 0xC000, 0x3800, 0x4200].flatMap { littleEndian($0, 2) }),
            ("BF16", [0x3F80, 0xC000, 0x3F00, 0x4040].flatMap { littleEndian($0, 2) }),
        ]
        var (members, data) = (["\"__metadata__\":{\"format\":\"pt\",\"é\\n\":\"\\u00e9\\ud834\\udd1e\"}"], [UInt8]())
        for (type, bytes) in parts {
            let range = "[\(data.count), \(data.count + bytes.count)]"
            members.append("\"model.\(type)\": {\"dtype\": \"\(type)\", \"shape\": [2,2], \"data_offsets\": \(range)}")
            data += bytes
        }
        let source = try folder.source(safetensors("{" + members.joined(separator: ",") + "}   ", data))
        #expect(source.entries.map(\.name) == ["model.BF16", "model.F16", "model.F32", "model.F64"])
        #expect(source.entries.map(\.type) == [.bfloat16, .float16, .float32, .float64])
        #expect(Set(source.entries.map(\.object)).count == 4)
        for entry in source.entries {
            #expect(entry.isSquareMatrix && entry.storedBytes == 4 * (entry.type.byteCount ?? 0))
            #expect(try source.values(of: entry) == values)
            #expect(try source.rowsAsColumns(of: entry)[0, 1] == 0.5)
        }
        #expect(try source.attributes(of: "").sorted.map(\.name) == ["format", "é\n"])
        #expect(try source.attribute("é\n", of: "") == .string("é\u{1D11E}"))
    }

    /// What is no matrix is listed with what it is, and not read.
    @Test func otherTensors() throws {
        let header = """
            {"ids":{"dtype":"I64","shape":[1,1],"data_offsets":[0,8]},"mask":{"dtype":"BOOL","shape":[2],"data_offsets":[8,10]},\
            "none":{"dtype":"F32","shape":[0,0],"data_offsets":[10,10]},"one":{"dtype":"F32","shape":[],"data_offsets":[10,14]},\
            "stack":{"dtype":"F16","shape":[2,2,2],"data_offsets":[14,30]}}
            """
        let source = try folder.source(safetensors(header, [UInt8](repeating: 0, count: 30)))
        #expect(source.entries.map(\.shapeText) == ["1 × 1", "2", "0 × 0", "a scalar", "2 × 2 × 2"])
        #expect(source.entries.map { "\($0.type)" } == ["int64", "BOOL", "float32", "float32", "float16"])
        #expect(source.entries.map(\.isStack) == [false, false, false, false, true])
        #expect(!source.entries.contains { $0.isSquareMatrix })
        #expect(throws: SourceError.self) { try source.values(of: source.entries[0]) }
        #expect(folder.error(safetensors("{}", [])) == nil)
    }

    /// Headers and offsets that do not fit the file, with the words of the refusal.
    @Test(arguments: [
        ("\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]", 15, "outside the 15 bytes"),
        ("\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]", 17, "17 bytes of values, of which its tensors are 16"),
        ("\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[1,17]", 17, "leave a gap"),
        ("\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,16]", 16, "holds 16 bytes where its shape 2 × 3"),
        ("\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[16,0]", 16, "are none"),
        (
            "\"dtype\":\"F64\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,0]", 0,
            "holds 0 bytes where its shape 4294967296"
        ),
        ("\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,9223372036854775808]", 16, "no number"),
        ("\"dtype\":\"F32\",\"shape\":[2,-2],\"data_offsets\":[0,16]", 16, "no number"),
        ("\"dtype\":\"F32\",\"shape\":[2,2.0],\"data_offsets\":[0,16]", 16, "no ]"),
        (
            "\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]", 16,
            "'dtype' of a is unknown or there twice"
        ),
        ("\"dtype\":\"F32\",\"shape\":[2,2]", 16, "needs a dtype, a shape and two data_offsets"),
        ("\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16],\"x\":[[[[[[", 16, "'x' of a is unknown"),
    ])
    func wrongTensors(_ members: String, _ bytes: Int, _ words: String) throws {
        let error = try #require(folder.error(safetensors("{\"a\":{\(members)}}", [UInt8](repeating: 0, count: bytes))))
        #expect(error.kind == .wrongData && error.description.contains(words), "\(error)")
    }

    @Test func wrongHeaders() throws {
        let one = "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
        let two = "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}"
        let over = "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}"
        let bytes = [UInt8](repeating: 0, count: 8)
        #expect(folder.error(safetensors("{\(one),\(two)}", bytes))?.description.contains("occurs twice") == true)
        #expect(folder.error(safetensors("{\(one),\(over)}", bytes))?.description.contains("overlap those of a") == true)
        #expect(folder.error(safetensors("{\(one)}}", bytes))?.description.contains("something follows") == true)
        #expect(folder.error(safetensors("{\"a", bytes))?.description.contains("no \"") == true)
        #expect(folder.error(safetensors("{\"\\ud834x\":", bytes))?.description.contains("half a character") == true)
        // A header of gigabytes, of which nothing is allocated.
        for length in [65, 100_000_001, 1 << 40, (1 << 48) - 1] {
            let file = littleEndian(length, 8) + Array("{\(one)}".utf8)
            #expect(folder.error(file)?.description.contains("claims \(length) bytes") == true)
        }
    }

    /// Files of 4 KB with seeded damage read or are refused, and never end the process.
    @Test(.timeLimit(.minutes(1))) func damagedFilesReadOrThrow() throws {
        let header = """
            {"__metadata__":{"x":"y"},"a":{"dtype":"F32","shape":[16,16],"data_offsets":[0,1024]},"b":{"dtype":"F64",\
            "shape":[16,16],"data_offsets":[1024,3072]},"c":{"dtype":"BF16","shape":[4],"data_offsets":[3072,3080]}}
            """
        let whole = safetensors(header, [UInt8](repeating: 3, count: 3080))
        #expect(try !isRefused(whole, in: folder))
        // The header is 6 % of the file and shall be hit often.
        let short = Array(whole.prefix(8 + header.utf8.count))
        var generator = PhiloxGenerator(seed: 11)
        var refused = 0
        for number in 0..<3000 {
            let damaged = number % 4 == 0 ? whole.damaged(&generator) : short.damaged(&generator) + whole[short.count...]
            if try isRefused(damaged, in: folder) { refused += 1 }
        }
        #expect(refused > 1500)
    }
}
