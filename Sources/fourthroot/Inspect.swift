import ArgumentParser
import Files
import Foundation
import HDF5Store
import MatrixCore
import MatrixStudy

/// What an HDF5 file holds, and which of it can be studied.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the data sets of an HDF5 file.")

    @Argument(help: "HDF5 file.")
    var file: String

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        try Probe.requireSound(file)
        let opened = try HDF5File.open(file)
        let contents = try FileContents(opened)
        if json {
            try OutputFile.writeToStandardOutput(InspectReport(opened, contents).json().text() + "\n")
        } else {
            var lines = try opened.attributes().sorted.map { "@\($0.name) = \(text(of: $0.value))" }
            lines += contents.datasets.map { line(for: $0, in: contents) }
            lines += contents.unreached.map { "\($0.object ?? ""): \($0.problem)" }
            lines.append(
                "\(contents.datasets.count) data sets, \(contents.studied.count) of them square matrices that "
                    + "'fourthroot study' reads")
            try OutputFile.writeToStandardOutput(lines.map { printableText($0) + "\n" }.joined())
        }
    }

    private func line(for dataset: DatasetDescription, in contents: FileContents) -> String {
        let others = contents.otherPaths(of: dataset)
        let links = others.isEmpty ? "" : ", also \(others.joined(separator: ", "))"
        if let failure = dataset.failure { return "\(dataset.name): \(failure.problem)\(links)" }
        let filters = dataset.filters.isEmpty ? "" : ", \(dataset.filters.joined(separator: " + "))"
        let size = "\(dataset.elementType), \(dataset.shapeText), \(dataset.storedBytes) bytes"
        return "\(dataset.name): \(size)\(filters)\(use(of: dataset, contents))\(links)"
    }

    private func use(of dataset: DatasetDescription, _ contents: FileContents) -> String {
        if let problem = contents.problem(of: dataset) { return " (cannot be studied: \(problem))" }
        if contents.studied.contains(ExactName(dataset.name)) { return "" }
        return dataset.isSquareMatrix ? " (left out by a study that does not name it)" : " (not a matrix)"
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

/// The data sets of a file and what a study of the whole of it would make of each.
struct FileContents {
    let datasets: [DatasetDescription]
    /// Links that lead to nothing.
    let unreached: [HDF5Error]
    /// The names of those that a study takes.
    let studied: Set<ExactName>
    private let problems: [ExactName: String]
    private let paths: [Int: [String]]

    /// Reads every matrix, as the study does.
    init(_ file: HDF5File) throws {
        let listing = try file.listing()
        let input = try StudyInput(of: file, listing)
        datasets = listing.datasets
        unreached = listing.unreached
        studied = Set(input.matrices.map { ExactName($0.name) })
        problems = Dictionary(
            input.rejected.map { (ExactName($0.dataset ?? ""), $0.problem) }, uniquingKeysWith: { first, _ in first })
        paths = Dictionary(grouping: listing.datasets(below: "").datasets, by: \.object).mapValues { $0.map(\.name) }
    }

    /// Why a study refuses a data set; nil where it does not.
    func problem(of dataset: DatasetDescription) -> String? { problems[ExactName(dataset.name)] }

    /// A few of the other paths that lead to a data set.
    func otherPaths(of dataset: DatasetDescription) -> [String] {
        let others = (paths[dataset.object] ?? []).filter { ExactName($0) != ExactName(dataset.name) }
        return others.count > 4 ? others.prefix(3) + ["\(others.count - 3) other paths"] : others
    }
}
