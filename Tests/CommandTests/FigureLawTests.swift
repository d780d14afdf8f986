import Foundation
import Testing

/// What every figure must keep, read from the SVG that gnuplot draws.
@Suite(.enabled(if: PlotTests.hasGnuplot, "needs gnuplot")) struct FigureLawTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func drawn(_ csv: String, _ options: [String] = [], name: String = "in") throws -> DrawnFigure {
        try folder.write(csv, to: "\(name).csv")
        try folder.succeed(["plot", "\(name).csv", "-o", "\(name).svg", "--force"] + options)
        return DrawnFigure(try folder.text("\(name).svg"))
    }

    /// Every storage with 2 to 8 bits on three matrices, with errors that a law of the test makes.
    private static let study: String = {
        var csv = PlotTests.studyHeader
        let storages = [
            "full", "offdiagonal", "symmetric", "eigenvector", "householder", "cholesky", "ldlt", "inverse-root", "deflated",
        ]
        let cases =
            storages.map { ($0, "exact") } + ["full", "offdiagonal", "symmetric"].map { ("exact", $0) }
            + [("eigenvector", "offdiagonal"), ("householder", "symmetric"), ("inverse-root", "shared"), ("novel", "other")]
        for matrix in ["layers.0.attention.weight/left", "layers.1.feed_forward.weight/right", "B"] {
            for (position, pair) in cases.enumerated() {
                for bits in 2...8 {
                    let error = pow(2, -Double(bits)) * (1 + 0.3 * Double((position * 7 + bits * 3) % 5)) / Double(matrix.count)
                    let bytes = Double(bits * 13 + position)
                    csv += PlotTests.row(
                        matrix: matrix, pair.0, pair.1, bits: "\(bits)",
                        bytes: (pair.0 == "exact" ? "400" : "\(bytes)", pair.1 == "exact" ? "400" : "\(bytes)"),
                        bitsPerEntry: "\(bytes * 0.08)", nre: "\(error)")
                }
            }
        }
        return csv
    }()

    private static let dump: String = {
        var csv = PlotTests.studyHeader
        for step in ["00000100", "00000200", "00000300"] {
            for (layer, weight) in [
                "blocks.0.attention.output.weight/0_0/left", "blocks.0.a/0_1/right", "head.weight/0_0/left",
            ]
            .enumerated() {
                for (position, storage) in ["offdiagonal", "eigenvector", "householder"].enumerated() {
                    csv += PlotTests.row(
                        matrix: "steps/\(step)/\(weight)/statistic", storage, "exact",
                        nre: "\(pow(0.3, Double(position)) * (1 + Double(layer)) * (Double(step) ?? 1) / 1000)")
                }
            }
        }
        return csv
    }()

    private static let log: String = {
        var csv = "network,scheme,seed,step,loss,validation_loss\n"
        for (position, scheme) in ["first-order", "32-bit", "naive-4", "eigenvector-4", "householder-8"].enumerated() {
            for seed in 0...2 {
                for step in [50, 100, 150] {
                    let loss = 2.5 - Double(step) / 200 + 0.001 * Double(position) + 0.01 * Double(seed)
                    csv += "gpt,\(scheme),\(seed),\(step),3,\(loss)\n"
                }
            }
        }
        return csv
    }()

    private static let contraction = (0...20).reduce(PlotTests.studyHeader) { csv, step in
        csv
            + ["full", "eigenvector"].map {
                PlotTests.row(
                    contraction: "-\(step)", $0, "exact", nre: "\(pow(0.7, Double(step)) + ($0 == "full" ? 0 : 1e-3))"
                )
                .replacing(",100,-", with: ",\(1 + 1e5 * pow(0.5, Double(step))),-")
            }.joined()
    }

    private static let memory: String = {
        var csv = "scheme,model,layer,parameters,first_order,preconditioners,published_mib\n"
        for (position, model) in ["resnet34", "swin-tiny", "llama-2-7b"].enumerated() {
            for (order, scheme) in ["exact exact", "householder symmetric bits 8"].enumerated() {
                csv += "\(scheme),\(model),total,1000,2000,\(1_000_000 * (1 + position * 40) * (8 - 7 * order)),\n"
            }
        }
        return csv
    }()

    static let figures: [(name: String, csv: String, options: [String])] = [
        ("pareto", study, []), ("cases", study, ["--kind", "cases", "--where", "bits=4,8"]),
        ("heat map", study, ["--kind", "heat-map", "--where", "bits=4"]), ("steps", dump, ["--kind", "steps"]),
        ("steps of a layer", dump, ["--kind", "steps", "--matrix", "*head*"]), ("layers", dump, ["--kind", "heat-map"]),
        ("training", log, []), ("contraction", contraction, []), ("memory", memory, []),
        ("benchmark", "what,seconds,minimum_seconds,maximum_seconds\nencode,2e-3,1e-3,4e-3\nlonger name,3e-4,3e-4,3e-4\n", []),
        ("curve", "x,value\n-1,-0.5\n0,0\n1,0.5\n", []),
    ]

    /// No label leaves the canvas or meets another, on a page and in the column of a paper, where letters have 7 points at least.
    @Test(arguments: figures.indices, [[], ["--width", "85mm"], ["--width", "7in", "--title", "A title of one's own"]])
    func labelsHaveRoom(_ index: Int, _ size: [String]) throws {
        let (name, csv, options) = FigureLawTests.figures[index]
        let figure = try drawn(csv, options + size)
        #expect(figure.labels.count > 4, "\(name)")
        for label in figure.labels {
            #expect(
                label.canvas.left >= -0.5 && label.canvas.right <= figure.width + 0.5 && label.canvas.top >= -0.5
                    && label.canvas.bottom <= figure.height + 0.5,
                "\(name) \(size): '\(label.text)' leaves the canvas: \(label) of \(figure.width) × \(figure.height)")
            if size.first == "--width" { #expect(label.size >= 9.33, "\(name): '\(label.text)' has \(label.size) pixels") }
        }
        for (position, first) in figure.labels.enumerated() {
            for second in figure.labels[(position + 1)...] where first.overlaps(second) {
                Issue.record("\(name) \(size): '\(first.text)' and '\(second.text)' overlap: \(first) \(second)")
            }
        }
    }

    @Test func theSizeIsThatAskedFor() throws {
        let svg = try drawn(FigureLawTests.contraction, ["--width", "85mm", "--height", "170mm"]).text
        #expect(svg.contains(" width=\"85mm\" height=\"170mm\"") && svg.contains("viewBox=\"0 0 321 643\""))
        #expect(try drawn(FigureLawTests.contraction, ["--width", "3.5"]).text.contains(" width=\"3.5in\""))
        try folder.succeed(["plot", "in.csv", "-o", "out.pdf", "--width", "85mm", "--height", "170mm"])
        let pdf = String(decoding: try folder.data("out.pdf"), as: Unicode.ASCII.self)
        // 85 and 170 mm in points.
        #expect(pdf.hasPrefix("%PDF-") && pdf.contains("%%EOF"))
        let box = try #require(pdf.firstMatch(of: /MediaBox \[ *0 0 ([0-9.]+) ([0-9.]+) *\]/))
        #expect(abs((Double(box.1) ?? 0) - 85 / 25.4 * 72) < 1 && abs((Double(box.2) ?? 0) - 170 / 25.4 * 72) < 1)
    }

    private static let hasTextOfPDF = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/pdftotext")
    }

    /// The words of a PDF lie on its page, and letters have the size that they have in the SVG: 9.4 pixels are 7.05 points.
    @Test(.enabled(if: hasTextOfPDF, "needs pdftotext")) func wordsOfPDF() throws {
        try folder.write(FigureLawTests.study, to: "in.csv")
        try folder.succeed(["plot", "in.csv", "-o", "out.pdf", "--width", "85mm"])
        let read = try folder.runOther(["pdftotext", "-bbox", "out.pdf", "-"])
        let page = try #require(read.standardOutput.firstMatch(of: /<page width="([0-9.]+)" height="([0-9.]+)">/))
        let (width, height) = (Double(page.1) ?? 0, Double(page.2) ?? 0)
        var count = 0
        let pattern = /<word xMin="([0-9.-]+)" yMin="([0-9.-]+)" xMax="([0-9.-]+)" yMax="([0-9.-]+)">(.*?)<\/word>/
        for match in read.standardOutput.matches(of: pattern) {
            let box = [match.1, match.2, match.3, match.4].map { Double($0) ?? -1 }
            #expect(box[0] >= 0 && box[1] >= -1 && box[2] <= width && box[3] <= height + 1, "\(match.5): \(box)")
            // The advances of its letters in DejaVu Sans, over 2048.
            if match.5 == "householder" { #expect(abs((box[2] - box[0]) / 7.05 - 6.2) < 0.2, "\(box)") }
            count += 1
        }
        #expect(count > 40)
    }

    /// One color and mark a storage, whatever else a figure shows; also of one that the table of styles does not have.
    @Test func aStorageKeepsItsColor() throws {
        let pareto = try drawn(FigureLawTests.study)
        let names = ["householder/symmetric", "eigenvector", "novel/other", "root offdiagonal"]
        for options in [["--where", "bits=8"], ["--where", "statistic=householder,eigenvector,novel,exact"]] {
            let other = try drawn(FigureLawTests.study, options + ["--kind", "pareto"], name: "other")
            for name in names {
                let looks = [pareto, other].map { $0.looks(of: name) }
                #expect(!looks[0].isEmpty && looks[0].isSuperset(of: looks[1]), "\(name): \(looks)")
            }
        }
        // The schemes of a training have the colors of their storages.
        let training = try drawn(FigureLawTests.log, name: "log")
        #expect(training.looks(of: "householder-8").contains { $0.contains("86,180,233") })
        #expect(training.looks(of: "eigenvector-4").contains { $0.contains("0,114,178") })
    }

    /// The colors of the storages are apart for eyes without one kind of cones: ΔE of CIE 1976 after the simulation by Machado,
    /// Oliveira and Fernandes (2009), severity 1.
    @Test func colorsAreApartToColorBlindEyes() throws {
        let figure = try drawn(
            FigureLawTests.study, ["--kind", "cases", "--where", "bits=4", "--where", "root=exact", "--matrix", "B"])
        let colors = figure.markColors
        #expect(colors.count == 9)
        let eyes: [(String, [[Double]])] = [
            ("all cones", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
            (
                "protanopia",
                [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
            ),
            (
                "deuteranopia",
                [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
            ),
        ]
        for (eye, matrix) in eyes {
            let seen = colors.map { (color: $0, lab: lab($0, matrix)) }
            for (position, first) in seen.enumerated() {
                for second in seen[(position + 1)...] {
                    let distance = zip(first.lab, second.lab).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
                    #expect(distance > 13, "\(eye): \(first.color) and \(second.color) are \(distance) apart")
                }
            }
        }
    }

    private func lab(_ color: [Double], _ eye: [[Double]]) -> [Double] {
        let linear = color.map { $0 <= 0.04045 * 255 ? $0 / 255 / 12.92 : pow(($0 / 255 + 0.055) / 1.055, 2.4) }
        let seen = eye.map { row in min(max(zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 }, 0), 1) }
        let toXYZ = [
            [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
        ]
        let white = [0.95047, 1, 1.08883]
        let f = zip(toXYZ, white).map { row, white -> Double in
            let t = zip(row, seen).reduce(0) { $0 + $1.0 * $1.1 } / white
            return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116
        }
        return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
    }

    /// What the marks say of themselves is what comparing each with every other gives; equal in no figure here.
    @Test func theParetoFrontIsThatOfEveryComparison() throws {
        let figure = try drawn(FigureLawTests.study, ["--matrix", "B"])
        var cases: [(kind: Int, bits: Double, error: Double, isOnFront: Bool)] = []
        for note in figure.notes {
            guard
                let match = note.firstMatch(
                    of: /^([^,]+), .*: ([0-9.e+-]+) bits per entry, NRE ([0-9.e+-]+), (on the Pareto front|dominated)$/),
                let bits = Double(match.2), let error = Double(match.3)
            else { continue }
            let kind = match.1.hasPrefix("root ") ? 1 : match.1.contains("/") ? 2 : 0
            cases.append((kind, bits, error, match.4 != "dominated"))
        }
        #expect(cases.count == 16 * 7)
        #expect(Set(cases.map(\.isOnFront)).count == 2)
        for own in cases {
            let isDominated = cases.contains {
                $0.kind == own.kind && $0.bits <= own.bits && $0.error <= own.error
                    && ($0.bits < own.bits || $0.error < own.error)
            }
            #expect(own.isOnFront == !isDominated, "\(own)")
        }
    }

    @Test func theFigureSaysWhatItIs() throws {
        let figure = try drawn(FigureLawTests.contraction, ["--title", "<script>alert('x')</script> & \"more\""])
        #expect(figure.text.contains("<title>&lt;script&gt;alert('x')&lt;/script&gt; &amp; &quot;more&quot;</title>"))
        #expect(figure.text.contains("<desc>") && !figure.text.contains("GNUPLOT") && !figure.text.contains("<script"))
        #expect(figure.notes.contains("eigenvector, log₂ τ -20: 0.0018"))
    }

    /// A panel a layer, and in it a curve a storage, by the paths of the dump; the last step as a map.
    @Test func errorsOverSteps() throws {
        let figure = try drawn(FigureLawTests.dump, ["--kind", "steps"])
        for layer in ["blocks.0.attention.output.weight left", "blocks.0.a 0_1 right", "head.weight left"] {
            #expect(figure.labels.contains { $0.text == layer }, "\(layer)")
        }
        #expect(figure.notes.contains("householder, step 200: 0.018"))
        let map = try drawn(FigureLawTests.dump, ["--kind", "heat-map"])
        #expect(map.notes.contains("head.weight left, householder: NRE 0.081"))
        #expect(map.notes.count { $0.contains(": NRE ") } == 9)
        // The columns say the same where a file has them.
        let columns = FigureLawTests.dump.split(separator: "\n").enumerated().map { index, line -> String in
            if index == 0 { return line + ",step,parameter,block_row,block_column,side\n" }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let parts = fields[1].split(separator: "/")
            return line.replacing(fields[1], with: "m\(index)")
                + ",\(Int(parts[1]) ?? 0),\(parts[2]),\(parts[3].prefix(1)),\(parts[3].suffix(1)),\(parts[4])\n"
        }.joined()
        let other = try drawn(columns, ["--kind", "steps"], name: "columns")
        #expect(other.notes == figure.notes && other.labels.map(\.text) == figure.labels.map(\.text))
    }

    /// Files that differ by their seeds are seeds of one training: (2 + 4)/2 = 3 with the range from 2 to 4.
    @Test func seedsInSeveralFiles() throws {
        for (name, loss) in [("a-seed0", 2.0), ("a-seed1", 4.0), ("b-seed0", 1.0), ("b-seed1", 1.5), ("b-seed2", 9.0)] {
            try folder.write("step,epoch,loss,validation_loss\n1,1,7,\n2,1,7,\(loss)\n", to: "\(name).csv")
        }
        let files = try folder.names
        let run = try folder.succeed(["plot"] + files + ["-o", "out.svg"])
        #expect(run.standardError.contains("b seed 2"))
        let figure = DrawnFigure(try folder.text("out.svg"))
        #expect(figure.notes.contains("a, step 2: 3 (2 to 4 over 2 seeds)"))
        #expect(figure.notes.contains("b, step 2: 1.25 (1 to 1.5 over 2 seeds)"))
        #expect(figure.labels.contains { $0.text == "bands: range over the seeds" })
    }
}
