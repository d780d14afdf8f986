import ArgumentParser
import Files
import Foundation
import HDF5Store
import MatrixCore
import MatrixSources
import MatrixStudy

/// What files of matrices hold, and which of it can be studied.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what a file of matrices holds.")

    @Argument(help: sourceHelp, completion: sourceCompletion)
    var files: [String]

    @Flag(help: "As JSON: an object, of several files an array of them.")
    var json = false

    func run() throws {
        let contents = try files.map { try SourceContents(openSource($0)) }
        if json {
            let reports = try contents.map { try InspectReport($0).json() }
            let report = reports.count == 1 ? reports[0] : .array(reports)
            try OutputFile.writeToStandardOutput(report.text() + "\n")
        } else {
            var text = try contents.flatMap { (files.count > 1 ? ["\($0.source.path):"] : []) + (try lines(of: $0)) }
            if files.count > 1 {
                let (sets, studied) = contents.reduce((0, 0)) { ($0.0 + $1.source.entries.count, $0.1 + $1.studied.count) }
                text.append(
                    "\(files.count) files: \(sets) data sets, \(studied) of them matrices that 'fourthroot study' reads")
            }
            try OutputFile.writeToStandardOutput(text.map { printableText($0) + "\n" }.joined())
        }
    }

    private func lines(of contents: SourceContents) throws -> [String] {
        let source = contents.source
        var lines = try source.attributes(of: "").sorted.map { "@\($0.name) = \(text(of: $0.value))" }
        lines += source.entries.map { line(for: $0, in: contents) }
        lines += source.unreached.map { "\($0.name): \($0.error.problem)" }
        lines.append(
            "\(source.entries.count) data sets, \(contents.studied.count) of them square matrices that "
                + "'fourthroot study' reads")
        return lines
    }

    private func line(for entry: MatrixEntry, in contents: SourceContents) -> String {
        let others = contents.otherPaths(of: entry)
        let links = others.isEmpty ? "" : ", also \(others.joined(separator: ", "))"
        if let failure = entry.failure { return "\(entry.name): \(failure.problem)\(links)" }
        let filters = entry.filters.isEmpty ? "" : ", \(entry.filters.joined(separator: " + "))"
        let size = "\(entry.type), \(entry.shapeText), \(entry.storedBytes) bytes"
        return "\(entry.name): \(size)\(filters)\(use(of: entry, contents))\(links)"
    }

    private func use(of entry: MatrixEntry, _ contents: SourceContents) -> String {
        if let problem = contents.problem(of: entry) { return " (cannot be studied: \(problem))" }
        if contents.studied.contains(ExactName(entry.name)) { return "" }
        return entry.isSquareMatrix ? " (left out by a study that does not name it)" : " (not a matrix)"
    }

    private func text(of value: AttributeValue) -> String {
        let text =
            switch value {
            case .string(let text), .other(let text): text
            case .integer(let number): "\(number)"
            case .number(let number): "\(number)"
            case .strings(let texts): "\(texts.prefix(Inspect.longestText))"
            case .integers(let numbers): "\(numbers.prefix(Inspect.longestText))"
            case .numbers(let numbers): "\(numbers.prefix(Inspect.longestText))"
            }
        return text.count > Inspect.longestText ? "\(text.prefix(Inspect.longestText))…" : text
    }

    /// Characters of an attribute that are shown; `--json` gives all of them.
    private static let longestText = 2000
}

/// A file of matrices and what a study of the whole of it would make of each entry.
struct SourceContents {
    let source: any MatrixSource
    /// The names of those that a study takes.
    let studied: Set<ExactName>
    private let problems: [ExactName: String]
    private let paths: [Int: [String]]

    /// Reads every matrix, as the study does.
    init(_ source: any MatrixSource) throws {
        self.source = source
        let input = try FileInput(source)
        studied = Set(input.matrices.map { ExactName($0.name) })
        problems = Dictionary(
            input.rejected.map { (ExactName($0.entry ?? ""), $0.explanation) }, uniquingKeysWith: { first, _ in first })
        paths = Dictionary(grouping: source.entries(below: "").entries, by: \.object).mapValues { $0.map(\.name) }
    }

    /// Why a study refuses an entry; nil where it does not.
    func problem(of entry: MatrixEntry) -> String? { problems[ExactName(entry.name)] }

    /// A few of the other paths that lead to an entry.
    func otherPaths(of entry: MatrixEntry) -> [String] {
        let others = (paths[entry.object] ?? []).filter { ExactName($0) != ExactName(entry.name) }
        return others.count > 4 ? others.prefix(3) + ["\(others.count - 3) other paths"] : others
    }
}
