import Files
import Foundation
import MatrixStudy
import Testing

@Suite struct RowsTests {
    @Test(arguments: [
        [["a", "b"], ["1", ""]], [["plain", "with, comma", "with \"quotes\"", "two\nlines", "carriage\r\nreturn"]],
        [[""], ["é", "名前"]],
    ])
    func recordsComeBack(records: [[String]]) throws {
        #expect(try CSV.parse(records.map { CSV.record($0) }.joined()) == records)
    }

    /// Nothing writes NaN: there is no sign of it that a reader would know.
    @Test func numbersThatAreNone() {
        #expect(CSV.field(Double.nan) == "" && CSV.field(-Double.nan) == "" && CSV.field(nil as Double?) == "")
        #expect(CSV.field(1e-300) == "1e-300" && CSV.field(-0.25) == "-0.25" && CSV.field(Double.infinity) == "inf")
    }

    @Test(arguments: ["a,\"b", "a\"b,c\n"])
    func brokenQuotesAreRefused(text: String) {
        #expect(throws: CSVError.self) { _ = try CSV.parse(text) }
    }

    /// Every row belongs to exactly one shard, in order, and no shard has more than its share of the cost by more than a row.
    @Test(arguments: [[1200], [64, 64, 64], [2048, 1, 300, 300, 1200], []], [1, 2, 3, 7, 40])
    func shardsPartitionTheRows(orders: [Int], count: Int) throws {
        var next = 0
        for index in 1...count {
            let rows = try Shard("\(index)/\(count)").rows(orders: orders, casesPerMatrix: 16)
            #expect(rows.lowerBound == next)
            next = rows.upperBound
        }
        #expect(next == 16 * orders.count)
        let costs = orders.flatMap { order in Array(repeating: Double(order * order * order), count: 16) }
        let share = costs.reduce(0, +) / Double(count)
        for index in 1...count {
            let rows = try Shard("\(index)/\(count)").rows(orders: orders, casesPerMatrix: 16)
            #expect(costs[rows].reduce(0, +) <= share + 2 * (costs.max() ?? 0))
        }
    }

    @Test(arguments: ["0/3", "4/3", "1", "a/b", "1/2/3", "-1/2", ""])
    func wrongShardsAreRefused(text: String) {
        #expect(throws: PlanError.self) { _ = try Shard(text) }
    }
}
