import ArgumentParser
import Files
import Foundation

/// Where a text goes.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")], help: "Output file (default: standard output).",
        completion: .file(extensions: ["csv"]))
    var path: String?

    @Flag(name: .customLong("force"), help: "Replace an existing output.")
    var overwrites = false

    /// Fails before anything is computed where the output cannot be made.
    ///
    /// - Parameter inputs: files that no output may replace.
    func requireWritable(sparing inputs: [String] = []) throws(OutputError) {
        if let path { try OutputFile.requireWritable(path, overwrite: overwrites, sparing: inputs) }
    }

    func write(_ text: String) throws(OutputError) {
        if let path {
            try OutputFile.write(path, overwrite: overwrites, text)
        } else {
            try OutputFile.writeToStandardOutput(text)
        }
    }
}
