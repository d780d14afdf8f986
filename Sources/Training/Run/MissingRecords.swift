/// What a run could not write, by the steps.
public struct MissingRecords: Sendable, Equatable, CustomStringConvertible {
    /// Whose rows the log lacks.
    public var rows: ClosedRange<Int>?
    public var dumps: [Int] = []
    public var checkpoints: [Int] = []
    /// Whether the dump has all its steps, but not in one file.
    public var dumpIsInParts = false

    public var isEmpty: Bool { self == MissingRecords() }

    public var description: String {
        var texts: [String] = []
        if let rows { texts.append("the log lacks the rows of \(steps([rows.lowerBound, rows.upperBound], " to "))") }
        if !dumps.isEmpty { texts.append("the dump lacks \(steps(dumps, ", "))") }
        if !checkpoints.isEmpty { texts.append("there are no checkpoints of \(steps(checkpoints, ", "))") }
        if dumpIsInParts { texts.append("the dump is still in parts") }
        return texts.joined(separator: "; ")
    }

    private func steps(_ numbers: [Int], _ separator: String) -> String {
        Set(numbers).count == 1 ? "step \(numbers[0])" : "steps " + numbers.map { "\($0)" }.joined(separator: separator)
    }
}
