import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// `fourthroot recode`: its table, what it refuses, and how it ends when it is cut short.
@Suite struct RecodeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func recode(_ options: [String]) throws -> StudyTable {
        try folder.succeed(["recode", "a.h5", "--quiet", "--force", "-o", "out.csv"] + options)
        return try StudyTable(folder.text("out.csv"))
    }

    @Test func presetByDefault() throws {
        try folder.writeSoundFile(order: 24)
        let table = try recode(["--updates", "5", "--every", "2"])
        for column in [
            "source", "matrix", "order", "condition_number", "statistic", "root", "codebook", "bits", "block", "rounding",
            "leak", "update", "statistic_bytes", "root_bytes", "bits_per_entry", "pair_bits_per_entry", "statistic_nre", "nre",
            "minimum_eigenvalue", "outcome", "seconds",
        ] {
            #expect(table.header.contains(column), "\(column)")
        }
        let rows = table.rows
        #expect(rows.map { $0["update"] } == Array(repeating: ["2", "4", "5"], count: 8).flatMap(\.self))
        let storages = ["eigenvector", "householder", "householder", "inverse-root"] + Array(repeating: "deflated", count: 4)
        #expect(stride(from: 0, to: 24, by: 3).map { rows[$0]["statistic"] } == storages)
        #expect(rows.allSatisfy { $0["source"] == "a.h5" && $0["outcome"] == "ok" && $0["rank"] == "6" && $0["seed"] == "0" })
        for row in rows {
            let bytes = ["statistic_bytes", "root_bytes"].compactMap { Double(row[$0] ?? "") }.reduce(0, +)
            #expect(Double(row["pair_bits_per_entry"] ?? "") == 8 * bytes / (24 * 24))
            #expect(Double(row["bits_per_entry"] ?? "") == 8 * bytes / (2 * 24 * 24))
        }
        // The pairs of reflectors: ⌈276·8/8⌉ of codes, a maximum for each of 23 tails, 24 eigenvalues and 3 bytes of signs; of the
        // triangle the same without signs.
        let withoutSigns: Int = 276 + 4 * 23 + 96
        #expect(rows[3]["statistic_bytes"] == String(withoutSigns + 3))
        #expect(rows[3]["root_bytes"] == String(withoutSigns))
    }

    /// The whole of an update in NumPy, its random numbers too: Philox4x32-10, Marsaglia's polar method, M, A ← βA + (1 − β)M, the
    /// naive 4-bit codes of statistic and root, three times over.
    @Test func numpyAgrees() throws {
        try folder.writeSoundFile(order: 12)
        let script = """
            import json, h5py, numpy as np
            MASK = (1 << 32) - 1
            def philox(counter, key):
                x, k = list(counter), list(key)
                for _ in range(10):
                    a, b = x[0] * 0xD2511F53, x[2] * 0xCD9E8D57
                    x = [(b >> 32) ^ x[1] ^ k[0], b & MASK, (a >> 32) ^ x[3] ^ k[1], a & MASK]
                    k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
                return x
            def uniforms(seed, stream):
                block = 0
                while True:
                    w = philox([block & MASK, block >> 32, stream & MASK, stream >> 32], [seed & MASK, seed >> 32])
                    for low, high in ((w[0], w[1]), (w[2], w[3])):
                        yield ((low | high << 32) >> 11) * 2.0**-53
                    block += 1
            def normals(seed, stream, count):
                u, found = uniforms(seed, stream), []
                while len(found) < count:
                    x, y = 2 * next(u) - 1, 2 * next(u) - 1
                    s = x * x + y * y
                    if 0 < s < 1:
                        f = np.sqrt(-2 * np.log(s) / s)
                        found += [x * f, y * f]
                return np.array(found[:count])
            u = np.linspace(-1, 1, 16)
            u[7] = 0
            code = (np.sign(u) * u * u).astype(np.float32)
            def offdiagonal(M):                                     # rows shorter than a block
                X = (M - np.diag(np.diag(M))).astype(np.float32)
                m = np.abs(X).max(1, keepdims=True)
                x = X * (np.float32(1) / m)
                X = code[np.abs(x[:, :, None] - code).argmin(2)] * m
                X = X.astype(float)
                np.fill_diagonal(X, np.diag(M).astype(np.float32))
                return X
            def root(A, damping=1e-6):
                l, V = np.linalg.eigh((A + A.T) / 2)
                return (V * (np.abs(l) + damping * np.abs(l).max()) ** -0.25) @ V.T
            def nre(X, R): return np.linalg.norm(X - R) / np.linalg.norm(R)
            A = h5py.File("a.h5")["matrix"][()]
            A = (A + A.T) / 2
            l, V = np.linalg.eigh(A)
            S = (V * np.sqrt(l)) @ V.T
            kept, rows = offdiagonal(A), []
            for t in (1, 2, 3):
                G = normals(7, t, 12 * 5).reshape(5, 12).T          # column by column
                M = S @ G @ G.T @ S / 5
                A = 0.8 * A + 0.2 * M
                kept = offdiagonal(0.8 * kept + 0.2 * M)
                rows.append([nre(kept, A), nre(offdiagonal(root(kept)), root(A))])
            print(json.dumps(rows))
            """
        let run = try folder.runOther(["python3", "-c", script])
        guard run.status == 0 else { try Test.cancel("python3 with numpy and h5py is not here: \(run.standardError)") }
        let expected = try JSONDecoder().decode([[Double]].self, from: Data(run.standardOutput.utf8))
        let table = try recode([
            "--statistic", "offdiagonal", "--root", "offdiagonal", "--bits", "4", "--updates", "3", "--decay", "0.8", "--rank",
            "5", "--seed", "7",
        ])
        #expect(table.rows.count == 3)
        for (row, pair) in zip(table.rows, expected) {
            for (column, value) in zip(["statistic_nre", "nre"], pair) {
                // Two decompositions of a matrix of condition 1e3 agree to n·u·κ.
                expectTestRatio((Double(row[column] ?? "") ?? .nan) - value, scale: 1e3, order: 12, "\(column)")
            }
        }
    }

    @Test func sameSeedSameBytes() throws {
        try folder.write([("a", try geometricMatrix(order: 20)), ("b", try geometricMatrix(order: 33))], to: "a.h5")
        let options = [
            "--updates", "4", "--statistic", "householder", "--root", "symmetric", "--rounding", "nearest,stochastic",
        ]
        let first = try recode(options + ["--threads", "1"]).withoutSeconds
        #expect(try recode(options + ["--threads", "3"]).withoutSeconds == first)
        #expect(try recode(options + ["--seed", "1"]).withoutSeconds != first)
        #expect(try recode(options + ["--arithmetic", "float32"]).withoutSeconds != first)
    }

    /// A statistic without a Cholesky factor is a row, not an error. What is never coded has the bytes of its storage where these are known, and none where they depend on the matrix.
    @Test func bytesOfWhatIsNotCoded() throws {
        try folder.write([("a", Matrix(diagonal: [1, -1, 2]))], to: "a.h5")
        let rows = try StudyTable(
            folder.succeed(["recode", "a.h5", "--statistic", "cholesky", "--bits", "8", "--root", "exact", "--updates", "1"])
                .standardOutput
        ).rows
        // Three codes of a byte, the maxima of two rows, and the diagonal.
        let bytes: Int = 3 + 4 * 2 + 4 * 3
        #expect(rows.first?["statistic_bytes"] == String(bytes))
        #expect(rows.first?["outcome"] == "not_positive_definite")
        let short = try folder.succeed(
            ["recode", "a.h5", "--statistic", "deflated", "--root", "shared", "--bits-per-entry", "2", "--updates", "1"])
        let lost = try StudyTable(short.standardOutput).rows.first
        #expect(lost?["statistic_bytes"] == "" && lost?["bits_per_entry"] == "", "\(short)")
        #expect(lost?["outcome"] == "failed", "\(short)")
    }

    @Test func outcomes() throws {
        try folder.write([("a", Matrix(diagonal: [1, -1]))], to: "a.h5")
        let table = try recode(["--statistic", "cholesky", "--updates", "2"])
        #expect(try table.column("outcome") == ["not_positive_definite", "not_positive_definite"])
        #expect(try table.column("nre") == ["", ""])
    }

    static let refusals: [(options: [String], words: [String])] = [
        (["--updates", "0"], ["updates 0"]), (["--decay", "1.5"], ["decay 1.5"]), (["--decay", "nan"], ["decay"]),
        (["--rank=-1"], ["rank -1"]), (["--every", "0"], ["every 0"]), (["--rounding", "up"], ["--rounding 'up'", "dither"]),
        (["--rounding", "dither", "--statistic", "exact", "--root", "exact"], ["--rounding does not apply", "coded"]),
        (["--damping", "0", "--statistic", "full"], ["damping 0"]),
        (["--root", "shared", "--statistic", "full"], ["root shared does not apply"]),
        (["--update-decomposition", "subspace", "--statistic", "full"], ["--update-decomposition does not apply"]),
        (["--rectify-update", "2", "--statistic", "householder"], ["--rectify-update does not apply", "eigenvector"]),
        (["--rectify-update=-1", "--statistic", "eigenvector"], ["rectify-update -1"]),
        (["--leak", "0.25", "--statistic", "full"], ["--leak 0.25 does not apply"]),
        (["--threads", "0"], ["--threads 0"]), (["--seed", "x"], ["x"]), (["--preset", "table2"], ["table2"]),
    ]

    @Test(arguments: refusals) func wrongUsage(_ options: [String], _ words: [String]) throws {
        try folder.writeSoundFile(order: 8)
        try folder.expectRefusal(["recode", "a.h5", "-o", "out.csv"] + options, status: 64, words: words)
    }

    @Test func wrongFiles() throws {
        try folder.expectRefusal(["recode", "no.h5", "-o", "out.csv"], status: 66, words: ["no.h5"])
        try folder.write("no matrices", to: "a.h5")
        try folder.expectRefusal(["recode", "a.h5", "-o", "out.csv"], status: 65, words: ["a.h5"])
        try folder.write([("a", Matrix(rows: 2, columns: 2, elements: [1, 5, 2, 1]))], to: "a.h5")
        try folder.expectRefusal(["recode", "a.h5", "--matrix", "a", "-o", "out.csv"], status: 65, words: ["not symmetric"])
        try folder.writeSoundFile(order: 8)
        try folder.write("mine", to: "out.csv")
        try folder.expectRefusal(["recode", "a.h5", "-o", "out.csv"], status: 73, words: ["out.csv", "--force"])
        #expect(try folder.text("out.csv") == "mine")
    }

    /// Killed after some matrices, and resumed: the rows of the uninterrupted run.
    @Test(arguments: [SIGKILL, SIGTERM]) func resumes(_ signal: Int32) throws {
        try folder.write((0..<8).map { ("m\($0)", try geometricMatrix(order: 48, seed: UInt64($0))) }, to: "a.h5")
        let arguments = ["recode", "a.h5", "--quiet", "--threads", "1", "--updates", "20", "--preset", "recode", "-o"]
        try folder.succeed(arguments + ["whole.csv"])
        let running = try folder.start(arguments + ["out.csv"])
        func size() -> Int {
            (try? FileManager.default.attributesOfItem(atPath: folder.path("out.csv.partial")))?[.size] as? Int ?? 0
        }
        while size() < 20_000 && !running.hasEnded { usleep(500) }
        running.send(signal)
        let run = try running.wait(timeout: 60)
        #expect(run.signal == SIGKILL || run.status == 75, "\(run)")
        #expect(try folder.names == ["a.h5", "out.csv.partial", "whole.csv"])
        if signal == SIGKILL {
            // As a kill within a write would leave it: some rows of a matrix.
            let lines = try folder.text("out.csv.partial").split(separator: "\n", omittingEmptySubsequences: false)
            try folder.write(lines[..<(lines.count * 2 / 3)].joined(separator: "\n") + "\n", to: "out.csv.partial")
        }
        try folder.succeed(arguments + ["out.csv", "--resume"])
        #expect(
            try StudyTable(folder.text("out.csv")).withoutSeconds == StudyTable(folder.text("whole.csv")).withoutSeconds)
        #expect(try folder.names == ["a.h5", "out.csv", "whole.csv"])
    }
}
