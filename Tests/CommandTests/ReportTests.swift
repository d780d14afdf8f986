import Foundation
import MatrixCore
import Spectra
import Testing

/// The page of `report`: whole, alone, and safe from what it is made of. How it looks and behaves, `scripts/test-report` shows.
@Suite struct ReportTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("window.vegaEmbed = \"</script><!-- a library -->\";", to: "library.js")
        try folder.write([("a", try geometricMatrix(order: 12)), ("b", try geometricMatrix(order: 8))], to: "in.h5")
        try folder.succeed(["study", "in.h5", "--statistic", "symmetric,eigenvector", "--bits", "4,8", "-o", "s.csv"])
    }

    private func report(_ inputs: [String], _ options: [String] = []) throws -> String {
        try folder.succeed(["report"] + inputs + ["-o", "r.html", "--force", "--chart-library", "library.js"] + options)
        return try folder.text("r.html")
    }

    /// What the page's scripts read, by a reader of JSON that is not ours.
    private func data(_ page: String) throws -> [String: Any] {
        let start = try #require(page.range(of: "<script type=\"application/json\" id=\"data\">"))
        let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
        let object = try JSONSerialization.jsonObject(with: Data(page[start.upperBound..<end.lowerBound].utf8))
        return try #require(object as? [String: Any])
    }

    /// The elements that a parser of HTML finds, with their attributes. Empty where there is no Python.
    private func elements(of page: String) throws -> [[String]] {
        try folder.write(page, to: "parsed.html")
        let script = """
            import html.parser, json, sys
            class Parser(html.parser.HTMLParser):
                found = []
                def handle_starttag(self, tag, attributes): self.found.append([tag] + [f"{k}={v}" for k, v in attributes])
            parser = Parser()
            parser.feed(open("parsed.html", encoding="utf-8").read())
            json.dump(parser.found, sys.stdout)
            """
        guard let run = try? folder.runOther(["/usr/bin/env", "python3", "-c", script]), run.status == 0 else { return [] }
        return try #require(try JSONSerialization.jsonObject(with: Data(run.standardOutput.utf8)) as? [[String]])
    }

    @Test func pageHoldsEveryRow() throws {
        let tables = try #require(try data(report(["s.csv"]))["tables"] as? [[String: Any]])
        let expected = try StudyTable(folder.text("s.csv"))
        #expect(tables.count == 1 && tables[0]["kind"] as? String == "study")
        let columns = try #require(tables[0]["columns"] as? [String])
        let rows = try #require(tables[0]["rows"] as? [[String]])
        #expect(rows.count == 8 && rows.map { Dictionary(uniqueKeysWithValues: zip(columns, $0)) } == expected.rows)
    }

    @Test func kindsOfTables() throws {
        try folder.succeed(["spectrum", "in.h5", "--statistic", "symmetric", "-o", "spectrum.csv"])
        try folder.succeed(["orthogonality", "in.h5", "-o", "orthogonality.csv"])
        try folder.succeed(["codebook", "--codebook", "linear", "--bits", "3", "-o", "codebook.csv"])
        try folder.write("step,epoch,loss\n1,1,2.5\n", to: "log.csv")
        let inputs = ["log.csv", "spectrum.csv", "codebook.csv", "orthogonality.csv", "s.csv"]
        let tables = try #require(try data(report(inputs))["tables"] as? [[String: Any]])
        #expect(tables.map { $0["kind"] as? String } == ["log", "spectrum", "other", "orthogonality", "study"])
        #expect(tables.map { $0["name"] as? String } == inputs)
    }

    /// Names that would end an element, open one, or be a mark of the template.
    @Test func hostileNamesStayText() throws {
        let names = [
            "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--script--><!--data-->",
            "a\u{2028}b\u{2029}c", "&lt;\u{1B}]0;title\u{7}",
        ]
        for name in names {
            let quoted = "\"" + name + "\""
            try folder.write(folder.text("s.csv").replacing("in.h5,a,", with: "in.h5,\(quoted),"), to: "hostile.csv")
            let plain = try report(["s.csv"], ["--title", "plain"])
            let page = try report(["hostile.csv"], ["--title", name])
            let read = try data(page)
            #expect(read["title"] as? String == name)
            let rows = try #require((read["tables"] as? [[String: Any]])?.first?["rows"] as? [[String]])
            #expect(rows.filter { $0.contains(name) }.count == 4, "\(name)")
            #expect(!page.unicodeScalars.contains("\u{2028}") && !page.unicodeScalars.contains("\u{2029}"))
            #expect(try elements(of: page) == elements(of: plain), "\(name)")
        }
    }

    @Test func pageAsksForNothing() throws {
        let page = try report(["s.csv"])
        let elements = try elements(of: page)
        for element in elements {
            let reaching = element.dropFirst().filter { attribute in
                ["src=", "href=", "action=", "data=", "poster=", "srcset="].contains { attribute.hasPrefix($0) }
            }
            #expect(reaching.isEmpty && !["link", "iframe", "base", "object", "embed"].contains(element[0]), "\(element)")
        }
        #expect(page.contains("Content-Security-Policy\" content=\"default-src 'none'"))
        #expect(!page.contains("@import") && !page.contains("url("))
    }

    /// The library's own text may hold what would end its element.
    @Test func libraryStaysInItsElement() throws {
        let page = try report(["s.csv"])
        #expect(page.contains("<script>window.vegaEmbed = \"<\\/script><\\!-- a library -->\";</script>"))
        try folder.write("alert(1)", to: "other.js")
        let wrong = try folder.run(["report", "s.csv", "-o", "w.html", "--chart-library", "other.js"])
        #expect(wrong.status == 65 && wrong.standardError.contains("other.js: it is no chart library"))
        let missing = try folder.run(["report", "s.csv", "-o", "w.html", "--chart-library", "none.js"])
        #expect(missing.status == 66 && !folder.contains("w.html"))
    }

    @Test func libraryIsFoundByItsFolder() throws {
        try folder.write("window.vegaEmbed = 'of the folder';", to: "vega-lite.js")
        let run = try folder.run(["report", "s.csv", "-o", "found.html"], environment: ["FOURTHROOT_SHARE": folder.path])
        #expect(run.status == 0 && run.standardError.isEmpty)
        #expect(try folder.text("found.html").contains("of the folder"))
    }

    @Test func reportWithoutLibrarySaysSo() throws {
        let run = try folder.run(
            ["report", "s.csv", "-o", "still.html"], environment: ["FOURTHROOT_SHARE": folder.path("none")])
        #expect(run.status == 0 && run.standardError.contains("scripts/fetch-chart-library"))
        let tables = try #require(try data(folder.text("still.html"))["tables"] as? [[String: Any]])
        #expect(tables.count == 1)
    }

    @Test func refusals() throws {
        try folder.write("nothing", to: "there.html")
        try folder.write("source,matrix,order,statistic,root,statistic_bytes,root_bytes,nre\n", to: "empty.csv")
        for (arguments, status, words) in [
            (["s.csv", "-o", "there.html"], 73, "it exists"), (["s.csv", "-o", "s.csv", "--force"], 73, "it is an input"),
            (["none.csv", "-o", "x.html"], 66, "none.csv"), (["empty.csv", "-o", "x.html"], 65, "no rows"),
            (["s.csv", "s.csv", "-o", "x.html"], 64, "given twice"), (["s.csv"], 64, "--output"),
        ] as [([String], Int32, String)] {
            let run = try folder.run(["report"] + arguments)
            #expect(run.status == status && run.standardError.contains(words), "\(arguments): \(run.standardError)")
        }
        #expect(!folder.contains("x.html"))
        #expect(try folder.text("there.html") == "nothing")
    }
}
