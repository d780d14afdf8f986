import ArgumentParser
import MatrixStudy

/// The CSV of a whole study from those of its shards.
struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join the CSVs of a study's shards, after checking that they belong together.")

    @Argument(help: "CSVs that 'fourthroot study --shard I/N' wrote, in any order.", completion: .file(extensions: ["csv"]))
    var shards: [String]

    @OptionGroup var output: OutputOptions

    func run() throws {
        try output.requireWritable(sparing: shards)
        let texts = try shards.map { (name: $0, text: try readText($0)) }
        try output.write(mergeShards(texts))
    }
}
