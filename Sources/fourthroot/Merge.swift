import ArgumentParser
import Files
import MatrixStudy

/// The CSV of a whole study from those of its shards.
struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join the CSVs of a study's shards, after checking that they belong together.")

    @Argument(help: "CSVs that 'fourthroot study --shard I/N' wrote, in any order.", completion: .file(extensions: ["csv"]))
    var shards: [String]

    @OptionGroup var table: TableOptions

    func run() throws {
        try table.requireWritable(sparing: shards)
        let start = ContinuousClock.now
        let texts = try shards.map { (name: $0, text: try readText($0)) }
        let records = try mergeShards(texts)
        // Shards of an earlier version have fewer columns, at the end.
        let columns = TableDescription.study.columns.prefix(records[0].count)
        try table.write(Array(records.dropFirst()), of: Array(columns), since: start)
    }
}
