import Foundation
import MatrixStudy

/// The page: a template whose marks are replaced, and the data that its scripts show.
struct ReportPage {
    let title: String
    let tables: [ReportTable]
    /// The words of the command that makes the page.
    let command: [String]
    let library: ChartLibrary?
    /// In place of those that the library draws.
    let figures: StillFigures?

    var html: String {
        let parts: [String: String] = [
            "title": markup(printableText("\(title) – FourthRoot")), "style": resource(PackageResources.report_css),
            "data": data.embedded, "library": library.map { "<script>\($0.embedded)</script>" } ?? "",
            "script": "\"use strict\";\n(() => {\n\(ReportPage.scripts.map { resource($0) }.joined(separator: "\n"))\n})();\n",
        ]
        // One pass: what a part holds is not looked at for marks.
        return resource(PackageResources.report_html).split(separator: "<!--", omittingEmptySubsequences: false).enumerated()
            .reduce(into: "") { page, piece in
                guard piece.offset > 0, let end = piece.element.range(of: "-->"),
                    let part = parts[String(piece.element[..<end.lowerBound])]
                else {
                    page += piece.element
                    return
                }
                page += part + piece.element[end.upperBound...]
            }
    }

    private static let scripts = [
        PackageResources.elements_js, PackageResources.tables_js, PackageResources.cases_js, PackageResources.charts_js,
        PackageResources.sections_js, PackageResources.page_js,
    ]

    private var data: JSONText {
        .object([
            ("title", .string(title)), ("producer", .string("fourthroot \(version)")),
            ("created", .string(Date.now.formatted(.iso8601))), ("tables", .array(tables.map(\.json))),
            ("styles", styles), ("notes", .array((figures?.notes ?? []).map { .string($0) })),
            ("figures", figures?.json ?? .array([])),
            ("commands", .array(commands.map { .string($0) })), ("versions", .string(versionText)),
        ])
    }

    /// The marks of all pairs of storages, as every figure has them.
    private var styles: JSONText {
        let pairs = tables.flatMap(\.table.rows).map { row in
            ["statistic", "root"].map { row.optionalText($0).isEmpty ? "exact" : row.optionalText($0) }
        }
        return .object(
            pairs.distinct.map { pair in
                let style = StorageStyle(statistic: pair[0], root: pair[1])
                return (
                    pair.joined(separator: "|"),
                    .object([
                        ("color", .string(style.color)), ("shape", .string(style.shape.rawValue)),
                        ("filled", .boolean(style.isFilled)),
                    ])
                )
            })
    }

    private var commands: [String] {
        tables.filter { $0.kind == .study }.map { studyCommand($0.table) } + [
            shellCommand(["fourthroot"] + command.dropFirst())
        ]
    }
}

/// A study whose cases are those of a table, and where its axes multiply to more, others.
private func studyCommand(_ table: ResultTable) -> String {
    let values = { (column: String) in table.rows.lazy.map { $0.optionalText(column) }.filter { !$0.isEmpty }.distinct }
    var words = ["fourthroot", "study"] + values("source")
    for axis in StudyAxis.all {
        // A root is coded like its statistic unless a row says otherwise.
        if axis.column.hasPrefix("root_") {
            let own = axis.column.dropFirst("root_".count)
            let differs = table.rows.contains { row in
                let text = row.optionalText(axis.column)
                return !text.isEmpty && text != row.optionalText(String(own))
            }
            if !differs { continue }
        }
        let found = values(axis.column)
        if !found.isEmpty { words += ["--\(axis.name)", found.joined(separator: ",")] }
    }
    for option in ["reference", "arithmetic", "decomposition"] {
        let found = values(option)
        if found.count == 1 { words += ["--\(option)", found.joined()] }
    }
    // With very many matrices the command would say nothing else.
    let matrices = values("matrix")
    if matrices.count <= 12 { words += matrices.flatMap { ["--matrix", $0] } }
    return shellCommand(words + ["-o", table.path])
}

/// Words as a shell takes them.
private func shellCommand(_ words: [String]) -> String { words.map(shellWord).joined(separator: " ") }

private func resource(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Text of an element.
private func markup(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
}
