import Foundation

/// A setting as JSON has it.
public enum ConfigurationValue: Sendable, Hashable {
    case boolean(Bool)
    case integer(Int)
    /// Beyond `Int`: seeds.
    case natural(UInt64)
    case number(Double)
    case text(String)

    public init(_ value: UInt64) { self = Int(exactly: value).map { .integer($0) } ?? .natural(value) }
}

extension ConfigurationValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension ConfigurationValue: CustomStringConvertible {
    public var description: String {
        switch self {
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .natural(let value): "\(value)"
        // As JSON has it: 5 for 5.0.
        case .number(let value): Int(exactly: value).map { "\($0)" } ?? "\(value)"
        case .text(let value): value
        }
    }
}

extension ConfigurationValue: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else if let natural = try? value.decode(UInt64.self) {
            self = .natural(natural)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try value.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .natural(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        }
    }
}

/// Settings by their names, as the text of one JSON object: the same for the same settings.
///
/// - Throws: `EncodingError` for a number that is not finite.
public func configurationText(_ values: [String: ConfigurationValue]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(values), as: UTF8.self)
}

/// The settings of such a text.
///
/// - Throws: `DecodingError`.
public func configurationValues(_ text: String) throws -> [String: ConfigurationValue] {
    try JSONDecoder().decode([String: ConfigurationValue].self, from: Data(text.utf8))
}
