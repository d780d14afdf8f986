import ArgumentParser
import Files
import Foundation

/// Where a text goes.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")], help: "Output file; - is standard output (default: -).",
        completion: .file())
    var output: String?

    @Flag(name: .customLong("force"), help: "Replace an existing output.")
    var overwrites = false

    /// nil for standard output.
    var path: String? { output == "-" ? nil : output }

    /// Fails before anything is computed where the output cannot be made.
    ///
    /// - Parameter inputs: files that no output may replace.
    func requireWritable(sparing inputs: [String] = []) throws(OutputError) {
        if let path { try OutputFile.requireWritable(path, overwrite: overwrites, sparing: inputs) }
    }

    func write(_ text: String) throws(OutputError) { try write(Data(text.utf8)) }

    func write(_ data: Data) throws(OutputError) {
        if let path {
            try OutputFile.write(path, overwrite: overwrites, data)
        } else {
            try OutputFile.writeToStandardOutput(data)
        }
    }
}
