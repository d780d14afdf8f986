import Files
import Foundation

/// A text that is no list of eigenvalues.
struct EigenvalueListError: Error, CustomStringConvertible {
    let description: String
}

/// The numbers of a text: one a line, or the first column of a table with a header.
///
/// A header is a first field that begins with a letter or a mark and is no number. Without one, a line holds one number: of
/// `1,5` nobody can tell a decimal comma from two columns.
///
/// - Throws: `EigenvalueListError` with the number of the line.
func eigenvalueList(_ text: String) throws(EigenvalueListError) -> [Double] {
    let records: [[String]]
    do {
        records = try CSV.parse(text)
    } catch {
        throw EigenvalueListError(description: "\(error)")
    }
    var lines = records.enumerated().filter { $0.element.map(trimmed) != [""] }
    var columns = 1
    if let first = lines.first?.element, isHeader(trimmed(first[0])) {
        columns = first.count
        lines.removeFirst()
    }
    guard !lines.isEmpty else { throw EigenvalueListError(description: "no eigenvalues in it") }
    return try lines.map { offset, record throws(EigenvalueListError) in
        let field = trimmed(record[0])
        guard record.count == columns else {
            throw EigenvalueListError(
                description: "line \(offset + 1): \(record.count) fields instead of \(columns); decimals are written with a "
                    + "point, and a table has a header")
        }
        guard let value = Double(field) else {
            throw EigenvalueListError(
                description: "line \(offset + 1): '\(field.prefix(40))' is not a number; write it as 0.015 or 1.5e-2")
        }
        return value
    }
}

private func trimmed(_ field: String) -> String { field.trimmingCharacters(in: .whitespaces) }

private func isHeader(_ field: String) -> Bool {
    guard let first = field.first else { return false }
    return (first.isLetter || "#_(\"".contains(first)) && Double(field) == nil
}
