/// The value of an attribute of a file, group or data set.
public enum AttributeValue: Sendable, Hashable {
    /// UTF-8, of fixed or variable length; bytes that are no UTF-8 are replaced.
    case string(String)
    /// Booleans (an enumeration in h5py) too.
    case integer(Int)
    case number(Double)
    case strings([String])
    case integers([Int])
    case numbers([Double])
    /// Anything else, in words; written by nobody here.
    case other(String)

    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    public var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// A number, or an integer as a number.
    public var number: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        case .string, .strings, .integers, .numbers, .other: nil
        }
    }

    /// An array of integers, or a single one.
    public var integers: [Int]? {
        switch self {
        case .integers(let values): values
        case .integer(let value): [value]
        case .string, .number, .strings, .numbers, .other: nil
        }
    }

    /// An array of numbers or integers, or a single one.
    public var numbers: [Double]? {
        switch self {
        case .numbers(let values): values
        case .integers(let values): values.map(Double.init)
        case .number(let value): [value]
        case .integer(let value): [Double(value)]
        case .string, .strings, .other: nil
        }
    }
}
