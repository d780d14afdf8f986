/// The type of the elements of a stored array or attribute.
public enum ElementType: Sendable, Hashable, CustomStringConvertible {
    /// IEEE binary16.
    case float16
    /// The upper half of binary32.
    case bfloat16
    case float32
    case float64
    /// A floating-point type of another layout.
    case otherFloat(bytes: Int)
    case integer(bytes: Int, signed: Bool)
    case string
    /// Anything else, in words: compound, enumeration, …
    case other(String)

    /// Whether matrices of it are read.
    public var isReadableAsMatrix: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        case .otherFloat, .integer, .string, .other: false
        }
    }

    /// The bytes of an element; nil where the type does not say.
    public var byteCount: Int? {
        switch self {
        case .float16, .bfloat16: 2
        case .float32: 4
        case .float64: 8
        case .otherFloat(let bytes), .integer(let bytes, _): bytes
        case .string, .other: nil
        }
    }

    /// Half the distance from 1 to the next number of a float type; of any other, that of float32.
    public var unitRoundoff: Double {
        switch self {
        case .bfloat16: 0x1p-8
        case .float16: 0x1p-11
        case .float64: 0x1p-53
        case .float32, .otherFloat, .integer, .string, .other: 0x1p-24
        }
    }

    public var description: String {
        switch self {
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .float32: "float32"
        case .float64: "float64"
        case .otherFloat(let bytes): "a \(8 * bytes)-bit float of another layout"
        case .integer(let bytes, let signed): "\(signed ? "" : "u")int\(8 * bytes)"
        case .string: "string"
        case .other(let name): name
        }
    }
}

/// The order of the bytes of an element in a file.
public enum ByteOrder: String, Sendable {
    case littleEndian, bigEndian

    /// That of this machine.
    public static var native: ByteOrder { 1.littleEndian == 1 ? .littleEndian : .bigEndian }
}
