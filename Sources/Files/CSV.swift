/// Comma-separated values after RFC 4180, with a line feed at the end of a record.
public enum CSV {
    /// A record with its line feed.
    public static func record(_ fields: [String], separator: Unicode.Scalar = ",") -> String {
        fields.map { quoted($0, separator) }.joined(separator: String(separator)) + "\n"
    }

    public static func field(_ value: Int?) -> String { value.map { "\($0)" } ?? "" }

    /// The shortest decimal that reads back as the same number, infinity (the condition of a singular matrix) as `inf`; empty
    /// for what is not there and for NaN, which is never written.
    public static func field(_ value: Double?) -> String {
        guard let value, !value.isNaN else { return "" }
        return "\(value)"
    }

    private static func quoted(_ field: String, _ separator: Unicode.Scalar) -> String {
        let special = field.utf8.contains { UInt32($0) == separator.value || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
        return special ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }

    /// The records of a text.
    ///
    /// - Throws: `CSVError` with the record's number where a quote is not closed or stands inside a plain field.
    public static func parse(_ text: String) throws(CSVError) -> [[String]] {
        var records: [[String]] = []
        var record: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var wasQuoted = false
        var bytes = text.utf8.makeIterator()
        var held: UInt8?
        while let byte = held ?? bytes.next() {
            held = nil
            if isQuoted {
                guard byte == 0x22 else {
                    field.append(byte)
                    continue
                }
                held = bytes.next()
                if held == 0x22 {
                    field.append(0x22)
                    held = nil
                } else {
                    isQuoted = false
                    wasQuoted = true
                }
                continue
            }
            switch byte {
            case 0x22:
                guard field.isEmpty, !wasQuoted else {
                    throw CSVError(record: records.count + 1, problem: "a quotation mark inside a field")
                }
                isQuoted = true
            case 0x2C:
                record.append(String(decoding: field, as: UTF8.self))
                field = []
                wasQuoted = false
            case 0x0A:
                record.append(String(decoding: field, as: UTF8.self))
                records.append(record)
                (record, field, wasQuoted) = ([], [], false)
            case 0x0D: continue
            default: field.append(byte)
            }
        }
        if isQuoted { throw CSVError(record: records.count + 1, problem: "a quoted field that does not end") }
        if !field.isEmpty || !record.isEmpty || wasQuoted {
            record.append(String(decoding: field, as: UTF8.self))
            records.append(record)
        }
        return records
    }
}

/// A text that is not comma-separated values.
public struct CSVError: Error, Sendable, Equatable, CustomStringConvertible {
    public let record: Int
    public let problem: String

    public var description: String { "record \(record): \(problem)" }
}
