import Foundation
import Testing

/// `fourthroot plot`: what it draws, read from the script that a stand-in for gnuplot receives, and figures by gnuplot itself.
@Suite struct PlotTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    static let hasGnuplot = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot")
    }

    static let studyHeader =
        "source,matrix,order,condition_number,contraction,statistic,root,codebook,bits,block,rectify,solver,damping,exponent,"
        + "statistic_bytes,root_bytes,bits_per_entry,nre,angle_degrees,nre_offdiagonal,angle_offdiagonal_degrees,"
        + "orthogonality_defect,minimum_eigenvalue,outcome,reference,reference_residual,seconds\n"

    /// A row of the study with the fields that figures show.
    static func row(
        matrix: String = "A", contraction: String = "", _ statistic: String, _ root: String, bits: String = "4",
        bytes: (String, String) = ("50", "400"), bitsPerEntry: String = "18", nre: String, angle: String = "1"
    ) -> String {
        "f.h5,\(matrix),10,100,\(contraction),\(statistic),\(root),linear-2,\(bits),64,,eigen,0.0,0.25,\(bytes.0),\(bytes.1),"
            + "\(bitsPerEntry),\(nre),\(angle),1,1,,1,ok,gsl,1e-15,0.1\n"
    }

    private let copyingScript = "cat; echo \"</svg>\""

    /// Draws with a stand-in that copies its script into the figure.
    private func script(_ csv: String, _ options: [String] = []) throws -> String {
        let run = try runWithStandIn(copyingScript, csv, options)
        try #require(run.status == 0, "\(run.standardError)")
        return try folder.text("out.svg")
    }

    private func runWithStandIn(_ body: String, _ csv: String, _ options: [String] = []) throws -> ProgramRun {
        // Written by a process that has ended: a file that this one writes may be open, inherited, in a child that another
        // test starts at that moment, and could then not be run.
        let writing = "mkdir -p bin && printf '#!/bin/sh\\n%s\\n' \"$1\" > bin/gnuplot && chmod 755 bin/gnuplot"
        try #require(try folder.runOther(["sh", "-c", writing, "sh", body]).status == 0)
        try folder.write(csv, to: "in.csv")
        let path = folder.path("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        return try folder.run(["plot", "in.csv", "-o", "out.svg"] + options, environment: ["PATH": path])
    }

    /// The numbers of the data blocks of a kind, in order.
    private func curves(_ script: String, of kind: String = "$curve") -> [[[Double]]] {
        var result: [[[Double]]] = []
        var isInside = false
        for line in script.split(separator: "\n") {
            if line.hasPrefix(kind), line.hasSuffix("<< END") {
                (isInside, result) = (true, result + [[]])
            } else if line == "END" {
                isInside = false
            } else if isInside {
                result[result.count - 1].append(line.split(separator: " ").compactMap { Double($0) })
            }
        }
        return result
    }

    /// Means over the seeds that both schemes have: seed 1 is left out.
    @Test func trainingsAreComparedOnTheSameSeeds() throws {
        let text = try script(
            """
            network,scheme,seed,step,loss,validation_loss
            gpt,a,0,50,3,2.5
            gpt,a,1,50,3,9.5
            gpt,b,0,50,3,2.25
            gpt,b,0,100,3,
            """ + "\n")
        #expect(text.contains("50.0 2.5\n") && text.contains("50.0 2.25\n") && !text.contains("9.5"))
        #expect(text.contains("Validation loss of gpt, mean over one seed"))
    }

    @Test func aLogShowsItsOwnAndTheValidationLoss() throws {
        let text = try script("step,epoch,loss,accuracy,validation_loss\n1,1,3.5,0,\n2,1,3.25,0,3.75\n")
        #expect(text.contains("1.0 3.5\n2.0 3.25\n") && text.contains("2.0 3.75\n"))
    }

    /// A line a case and a panel a matrix, the columns that differ in the legend.
    @Test func recodingOverUpdates() throws {
        var csv = "source,matrix,order,exponent,statistic,root,leak,rounding,update,statistic_nre,nre\n"
        for matrix in ["A", "B"] {
            for (leak, error) in [("0.25", 0.01), ("0.0", 0.02)] {
                for update in 1...2 {
                    csv += "f.h5,\(matrix),8,0.25,deflated,shared,\(leak),,\(update),0.5,\(error * Double(update))\n"
                }
            }
        }
        let script = try script(csv)
        let expected = [[[1, 0.01], [2, 0.02]], [[1, 0.02], [2, 0.04]]]
        #expect(curves(script) == expected + expected)
        for label in ["deflated/shared, leak 0.25", "deflated/shared, leak 0", "NRE of A^{−1/4}", "update"] {
            #expect(script.contains(label), "\(label)")
        }
    }

    /// 8·50/10² = 4 bits for a statistic, 8·100/10² = 8 for a root, both sides' own figure where both are coded;
    /// √(0.1·0.4) = 0.2 is the median over two matrices. Exact against exact is no storage.
    @Test func errorAgainstBits() throws {
        var csv = PlotTests.studyHeader
        for (matrix, factor) in [("A", 1.0), ("B", 4.0)] {
            csv += PlotTests.row(matrix: matrix, "exact", "exact", bits: "", nre: "1e-16")
            csv += PlotTests.row(matrix: matrix, "full", "exact", bits: "8", bytes: ("100", "400"), nre: "\(0.01 * factor)")
            csv += PlotTests.row(matrix: matrix, "full", "exact", nre: "\(0.1 * factor)")
            csv += PlotTests.row(matrix: matrix, "exact", "full", bytes: ("400", "100"), nre: "\(0.2 * factor)")
            csv += PlotTests.row(
                matrix: matrix, "full", "full", bits: "3", bitsPerEntry: "3.5", nre: matrix == "A" ? "" : "0.3")
        }
        let script = try script(csv)
        let found = curves(script)
        #expect(found.count == 2)
        #expect(found.first?.map { $0[0] } == [4, 8])
        for (point, expected) in zip(found.first ?? [], [0.2, 0.02]) {
            #expect((point[1] / expected - 1).magnitude < 1e-14)
        }
        #expect(found.last?.first?.first == 8)
        #expect(script.contains("set logscale y"))
        #expect(script.contains("'NRE of A^{−1/4}' enhanced"))
        #expect(script.contains("median over 2 matrices"))
    }

    /// The bits of a root that are its statistic's go without saying, and those that are not are told of that curve alone.
    @Test func theBitsOfSomeRootsAreNotThoseOfAll() throws {
        try folder.write([("a", try geometricMatrix(order: 16))], to: "a.h5")
        let csv = try folder.succeed(["recode", "a.h5", "--quiet", "--updates", "2"]).standardOutput
        let script = withoutEscapes(try script(csv))
        #expect(script.contains("\"householder/symmetric, linear-1.5, 5 bits, root's 4 bits\""), "\(script)")
        #expect(script.contains("'householder/symmetric, linear-1.5, 8 bits'"))
        #expect(script.contains("· root's linear-2 ·"))
        #expect(!script.contains("· root's block") && !script.contains("· root's 4 bits"))
    }

    /// What a text with quotation marks says, whose bytes are written in octal.
    private func withoutEscapes(_ script: String) -> String {
        var (bytes, rest) = ([UInt8](), Array(script.utf8)[...])
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            guard byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(code)
            rest = rest.dropFirst(3)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A row tells a point of the bound: its error, and its bits less the distance. A's points lie at 3 and 6 bits, B's at 2 and 6,
    /// between which the logarithm is linear: 0.2/10^¼ at 3. The mean is over both; a pair of states has half the bits a side.
    @Test func errorAgainstBitsBesideTheBound() throws {
        var csv = PlotTests.studyHeader.dropLast() + ",bits_to_bound\n"
        func add(_ row: String, _ distance: String) { csv += row.dropLast() + ",\(distance)\n" }
        add(PlotTests.row("full", "exact", nre: "0.1"), "1.0")
        add(PlotTests.row("full", "exact", bits: "8", bytes: ("100", "400"), nre: "0.01"), "2.0")
        add(PlotTests.row(matrix: "B", "full", "exact", nre: "0.2"), "2.0")
        add(PlotTests.row(matrix: "B", "full", "exact", bits: "8", bytes: ("100", "400"), nre: "0.02"), "2.0")
        let single = try script(String(csv))
        let bound = [[3, (0.1 * 0.2 / pow(10, 0.25)).squareRoot()], [6, (0.01 * 0.02).squareRoot()]]
        expectClose(curves(single).last, bound)
        #expect(curves(single).count == 2 && single.contains("'Shannon bound'"))
        // 2·5 bits for both states, less 4 for the bound.
        for matrix in ["A", "B"] {
            add(PlotTests.row(matrix: matrix, "full", "full", bits: "5", bitsPerEntry: "5", nre: "0.05"), "")
        }
        let both = try curves(script(String(csv), ["--force"]))
        #expect(both.count == 4)
        // The panel of the statistics alone, then that of the pairs.
        expectClose(both[1], bound)
        expectClose(both.last, bound.map { [$0[0] / 2, $0[1]] })
        // Two exponents have two bounds.
        let other = csv.replacing(",0.0,0.25,50,", with: ",0.0,0.5,50,")
        #expect(try !script(String(other), ["--force"]).contains("Shannon"))
    }

    private func expectClose(_ found: [[Double]]?, _ expected: [[Double]]) {
        #expect(found?.count == expected.count)
        for (a, b) in zip(found ?? [], expected) {
            for (x, y) in zip(a, b) { #expect((x / y - 1).magnitude < 1e-14) }
        }
    }

    /// What an error or a budget aims at is joined like bits, and tells no curve from another.
    @Test func budgetsAreJoined() throws {
        let header = PlotTests.studyHeader.dropLast() + ",target_bits_per_entry,leak\n"
        let rows = [("1.0", "25", "0.1"), ("2.0", "50", "0.01")].map { budget, bytes, nre in
            PlotTests.row("deflated", "exact", bits: "", bytes: (bytes, "400"), nre: nre).dropLast() + ",\(budget),0.0\n"
        }
        #expect(try curves(script(header + rows.joined())) == [[[2, 0.1], [4, 0.01]]])
    }

    /// With the same bits throughout, the blocks of a storage are joined.
    @Test func errorAgainstBlocks() throws {
        let rows = [("64", "45"), ("16", "60")].map { block, bytes in
            PlotTests.row("full", "exact", bytes: (bytes, "400"), nre: "0.\(block)").replacing(",4,64,", with: ",4,\(block),")
        }
        #expect(try curves(script(PlotTests.studyHeader + rows.joined())) == [[[3.6, 0.64], [4.8, 0.16]]])
    }

    @Test func errorAgainstContraction() throws {
        var csv = PlotTests.studyHeader
        for (contraction, nre) in [("0.0", "0.5"), ("-10.0", "0.25"), ("-20.0", "0.125")] {
            csv += PlotTests.row(contraction: contraction, "full", "exact", nre: nre, angle: "3\(contraction.count)")
        }
        let script = try script(csv)
        let constant: [[Double]] = [[-20, 1], [-10, 1], [0, 1]]
        #expect(
            curves(script) == [
                [[-20, 0.125], [-10, 0.25], [0, 0.5]], [[-20, 35], [-10, 35], [0, 33]], constant, constant,
            ])
        #expect(script.contains("'condition number' noenhanced") && script.contains("'NRE off the diagonal' noenhanced"))
    }

    /// The median where every matrix has the case, √(0.5·0.125); each matrix pale.
    @Test func errorByCase() throws {
        let csv =
            PlotTests.studyHeader + PlotTests.row("full", "exact", nre: "0.5")
            + PlotTests.row("symmetric", "exact", nre: "0.25")
            + PlotTests.row(matrix: "B", "full", "exact", nre: "0.125")
        let script = try script(csv)
        #expect(curves(script).count == 1)
        expectClose(curves(script).first, [[0.25, 1]])
        #expect(curves(script, of: "$pale") == [[[0.5, 1], [0.125, 1]], [[0.25, 0]]])
        #expect(script.contains("'symmetric' noenhanced") && script.contains("'' 0.0 0"))
    }

    @Test func spectrum() throws {
        let script = try script(
            """
            source,matrix,order,statistic,codebook,bits,block,rectify,index,singular_value
            f.h5,A,2,exact,,,,,0,4
            f.h5,A,2,exact,,,,,1,1
            f.h5,A,2,full,linear-2,4,64,,0,4.5
            f.h5,A,2,full,linear-2,4,64,,1,0

            """)
        #expect(curves(script) == [[[0, 4], [1, 1]], [[0, 4.5]]])
    }

    @Test func orthogonality() throws {
        let script = try script(
            """
            source,matrix,order,codebook,bits,block,steps,exponent,mean_error,orthogonality_defect
            f.h5,A,2,linear-2,4,64,0,1.0,0.5,0.1
            f.h5,A,2,linear-2,4,64,0,0.25,,0.1
            f.h5,A,2,linear-2,4,64,1,1.0,0.25,0.1
            f.h5,A,2,linear-2,4,64,1,0.25,0.125,0.1

            """)
        #expect(curves(script) == [[[0, 0.5], [1, 0.25]], [[1, 0.125]]])
        #expect(script.contains("title 's = −0.25'"))
    }

    @Test func codebook() throws {
        #expect(try curves(script("code,value,midpoint\n0,-1.0,-0.5\n1,0,\n")) == [[[0, -1], [1, 0]]])
        let curve = try script("x,value\n-1,-0.5\n1,0.5\n", ["--force"])
        #expect(curves(curve) == [[[-1, -1], [1, 1]], [[-1, -0.5], [1, 0.5]]])
    }

    @Test func chosenColumns() throws {
        let script = try script(
            "t,loss,run\n2,0.5,a\n1,1,a\n1,3,b\n",
            ["--x", "t", "--y", "loss", "--series", "run", "--log", "y", "--title", "it's {/:Bold 100%}"])
        #expect(curves(script) == [[[2, 0.5], [1, 1]], [[1, 3]]])
        // "it's" and the rest in octal: nothing is left that gnuplot could expand.
        #expect(
            script.contains(
                #"set label 1 "\151\164\047\163\040\173\057\072\102\157\154\144\040\061\060\060\045\175" noenhanced"#))
    }

    /// Six panels at most: more matrices share one, with their median and the band of the middle half of them.
    @Test func manyMatrices() throws {
        var csv = PlotTests.studyHeader
        for matrix in 1...9 {
            for contraction in ["0", "-1"] {
                csv += PlotTests.row(matrix: "M\(matrix)", contraction: contraction, "full", "exact", nre: "0.\(matrix)")
            }
        }
        let run = try runWithStandIn(copyingScript, csv)
        #expect(run.status == 0 && run.standardError.contains("--matrix"))
        let script = try folder.text("out.svg")
        #expect(curves(script) == [[[-1, 0.5], [0, 0.5]]])
        #expect(curves(script, of: "$band") == [[[-1, 0.3, 0.7], [0, 0.3, 0.7]]])
        #expect(script.contains("median over 9 layers, band: the middle half of them"))
        #expect(try curves(self.script(csv, ["--force", "--matrix", "M7", "--matrix", "M8"])).count == 2)
    }

    /// Of figures with a panel a matrix without a common axis six are drawn; the rest is named on standard error.
    @Test func tooManyMatrices() throws {
        let rows = (1...8).map { "f.h5,M\($0),2,exact,0,4\nf.h5,M\($0),2,exact,1,1\n" }
        let run = try runWithStandIn(
            copyingScript, "source,matrix,order,statistic,index,singular_value\n" + rows.joined())
        #expect(run.status == 0 && run.standardError.contains("left out: M7, M8"))
        #expect(try curves(folder.text("out.svg")).count == 6)
    }

    /// Every word of the file that gnuplot sees stands in single quotes, on one line, without markup.
    @Test(.enabled(if: hasGnuplot, "needs gnuplot")) func hostileNames() throws {
        let name =
            "\"<script>&a_b^{c}'\"\"\\n`touch stolen`$(touch stolen) %d %s @x\u{7}\nsystem('touch stolen')\n'; system \"\"touch stolen\"\" #\""
        let csv =
            PlotTests.studyHeader
            + (["full", "symmetric"].map { PlotTests.row(matrix: name, "\(name.dropLast())\($0)\"", "exact", nre: "0.5") })
            .joined()
            + PlotTests.row(matrix: "B", "full", "exact", nre: "0.5")
        try folder.write(csv, to: "in.csv")
        try folder.succeed(["plot", "in.csv", "-o", "out.svg"])
        #expect(try folder.names == ["in.csv", "out.svg"])
        let svg = try folder.text("out.svg")
        #expect(svg.contains("`touch stolen`"))
        #expect(svg.contains("&lt;script") && !svg.contains("<script"))
        #expect(hasMatchingTags(svg))
    }

    @Test(.enabled(if: hasGnuplot, "needs gnuplot")) func realFigures() throws {
        try folder.write("code,value,midpoint\n0,-1.0,-0.5\n1,0,\n", to: "in.csv")
        try folder.succeed(["plot", "in.csv", "-o", "out.SVG"])
        #expect(try folder.text("out.SVG").hasSuffix("</svg>\n\n"))
        try folder.succeed(["plot", "in.csv", "-o", "out.png"])
        let png = try folder.data("out.png")
        // The signature in front and the closing chunk at the end.
        #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        #expect(png.suffix(8) == Data([0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]))
        #expect(try folder.names == ["in.csv", "out.SVG", "out.png"])
    }

    static let wrongFiles: [(csv: String, words: [String])] = [
        ("", ["empty"]), ("\n", ["empty"]), (studyHeader, ["no rows"]), ("a,b\n1,2\n", ["header", "--x"]),
        ("\"a,b\n", ["record 1"]), ("code,code,value\n1,2,3\n", ["'code'", "twice"]),
        ("code,value\n1\n", ["record 2", "1 fields"]), ("code,value\n1,2,3\n", ["record 2", "3 fields"]),
        ("code,value\n0,1\n1,one\n", ["record 3", "'value'", "'one'"]), ("code,value\n0,nan\n", ["record 2", "'nan'"]),
        ("code,value\n0,inf\n", ["record 2", "'inf'"]), ("code,value\n0,\n", ["no points"]),
        ("matrix,nre\nA,1\n", ["'contraction' is unknown"]),
        (studyHeader + row("full", "exact", nre: "small"), ["record 2", "'nre'", "'small'"]),
        (studyHeader + row("full", "exact", bytes: ("", "1"), nre: "1"), ["record 2", "'statistic_bytes'", "empty"]),
        (studyHeader + row("full", "exact", nre: ""), ["no case"]),
        (studyHeader + row("full", "exact", nre: "0"), ["no case"]),
    ]

    @Test(arguments: wrongFiles) func wrongFile(_ csv: String, _ words: [String]) throws {
        try folder.write(csv, to: "in.csv")
        try folder.expectRefusal(["plot", "in.csv", "-o", "out.svg"], status: 65, words: ["in.csv"] + words)
    }

    @Test func notText() throws {
        try folder.write(Data([0x63, 0xFF, 0xFE, 0x0A]), to: "in.csv")
        try folder.expectRefusal(["plot", "in.csv", "-o", "out.svg"], status: 65, words: ["in.csv", "UTF-8"])
    }

    static let wrongUses: [(options: [String], status: Int32, word: String)] = [
        (["none.csv", "-o", "out.svg"], 66, "none.csv"), (["in.csv"], 64, "output"),
        (["in.csv", "-o", "out.eps"], 64, "out.eps"), (["in.csv", "-o", "out.svg", "--kind", "pareto"], 65, "study"),
        (["in.csv", "-o", "out.svg", "--width", "85 parsec"], 64, "85 parsec"),
        (["study.csv", "-o", "out.svg", "--where", "bits=9"], 66, "bits=9"),
        (["study.csv", "-o", "out.svg", "--height", "41mm", "--kind", "pareto"], 64, "mm at this width"),
        (["in.csv", "-o", "svg"], 64, "svg"), (["in.csv", "-o", "out.svg", "--x", "code"], 64, "--y"),
        (["in.csv", "-o", "out.svg", "--series", "code"], 64, "--x"),
        (["in.csv", "-o", "out.svg", "--x", "code", "--y", "value", "--log", "z"], 64, "z"),
        (["in.csv", "-o", "out.svg", "--x", "code", "--y", "height"], 65, "height"),
        (["in.csv", "-o", "none/out.svg"], 73, "none"), (["in.csv", "-o", "there.svg"], 73, "--force"),
        (["study.csv", "-o", "out.svg", "--matrix", "Z*"], 66, "Z*"),
    ]

    @Test(arguments: wrongUses) func wrongUse(_ options: [String], _ status: Int32, _ word: String) throws {
        try folder.write("code,value\n0,-1\n1,1\n", to: "in.csv")
        try folder.write(PlotTests.studyHeader + PlotTests.row("full", "exact", nre: "1"), to: "study.csv")
        try folder.write("kept", to: "there.svg")
        try folder.expectRefusal(["plot"] + options, status: status, words: [word])
        #expect(try folder.text("there.svg") == "kept")
    }

    @Test func gnuplotFails() throws {
        let csv = "code,value\n0,-1\n1,1\n"
        try folder.write("kept", to: "out.svg")
        let run = try runWithStandIn("echo '<svg>'; echo 'line 7: it is broken' >&2; exit 3", csv, ["--force"])
        #expect(run.status == 70)
        #expect(run.standardError.contains("line 7: it is broken"))
        #expect(try folder.text("out.svg") == "kept")
        let silent = try runWithStandIn("exit 0", csv, ["--force"])
        #expect(silent.status == 70)
        #expect(try folder.names == ["bin", "in.csv", "out.svg"])
    }

    /// A gnuplot without the terminal of a format: what to do.
    @Test func terminalMissing() throws {
        let words = "unknown or ambiguous terminal name; type just 'set terminal' for a list"
        let run = try runWithStandIn("echo \"\(words)\" >&2; exit 1", "code,value\n0,-1\n1,1\n")
        #expect(run.status == 70 && run.standardError.contains("apt-get install gnuplot-nox"), "\(run)")
    }

    /// A figure that ends before its format says so, although gnuplot is content.
    @Test(arguments: ["echo \"<svg>\"", "cat"]) func figureCutShort(_ body: String) throws {
        try folder.write("kept", to: "out.svg")
        let run = try runWithStandIn(body, "code,value\n0,-1\n1,1\n", ["--force"])
        #expect(run.status == 70 && run.standardError.contains("cut short"), "\(run)")
        #expect(try folder.text("out.svg") == "kept")
        #expect(try folder.names == ["bin", "in.csv", "out.svg"])
    }

    /// More words than a pipe holds do not make it wait.
    @Test func gnuplotHasMuchToSay() throws {
        let run = try runWithStandIn("head -c 300000 /dev/zero >&2; \(copyingScript)", "code,value\n0,-1\n1,1\n")
        #expect(run.status == 0, "\(run.status ?? -1)")
    }

    @Test(.enabled(if: SmallDisk.isPermitted && hasGnuplot), arguments: ["svg", "png"])
    func fullDisk(_ format: String) throws {
        try folder.write("code,value,midpoint\n0,-1.0,-0.5\n1,0,\n", to: "in.csv")
        let disk = try SmallDisk(kibibytes: 8, in: folder)
        try folder.write("kept", to: "disk/out.\(format)")
        let run = try folder.run(["plot", "in.csv", "-o", "disk/out.\(format)", "--force"])
        #expect(run.status == 74 && run.standardError.contains("No space left"), "\(run)")
        #expect(try disk.names == ["out.\(format)"] && folder.text("disk/out.\(format)") == "kept")
    }

    /// A singular matrix has no error in any case: the means are over the others, √(0.1·0.4) = 0.2, and a note names it.
    @Test func singularMatrix() throws {
        var csv = PlotTests.studyHeader
        for (matrix, factor) in [("A", 1.0), ("B", 4.0)] {
            csv += PlotTests.row(matrix: matrix, "full", "exact", bits: "8", bytes: ("100", "400"), nre: "\(0.01 * factor)")
            csv += PlotTests.row(matrix: matrix, "full", "exact", nre: "\(0.1 * factor)")
        }
        csv += PlotTests.row(matrix: "singular", "full", "exact", bits: "8", bytes: ("100", "400"), nre: "")
        csv += PlotTests.row(matrix: "singular", "full", "exact", nre: "")
        // Coded without any error, which a logarithm cannot show either.
        csv += PlotTests.row(matrix: "identity", "full", "exact", bits: "8", bytes: ("100", "400"), nre: "0.0")
        csv += PlotTests.row(matrix: "identity", "full", "exact", nre: "0.0")
        let run = try runWithStandIn(copyingScript, csv)
        #expect(run.status == 0 && run.standardError.contains("singular, identity"), "\(run)")
        let found = try curves(folder.text("out.svg"))
        #expect(found.count == 1 && found.first?.map { $0[0] } == [4, 8])
        for (point, expected) in zip(found.first ?? [], [0.2, 0.02]) {
            #expect((point[1] / expected - 1).magnitude < 1e-14)
        }
    }

    @Test func memoryAndBenchmark() throws {
        let memory = try script(
            "model,layer,parameters,gradients,first_order,statistics,roots,total\nm,total,40,40,80,0,20,180\n")
        #expect(curves(memory) == [[[40, 0]], [[40, 0]], [[80, 0]], [[20, 0]], [[180, 0]]])
        let benchmark = try script("what,seconds,minimum_seconds,maximum_seconds\nstudy,2,1,4\ngsl,3,3,3\n", ["--force"])
        #expect(curves(benchmark) == [[[1, 1], [3, 0]], [[2, 1], [3, 0]], [[4, 1], [3, 0]]])
    }

    /// Quotes at the beginning and doubled ones are what gnuplot takes for the end of a string.
    @Test(.enabled(if: hasGnuplot), arguments: ["'90s", "a''b", "'", "''", "'x'", "\\'", "`touch stolen`'"])
    func quotes(_ title: String) throws {
        try folder.write("x,y,s\n1,2,\(title)\n2,3,\(title)\n1,1,r\n", to: "in.csv")
        try folder.succeed(["plot", "in.csv", "-o", "out.svg", "--x", "x", "--y", "y", "--series", "s", "--title", title])
        let svg = try folder.text("out.svg")
        #expect(svg.contains(">\(title)<") && svg.contains(">s \(title)<"))
        #expect(try folder.names == ["in.csv", "out.svg"])
    }

    @Test func gnuplotMissing() throws {
        try folder.write("code,value\n0,-1\n1,1\n", to: "in.csv")
        let run = try folder.run(["plot", "in.csv", "-o", "out.svg"], environment: ["PATH": folder.path("nowhere")])
        #expect(run.status == 70)
        #expect(run.standardError.contains("gnuplot is not installed: apt-get install gnuplot-nox"))
        #expect(try folder.names == ["in.csv"])
    }
}

/// Whether each closing tag of an XML text closes the tag opened last, and none stays open.
private func hasMatchingTags(_ text: String) -> Bool {
    var open: [Substring] = []
    for piece in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
        guard let end = piece.firstIndex(of: ">") else { return false }
        let tag = piece[..<end]
        if tag.hasPrefix("?") || tag.hasPrefix("!") || tag.hasSuffix("/") { continue }
        let name = tag.drop { $0 == "/" }.prefix { !$0.isWhitespace }
        if tag.hasPrefix("/") {
            guard open.popLast() == name else { return false }
        } else {
            open.append(name)
        }
    }
    return open.isEmpty
}
