import Preconditioning
import Quantization

/// An axis of the study: all that its option, its key in a plan, its part of a case, its messages and its column need.
public struct StudyAxis: Sendable {
    /// The option without its dashes, and the key of a plan.
    public let name: String
    /// What the option says of itself, its default in it.
    public let help: String
    /// The words that it takes; empty where it takes numbers.
    public let words: [String]
    /// In the CSV.
    public let column: String

    /// Reads a list; the title is how messages call the axis.
    let parse: @Sendable (_ text: String, _ title: String, inout CaseGrid) throws(PlanError) -> Void
    /// Takes the other grid's list, where it has one.
    let override: @Sendable (inout CaseGrid, _ other: CaseGrid) -> Void
    /// The given values, as they are written.
    let labels: @Sendable (CaseGrid) -> [String]?
    /// The first given value that is out of range, and what is in it.
    let problem: @Sendable (CaseGrid) -> String?
    /// The draft with each of the values that it admits; alone where the axis does not apply to it.
    let choices: @Sendable (CaseDraft, CaseGrid, CaseGrid.Defaults) -> [CaseDraft]
    /// What a case has taken of this axis.
    let used: @Sendable (CaseDraft, CaseGrid) -> [String]
    /// What a given value has no use without.
    let need: @Sendable (_ label: String) -> String
    /// What stands in the column.
    let field: @Sendable (CaseDraft) -> String?

    /// - Parameters:
    ///   - list: where a grid has the values.
    ///   - value: where a case has one.
    ///   - column: where the CSV has a measured one of the axis's own name.
    ///   - range: what is wrong with a value, if anything.
    ///   - values: those of a grid, or their default, that a draft admits; nil where the axis does not apply to it.
    ///   - used: beside the value itself.
    ///   - field: in the column; the value itself where it is left out.
    init<Value: AxisValue>(
        _ name: String, _ list: WritableKeyPath<CaseGrid, [Value]?> & Sendable,
        _ value: WritableKeyPath<CaseDraft, Value?> & Sendable, column: String? = nil, help: String,
        range: @escaping @Sendable (Value) -> String? = { _ in nil },
        values: @escaping @Sendable (CaseDraft, CaseGrid, CaseGrid.Defaults) -> [Value]?,
        used: @escaping @Sendable (CaseDraft, CaseGrid) -> Value? = { _, _ in nil },
        field: (@Sendable (CaseDraft) -> Value?)? = nil,
        need: @escaping @Sendable (_ label: String) -> String = { _ in
            "a case, and the codebook, bits and solver that are asked for leave it none"
        }
    ) {
        self.name = name
        self.help = help
        words = Value.words
        self.column = column ?? name.replacing("-", with: "_")
        parse = { (text, title, grid) throws(PlanError) in grid[keyPath: list] = try Value.list(text, axis: title) }
        override = { grid, other in
            if let values = other[keyPath: list] { grid[keyPath: list] = values }
        }
        labels = { $0[keyPath: list]?.map(\.label) }
        problem = { grid in
            if grid[keyPath: list]?.isEmpty == true { return "\(name): the list is empty" }
            return grid[keyPath: list]?.lazy.compactMap { value in range(value).map { "\(name) \(value.label): \($0)" } }.first
        }
        choices = { draft, grid, defaults in
            guard let admitted = values(draft, grid, defaults) else { return [draft] }
            return admitted.map { choice in
                var next = draft
                next[keyPath: value] = choice
                return next
            }
        }
        self.used = { draft, grid in [draft[keyPath: value], used(draft, grid)].compactMap { $0?.label } }
        self.need = need
        self.field = { draft in (field.map { $0(draft) } ?? draft[keyPath: value])?.label }
    }
}

/// What the values of an axis are.
protocol AxisValue: Sendable {
    /// The values of a comma-separated list.
    static func list(_ text: String, axis: String) throws(PlanError) -> [Self]
    /// All there are; empty for numbers.
    static var words: [String] { get }
    /// As plans and tables have it.
    var label: String { get }
}

extension AxisValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    static func list(_ text: String, axis: String) throws(PlanError) -> [Self] {
        try MatrixStudy.words(text, axis: axis)
    }
    static var words: [String] { allCases.map(\.rawValue) }
    var label: String { rawValue }
}

extension Int: AxisValue {
    static func list(_ text: String, axis: String) throws(PlanError) -> [Int] { try integers(text, axis: axis) }
    static var words: [String] { [] }
    var label: String { "\(self)" }
}

extension Double: AxisValue {
    static func list(_ text: String, axis: String) throws(PlanError) -> [Double] { try numbers(text, axis: axis) }
    static var words: [String] { [] }
    var label: String { "\(self)" }
}

extension StatisticKind: AxisValue {}
extension RootKind: AxisValue {}
extension CodebookName: AxisValue {}
extension RootSolver: AxisValue {}
extension ReflectorLoop: AxisValue {}
