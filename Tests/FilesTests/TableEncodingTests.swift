import Files
import Foundation
import Testing

@Suite struct TableEncodingTests {
    /// The grammar of RFC 8259, section 6: what Swift takes for a number is not always one.
    @Test(arguments: [
        ("0", true), ("-0", true), ("12", true), ("0.25", true), ("1e-05", true), ("5E+300", true), ("-1.5e7", true),
        ("01", false), ("+1", false), (".5", false), ("1.", false), ("1e", false), ("0x1p3", false), ("inf", false),
        ("nan", false), ("", false), ("-", false), ("1 ", false), ("1e5.0", false), ("١", false),
    ]) func numbersOfJSON(_ text: String, _ isNumber: Bool) { #expect(JSONString.isNumber(text) == isNumber) }

    /// Foundation's reader gives back every character, and none of the line is one that a terminal would obey.
    @Test func textOfJSON() throws {
        let text = (0...0x2100).compactMap { Unicode.Scalar($0).map { String($0) } }.joined() + "\u{E0001}\u{1F600}"
        let quoted = JSONString.quoted(text)
        let read = try JSONSerialization.jsonObject(with: Data("[\(quoted)]".utf8)) as? [String]
        #expect(read?.first.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
        #expect(quoted.unicodeScalars.allSatisfy { !$0.isHidden })
    }

    @Test(
        arguments: [
            ("a.csv", TableFormat.csv), ("b/a.TSV", .tsv), ("a.tab", .tsv), ("a.jsonl", .jsonl), ("a.ndjson", .jsonl),
            ("a.parquet", .parquet), ("a.txt", nil), ("csv", nil), ("a.csv.gz", nil),
        ] as [(String, TableFormat?)]) func endings(_ path: String, _ format: TableFormat?)
    {
        #expect(TableFormat(path: path) == format)
    }

    /// A field with the separator, a quotation mark or an end of line is quoted; one with the other separator is not.
    @Test func quoting() {
        let columns = [Column("name", .text, "A name."), Column("n", .integer, "A number.")]
        let fields = ["a,b\t\"c\"", "3"]
        #expect(TableEncoding(columns, as: .csv).row(fields) == "\"a,b\t\"\"c\"\"\",3\n")
        #expect(TableEncoding(columns, as: .tsv).row(fields) == "\"a,b\t\"\"c\"\"\"\t3\n")
        #expect(TableEncoding(columns, as: .tsv).row(["a,b", ""]) == "a,b\t\n")
        #expect(TableEncoding(columns, as: .csv).row(["a\tb", ""]) == "a\tb,\n")
        #expect(TableEncoding(columns, as: .jsonl).row(["3", "3"]) == "{\"name\": \"3\", \"n\": 3}\n")
        #expect(TableEncoding(columns, as: .jsonl).row(["", "inf"]) == "{\"name\": null, \"n\": \"inf\"}\n")
    }
}
