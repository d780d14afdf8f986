import Foundation
import MatrixCore
import Testing

/// The bytes of every storage against the formula of the interface, section 1, written down a second time.
@Suite struct StoredBytesTests {
    /// ceil(bits × coded entries / 8) + 4 per block maximum + 4n for a diagonal or the eigenvalues + ceil(n/8) for signs.
    static func bytes(_ storage: String, order: Int, bits: Int, block: Int) -> Int {
        let triangle = (lengths: Array(0..<order), extra: 4 * order)
        let square = Array(repeating: order, count: order)
        let (lengths, extra): ([Int], Int) =
            switch storage {
            case "full": (square, 0)
            case "offdiagonal", "eigenvector": (square, 4 * order)
            case "householder": (triangle.lengths, triangle.extra + (order + 7) / 8)
            default: triangle
            }
        let codedBits = bits * lengths.reduce(0, +)
        let maxima = lengths.reduce(0) { $0 + ($1 + block - 1) / block }
        return (codedBits + 7) / 8 + 4 * maxima + extra
    }

    @Test(arguments: [1, 2, 3, 17, 64, 65]) func everyStorage(_ order: Int) throws {
        let folder = try TemporaryFolder()
        try folder.writeSoundFile(order: order)
        try folder.succeed([
            "study", "a.h5", "--no-cache", "--statistic", "exact,full,offdiagonal,symmetric,eigenvector,householder,cholesky",
            "--root", "exact,full,offdiagonal,symmetric", "--bits", "2:8", "--block", "1,5,64", "-o", "out.csv",
        ])
        let rows = try StudyTable(folder.text("out.csv")).rows
        #expect(rows.count == (6 * 4 + 3) * 21 + 1)
        for row in rows {
            let exact = 4 * order * order
            let (bits, block) = (Int(row["bits"] ?? "") ?? 0, Int(row["block"] ?? "") ?? 1)
            let (statistic, root) = (try #require(row["statistic"]), try #require(row["root"]))
            let expected = [statistic, root].map {
                $0 == "exact" ? exact : StoredBytesTests.bytes($0, order: order, bits: bits, block: block)
            }
            #expect(row["statistic_bytes"] == "\(expected[0])", "\(row)")
            #expect(row["root_bytes"] == "\(expected[1])", "\(row)")
            let perEntry = 8 * Double(expected[0] + expected[1]) / Double(2 * order * order)
            #expect(row["bits_per_entry"].flatMap(Double.init) == perEntry, "\(row)")
        }
    }

    /// The root's own coding, where it is given, counts for the root alone.
    @Test func codingOfTheRoot() throws {
        let folder = try TemporaryFolder()
        try folder.writeSoundFile(order: 20)
        try folder.succeed([
            "study", "a.h5", "--no-cache", "--statistic", "full", "--root", "symmetric", "--codebook", "linear", "--bits", "5",
            "--block", "7", "--root-codebook", "dynamic-tree", "--root-bits", "3", "--root-block", "9", "-o", "out.csv",
        ])
        let row = try #require(StudyTable(folder.text("out.csv")).rows.first)
        #expect(row["codebook"] == "linear" && row["bits"] == "5" && row["block"] == "7")
        #expect(row["root_codebook"] == "dynamic-tree" && row["root_bits"] == "3" && row["root_block"] == "9")
        #expect(row["statistic_bytes"] == "\(StoredBytesTests.bytes("full", order: 20, bits: 5, block: 7))")
        #expect(row["root_bytes"] == "\(StoredBytesTests.bytes("symmetric", order: 20, bits: 3, block: 9))")
    }
}
