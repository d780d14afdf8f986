/// What a run could not write, by the steps.
public struct MissingRecords: Sendable, Equatable, CustomStringConvertible {
    /// Whose rows the log lacks.
    public var rows: ClosedRange<Int>?
    /// Whether another program has removed or replaced the log, and all rows with it.
    public var logIsReplaced = false
    public var dumps: [Int] = []
    public var checkpoints: [Int] = []
    /// Whether the dump has all its steps, but not in one file.
    public var dumpIsInParts = false

    public var isEmpty: Bool { self == MissingRecords() }

    public var description: String {
        var texts: [String] = []
        if let rows { texts.append("the log lacks the rows of \(steps([rows.lowerBound, rows.upperBound], " to "))") }
        if logIsReplaced { texts.append("the log was removed or replaced by another program, its rows are lost") }
        if !dumps.isEmpty { texts.append("the dump lacks \(steps(dumps, ", "))") }
        if !checkpoints.isEmpty { texts.append("there are no checkpoints of \(steps(checkpoints, ", "))") }
        if dumpIsInParts { texts.append("the dump is still in parts") }
        return texts.joined(separator: "; ")
    }

    private func steps(_ numbers: [Int], _ separator: String) -> String {
        Set(numbers).count == 1 ? "step \(numbers[0])" : "steps " + numbers.map { "\($0)" }.joined(separator: separator)
    }
}
