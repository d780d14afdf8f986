import Foundation
import HDF5Store
import MatrixCore
import Testing

/// `recommend` against what `study` measures of the same storages.
@Suite struct RecommendTests {
    private let folder: TemporaryFolder
    private static let storages = [
        "--statistic", "eigenvector,symmetric", "--root", "symmetric", "--codebook", "linear-2", "--bits", "3,4,6,8",
    ]

    private struct Measured {
        let matrix: String
        let key: [String]
        let bytes: Int
        let error: Double
    }

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            [
                ("a", try geometricMatrix(order: 24, condition: 10)), ("b", try geometricMatrix(order: 16, condition: 1e4)),
                ("c", try geometricMatrix(order: 20, condition: 100, seed: 3)),
            ], to: "in.h5")
    }

    /// The sound cases of a study.
    private func measured(_ file: String = "in.h5") throws -> [Measured] {
        try folder.succeed(["study", file, "-o", "study.csv", "--force"] + Self.storages)
        try folder.succeed(["study", file, "-o", "exact.csv", "--force", "--statistic", "exact", "--root", "exact"])
        return try ["study.csv", "exact.csv"].flatMap { try StudyTable(folder.text($0)).rows }.compactMap { row in
            guard row["outcome"] == "ok", let error = Double(row["nre"] ?? "") else { return nil }
            let bytes = try #require(Int(row["statistic_bytes"] ?? "")) + #require(Int(row["root_bytes"] ?? ""))
            let key = ["statistic", "root", "bits", "root_bits"].map { row[$0] ?? "" }
            return Measured(matrix: row["matrix"] ?? "", key: key, bytes: bytes, error: error)
        }
    }

    /// The entries of a plan, by a reader of lines that knows this form alone.
    private func entries(_ plan: String) throws -> [String: [String: String]] {
        var result: [String: [String: String]] = [:]
        var name = ""
        for line in plan.components(separatedBy: "parameters:\n").last?.split(separator: "\n") ?? [] {
            let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else { continue }
            if parts[0] == "parameter" { name = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }
            result[name, default: [:]][parts[0]] = parts[1]
        }
        return result
    }

    @Test func cheapestForAnError() throws {
        let cases = try measured()
        for limit in [0.3, 0.05, 1e-4] {
            try folder.succeed(
                ["recommend", "in.h5", "--nre", "\(limit)", "-o", "p.yaml", "--force"] + Self.storages)
            let entries = try entries(folder.text("p.yaml"))
            #expect(entries.keys.sorted() == ["a", "b", "c"])
            for (name, entry) in entries {
                let enough = cases.filter { $0.matrix == name && $0.error <= limit }
                let best = try #require(enough.min { ($0.bytes, $0.error) < ($1.bytes, $1.error) })
                #expect(["statistic", "root", "bits", "root-bits"].map { entry[$0] ?? "" } == best.key, "\(name), \(limit)")
                #expect(entry["expected"]?.contains("bytes: \(best.bytes),") == true, "\(entry)")
                #expect(entry["expected"]?.contains("nre: \(best.error),") == true, "\(entry)")
            }
        }
    }

    @Test func leastErrorForABudget() throws {
        let cases = try measured()
        let names = ["a", "b", "c"]
        let budget = 2200
        try folder.succeed(["recommend", "in.h5", "--bytes", "\(budget)", "-o", "p.yaml"] + Self.storages)
        // The bytes of the least sum of squares, by trying all.
        var sums: [(bytes: Int, error: Double)] = [(0, 0)]
        for name in names {
            sums = sums.flatMap { sum in
                cases.filter { $0.matrix == name }.map { (sum.bytes + $0.bytes, sum.error + $0.error * $0.error) }
            }
        }
        let best = try #require(sums.filter { $0.bytes <= budget }.min { $0.error < $1.error })
        let plan = try folder.text("p.yaml")
        #expect(plan.contains("  bytes: \(best.bytes)\n"), "\(best): \(plan)")
        // 8·bytes/(2·Σn²) of the same budget is the same choice.
        let entries = Double(24 * 24 + 16 * 16 + 20 * 20)
        try folder.succeed(
            ["recommend", "in.h5", "--bits-per-entry", "\(4.00001 * Double(budget) / entries)", "-o", "q.yaml"] + Self.storages)
        #expect(
            try folder.text("q.yaml").components(separatedBy: "parameters:").last
                == plan.components(separatedBy: "parameters:").last)
    }

    /// A parameter of a dump has one storage: what is enough for its worst side.
    @Test func oneStorageForAParameter() throws {
        let sides = [("left", 72, 10.0), ("right", 80, 1e4)]
        try folder.createHDF5("dump.h5") { writer in
            for (side, order, condition) in sides {
                try writer.write(
                    geometricMatrix(order: order, condition: condition), to: "steps/00000010/layer.weight/0_0/\(side)/statistic"
                )
            }
        }
        let cases = try measured("dump.h5")
        try folder.succeed(["recommend", "dump.h5", "--nre", "0.1", "-o", "p.yaml"] + Self.storages)
        let entry = try #require(try entries(folder.text("p.yaml"))["layer.weight"])
        let groups = Dictionary(grouping: cases, by: \.key).values.filter { group in
            group.count == 2 && group.allSatisfy { $0.error <= 0.1 }
        }
        let best = try #require(groups.min { $0.reduce(0) { $0 + $1.bytes } < $1.reduce(0) { $0 + $1.bytes } })
        #expect(["statistic", "root", "bits", "root-bits"].map { entry[$0] ?? "" } == best[0].key)
        #expect(entry["expected"]?.contains("bytes: \(best.reduce(0) { $0 + $1.bytes })") == true)
    }

    @Test func refusals() throws {
        try folder.write("there", to: "there.yaml")
        for (arguments, status, words) in [
            (["--nre", "0.1", "-o", "there.yaml"], 73, ["it exists"]),
            (["--nre", "0.1", "--bytes", "9", "-o", "p.yaml"], 64, ["give one of --nre, --bits-per-entry and --bytes"]),
            (["-o", "p.yaml"], 64, ["give one of"]), (["--nre", "0", "-o", "p.yaml"], 64, ["positive"]),
            (["--nre", "0.1", "-o", "p.yaml", "--damping", "0,1e-6"], 64, ["one value"]),
            (["--bytes", "10", "-o", "p.yaml"] + Self.storages, 65, ["no choice of storages fits into 10 bytes"]),
        ] as [([String], Int32, [String])] {
            try folder.expectRefusal(["recommend", "in.h5", "--quiet"] + arguments, status: status, words: words)
        }
    }

    /// Below what float32 itself misses nothing is enough; the plan has what comes nearest, and the status says so.
    @Test func unreachableError() throws {
        let run = try folder.run(["recommend", "in.h5", "--nre", "1e-15", "-o", "p.yaml"] + Self.storages)
        #expect(run.status == 65 && run.standardError.contains("no candidate reaches an NRE of 1e-15 for a, b, c"))
        #expect(try entries(folder.text("p.yaml")).values.allSatisfy { $0["statistic"] == "exact" && $0["root"] == "exact" })
    }
}
