import Foundation
import Testing

/// The memory command: sums, published figures, what fits, and what it refuses.
@Suite struct MemoryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func rows(_ arguments: [String]) throws -> [[String: String]] {
        try StudyTable(folder.succeed(["memory"] + arguments).standardOutput).rows
    }

    private func integer(_ row: [String: String], _ column: String) throws -> Int {
        try #require(Int(row[column] ?? ""), "\(column): \(row[column] ?? "none")")
    }

    @Test func rowsAddUpToTheTotal() throws {
        let all = try rows([
            "--model", "vit-small", "--optimizer", "adamw", "--statistic", "householder", "--root", "symmetric", "--bits", "5",
            "--per-layer",
        ])
        let total = try #require(all.last)
        #expect(total["layer"] == "total" && all.count == 2 + 2 + 12 * 12 + 2 + 2 + 1)
        for column in [
            "entries", "parameters", "gradients", "first_order", "statistic_codes", "statistic_block_maxima",
            "statistic_diagonals", "statistic_signs", "statistic_exact", "root_codes", "root_block_maxima",
            "root_diagonals", "root_exact", "statistics", "roots", "preconditioners", "optimizer", "total",
        ] {
            #expect(try all.dropLast().reduce(0) { try $0 + integer($1, column) } == integer(total, column), "\(column)")
        }
        for row in all {
            let parts = try ["codes", "block_maxima", "diagonals", "exact"].reduce(0) { try $0 + integer(row, "root_\($1)") }
            #expect(try parts == integer(row, "roots"))
            let whole = try ["parameters", "gradients", "optimizer"].reduce(0) { try $0 + integer(row, $1) }
            #expect(try whole == integer(row, "total"))
        }
    }

    /// Order 384 by hand: one block of 384 × 384 with 4-bit eigenvectors and roots, blocks of 64.
    @Test func oneLayerByHand() throws {
        let row = try #require(
            try rows([
                "--model", "vit-small", "--optimizer", "sgdm", "--statistic", "eigenvector", "--root", "offdiagonal",
                "--per-layer",
            ]).first { $0["layer"] == "blocks.3.attention.output.weight" })
        #expect(row["shape"] == "384x384")
        #expect(try integer(row, "first_order") == 4 * 384 * 384)
        #expect(try integer(row, "statistic_codes") == 384 * 384 && integer(row, "statistic_block_maxima") == 2 * 384 * 6 * 4)
        #expect(try integer(row, "statistic_diagonals") == 2 * 4 * 384 && integer(row, "statistic_signs") == 0)
        #expect(try integer(row, "preconditioners") == 4 * (384 * 384 / 2 + 384 * 6 * 4 + 4 * 384))
    }

    /// Wang et al. 2024: what Shampoo added, and our deviation, beside the published settings only.
    @Test(arguments: [("resnet34", "86.37", "619.8"), ("resnet50", "89.03", "630.2"), ("vit-base32", "204.1", "1534.0")])
    func publishedFigures(model: String, coded: String, exact: String) throws {
        let four = ["--model", model, "--optimizer", "sgdm", "--statistic", "eigenvector", "--root", "offdiagonal"]
        let published = try rows(four)[0]
        #expect(published["published_mib"] == coded)
        #expect(abs(try #require(Double(published["deviation_percent"] ?? ""))) < 1)
        #expect(
            try rows(["--model", model, "--optimizer", "sgdm", "--preconditioner", "shampoo"])[0]["published_mib"] == exact)
        for other in [["--bits", "5"], ["--max-order", "1000"], ["--classes", "10"]] {
            #expect(try rows(four + other)[0]["published_mib"] == "", "\(other)")
        }
    }

    /// Table 13: 8-bit AdamW runs with 128 but not with 256 sequences in 80 GiB; with 4-bit Shampoo with 64, not with 128;
    /// with 32-bit Shampoo not with 2.
    @Test func largestBatch() throws {
        let base = [
            "--model", "llama-2-7b", "--optimizer", "adamw", "--first-order-bits", "8", "--context", "256", "--fits", "80",
            "--max-order", "2048",
        ]
        func largest(_ options: [String]) throws -> Int { try integer(try rows(base + options)[0], "largest_batch") }
        let plain = try integer(
            try rows(Array(base.dropLast(2)))[0], "largest_batch")
        #expect((128..<256).contains(plain))
        #expect((64..<128).contains(try largest(["--statistic", "eigenvector", "--root", "offdiagonal"])))
        #expect(try largest(["--preconditioner", "shampoo"]) == 0)
    }

    /// What a training of one step with two classes of sizes reports of its real buffers.
    @Test(arguments: [
        (
            ["--model", "mlp", "--layers", "1", "--hidden", "70"], [],
            ["--statistic", "exact", "--root", "exact", "--max-order", "100"], "sgdm"
        ),
        (
            ["--model", "resnet20", "--width", "4"], ["--classes", "10"],
            ["--statistic", "cholesky", "--root", "offdiagonal", "--error-feedback-decay", "0.9"], "adamw"
        ),
        (
            ["--model", "resnet34", "--width", "8"], ["--classes", "10"], ["--statistic", "full", "--root", "symmetric"],
            "adagrad"
        ),
        (
            ["--model", "vit-small", "--layers", "1", "--width", "66", "--heads", "2", "--hidden", "70", "--patch", "16"],
            ["--classes", "10"], ["--statistic", "householder", "--root", "symmetric", "--bits", "5"], "nadamw"
        ),
        (
            ["--model", "gpt", "--layers", "1", "--width", "66", "--heads", "2", "--context", "8", "--tie-head"],
            ["--vocabulary", "64"], ["--statistic", "eigenvector", "--root", "offdiagonal", "--block", "100"], "adamw"
        ),
        (["--model", "gpt", "--layers", "2", "--width", "16", "--context", "9"], ["--vocabulary", "64"], [], "sgdm"),
        (
            [
                "--model", "gpt", "--layers", "1", "--width", "66", "--heads", "2", "--context", "8", "--moment-bits", "4",
                "--averaging", "ema",
            ],
            ["--vocabulary", "64"], [], "muon"
        ),
        (
            ["--model", "gpt", "--layers", "1", "--width", "66", "--heads", "2", "--context", "8", "--moment-bits", "8"],
            ["--vocabulary", "64"], [], "schedule-free-adamw"
        ),
        (
            ["--model", "llama", "--layers", "1", "--width", "16", "--heads", "2", "--context", "8"], ["--vocabulary", "64"],
            ["--statistic", "eigenvector", "--root", "symmetric"], "adamw"
        ),
        (["--model", "swin-tiny", "--width", "4"], ["--classes", "10"], [], "sgdm"),
        (
            ["--model", "gpt", "--layers", "1", "--width", "66", "--heads", "2", "--context", "8"], ["--vocabulary", "64"],
            ["--statistic", "exact", "--no-precondition-vocabulary"], "adamw"
        ),
        (
            ["--model", "llama", "--layers", "1", "--width", "16", "--heads", "2", "--context", "8"], ["--vocabulary", "64"],
            ["--preconditioner", "kfac", "--averaging", "ema", "--no-precondition-vocabulary"], "sgdm"
        ),
        (
            ["--model", "vit-small", "--layers", "1", "--width", "16", "--heads", "2", "--hidden", "24", "--patch", "8"],
            ["--classes", "10"], ["--preconditioner", "kfac", "--averaging", "ema"], "sgdm"
        ),
    ]) func countsWhatATrainingHolds(_ form: [String], _ data: [String], _ scheme: [String], _ rule: String) throws {
        let intervals = scheme.isEmpty ? [] : ["--statistics-interval", "1", "--root-interval", "1"]
        let options = form + ["--optimizer", rule] + scheme + intervals
        try folder.succeed(
            ["train", "--dataset", "synthetic", "--steps", "1", "--batch-size", "2", "--validation-batches", "1", "--quiet"]
                + options + ["--log", "log.csv"])
        let log = try #require(try StudyTable(folder.text("log.csv")).rows.first)
        let counted = try #require(try rows(options + data).first)
        #expect(try integer(counted, "optimizer") == integer(log, "optimizer_state_bytes"))
        #expect(try integer(counted, "preconditioners") == integer(log, "preconditioner_bytes"))
        #expect(try integer(counted, "preconditioners") > 0 || scheme.isEmpty)
        #expect(counted["published_mib"] == "")
    }

    /// Tables of tokens and the head, each a block of 64 × 16: exact statistics and roots of both sides less.
    @Test func tablesWithoutPreconditioners() throws {
        let options = [
            "--model", "gpt", "--layers", "1", "--width", "16", "--context", "8", "--vocabulary", "64", "--optimizer", "adamw",
            "--preconditioner", "shampoo",
        ]
        let with = try #require(try rows(options + ["--precondition-vocabulary"]).first)
        let without = try #require(try rows(options + ["--no-precondition-vocabulary"]).first)
        #expect(try rows(options).first == with)
        let tables = 2 * 2 * 4 * (64 * 64 + 16 * 16)
        #expect(try integer(with, "preconditioners") - integer(without, "preconditioners") == tables)
        #expect(try integer(with, "optimizer") - integer(without, "optimizer") == tables)
    }

    /// Two models are both published and trained: their parameters are the same, but for the names.
    @Test(arguments: [("resnet34", ["--width", "64"], 21_328_292), ("vit-small", ["--heads", "6"], 21_376_996)])
    func bothFormsOfAModelAreOne(model: String, size: [String], count: Int) throws {
        let options = ["--model", model, "--optimizer", "adamw", "--statistic", "eigenvector", "--root", "offdiagonal"]
        let published = try #require(try rows(options).first)
        let trained = try #require(try rows(options + size).first)
        #expect(try integer(published, "entries") == count)
        for column in ["entries", "parameters", "optimizer", "preconditioners", "total"] {
            #expect(published[column] == trained[column], "\(column)")
        }
    }

    /// Swin-T on CIFAR-100 has patches of 2 and windows of 4, 2 in the last stage: 96·3·12 + (13² − 7²)·90 + (13² − 3²)·48 fewer
    /// than 28,288,354 less 900 classes of 769.
    @Test func swinTinyHasTheFormOfItsImages() throws {
        let swin = ["--model", "swin-tiny", "--optimizer", "adamw"]
        let large = 28_288_354 - 900 * 769
        #expect(try integer(rows(swin)[0], "entries") == large - 21_936)
        #expect(try integer(rows(swin + ["--image-size", "32"])[0], "entries") == large - 21_936)
        #expect(try integer(rows(swin + ["--image-size", "224"])[0], "entries") == large)
    }

    @Test func json() throws {
        try folder.succeed([
            "memory", "--model", "gpt2-124m", "--optimizer", "nadamw", "--json", "--per-layer", "-o", "out.json",
        ])
        let rows = try #require(
            try JSONSerialization.jsonObject(with: folder.data("out.json")) as? [[String: Any]])
        #expect(rows.last?["entries"] as? Int == 124_439_808 && rows.first?["layer"] as? String == "tokens.weight")
        #expect(rows.last?["published_mib"] == nil)
    }

    @Test func refusals() throws {
        let model = ["memory", "--model", "resnet34", "--optimizer", "sgdm"]
        for (options, words) in [
            (["--fits", "80"], ["not modelled", "llama-2-7b"]), (["--batch-size", "3"], ["--batch-size", "not modelled"]),
            (["--first-order-bits", "5"], ["first-order-bits 5"]), (["--image-size", "33"], ["image-size 33"]),
            (["--bits", "4"], ["--bits"]), (["--classes", "0"], ["classes 0"]), (["--fits", "nan"], ["fits"]),
            (["--context", "128"], ["--context", "images"]), (["--layers", "3"], ["layers", "resnet34"]),
            (["--precondition-vocabulary"], ["--precondition-vocabulary does not apply", "language model"]),
            (["--vocabulary", "70"], ["--vocabulary", "images"]),
        ] {
            try folder.expectRefusal(model + options, status: 64, words: words)
        }
        try folder.expectRefusal(
            ["memory", "--model", "resnet20x", "--optimizer", "sgdm"], status: 64, words: ["resnet20x", "resnet20", "vgg19"])
        for (model, option) in [("gpt2-124m", "width"), ("llama-130m", "heads")] {
            try folder.expectRefusal(
                ["memory", "--model", model, "--optimizer", "sgdm", "--\(option)", "8"], status: 64,
                words: ["--\(option)", model, "published"])
        }
        try folder.expectRefusal(
            ["memory", "--model", "llama-2-7b", "--optimizer", "adamw", "--context", "256"], status: 64,
            words: ["--context", "--batch-size"])
        try folder.expectRefusal(
            ["memory", "--model", "gpt", "--optimizer", "adamw", "--classes", "10"], status: 64, words: ["--classes", "tokens"])
        try folder.expectRefusal(
            ["memory", "--model", "resnet20", "--optimizer", "sgdm", "--heads", "2"], status: 64, words: ["heads", "width"])
        try folder.expectRefusal(["memory", "--model", "resnet34", "--optimizer", "lion"], status: 64, words: ["lion"])
        try folder.expectRefusal(
            ["memory", "--model", "llama-2-7b", "--optimizer", "sgdm", "--classes", "10"], status: 64, words: ["tokens"])
        try folder.expectRefusal(
            ["memory", "--model", "llama-2-7b", "--optimizer", "sgdm", "--parameter-bits", "32", "--fits", "80"], status: 64,
            words: ["--parameter-bits 32", "16 bits only"])
    }
}
