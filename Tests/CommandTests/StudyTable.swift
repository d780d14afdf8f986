import Foundation

/// A CSV read by a parser of the tests' own.
struct StudyTable: Equatable {
    let header: [String]
    let records: [[String]]

    /// - Throws: `ProgramError` where the text breaks RFC 4180 or a record has another number of fields than the header.
    init(_ text: String) throws {
        var all: [[String]] = []
        var record: [String] = []
        var field = String.UnicodeScalarView()
        var isQuoted = false
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch (scalar, isQuoted) {
            case ("\"", true) where scalars.first == "\"":
                field.append("\"")
                scalars.removeFirst()
            case ("\"", _): isQuoted.toggle()
            case (",", false):
                record.append(String(field))
                field.removeAll()
            case ("\n", false):
                all.append(record + [String(field)])
                record = []
                field.removeAll()
            default: field.append(scalar)
            }
        }
        guard !isQuoted, record.isEmpty, field.isEmpty else {
            throw ProgramError(description: "the CSV does not end with a line feed")
        }
        guard let header = all.first else { throw ProgramError(description: "the CSV is empty") }
        self.header = header
        records = Array(all.dropFirst())
        if let odd = records.first(where: { $0.count != header.count }) {
            throw ProgramError(description: "\(odd.count) fields instead of \(header.count): \(odd)")
        }
    }

    /// One dictionary a record.
    var rows: [[String: String]] {
        records.map { Dictionary(zip(header, $0), uniquingKeysWith: { first, _ in first }) }
    }

    func column(_ name: String) throws -> [String] {
        guard let index = header.firstIndex(of: name) else {
            throw ProgramError(description: "there is no column \(name) in \(header)")
        }
        return records.map { $0[index] }
    }

    /// The table without its timing, the one column that two runs do not share.
    var withoutSeconds: StudyTable {
        guard let index = header.firstIndex(of: "seconds") else { return self }
        return StudyTable(
            header: header,
            records: records.map { record in
                var record = record
                record[index] = ""
                return record
            })
    }

    private init(header: [String], records: [[String]]) {
        self.header = header
        self.records = records
    }
}
