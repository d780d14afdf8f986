import MatrixCore

/// The values of a comma-separated list; `A:B` is the range of integers from A to B, in either direction.
///
/// - Throws: `PlanError` naming the axis, the item and what it should be.
public func integers(_ text: String, axis: String) throws(PlanError) -> [Int] {
    var result: [Int] = []
    for item in items(text) {
        let ends = item.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
        case (1, let value?, _):
            result.append(value)
        case (2, let first?, let last?):
            // The distance of two integers may be beyond the integers.
            let (distance, overflows) = last.subtractingReportingOverflow(first)
            guard !overflows, distance.magnitude < largestCount else {
                throw PlanError("\(axis) '\(abbreviated(item))': the range is too long")
            }
            result += stride(from: first, through: last, by: distance < 0 ? -1 : 1)
        default:
            throw PlanError("\(axis) '\(abbreviated(item))': give integers or ranges A:B, separated by commas")
        }
        // Ranges are short to write: without a bound, a small text would fill the memory.
        guard result.count <= largestCount else {
            throw PlanError("\(axis) '\(abbreviated(item))': the list has more than \(largestCount) values")
        }
    }
    return result
}

/// More values on one axis are a slip of the pen.
private let largestCount = 100_000

/// Numbers of a comma-separated list; `A:B` is a range of integers.
public func numbers(_ text: String, axis: String) throws(PlanError) -> [Double] {
    var result: [Double] = []
    for item in items(text) {
        if item.contains(":") {
            result += try integers(item, axis: axis).map { Double($0) }
            guard result.count <= largestCount else {
                throw PlanError("\(axis) '\(abbreviated(item))': the list has more than \(largestCount) values")
            }
        } else if let value = Double(item) {
            result.append(value)
        } else {
            throw PlanError("\(axis) '\(abbreviated(item))': give numbers or ranges A:B of integers, separated by commas")
        }
    }
    return result
}

/// Words of a comma-separated list, each one of the cases of `Word`.
public func words<Word: RawRepresentable & CaseIterable>(
    _ text: String, axis: String
) throws(PlanError) -> [Word] where Word.RawValue == String {
    var result: [Word] = []
    for item in items(text) {
        guard let word = Word(rawValue: item) else {
            throw PlanError("\(axis) \(unknownName(item, choices: Word.allCases.map(\.rawValue)))")
        }
        result.append(word)
    }
    return result
}

private func items(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// A text for a message: what a file holds may be of any length.
func abbreviated(_ text: String) -> String { text.count <= 60 ? text : text.prefix(60) + "…" }
