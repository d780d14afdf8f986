import ArgumentParser
import Foundation

/// The program: a table of commands.
struct FourthRoot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fourthroot",
        abstract: "What low-bit storage does to the preconditioners of second-order optimizers.",
        discussion: """
            Puts symmetric positive definite matrices through every way of storing them in few bits and reports the \
            error of A^(-1/4) against an independent reference.
            """,
        version: versionText,
        subcommands: [
            Study.self, Recommend.self, Merge.self, Recode.self, Synthesize.self, Quantize.self, Inspect.self,
            SpectrumTable.self,
            Orthogonality.self, Theory.self, CodebookTable.self, Train.self, Recipes.self, Replay.self, Plot.self, Report.self,
            Memory.self,
            Columns.self, Benchmark.self, Devices.self, SelfTest.self, Probe.self,
        ])
}

@main
enum Program {
    static func main() async {
        StandardStreams.prepare()
        selectKernel()
        var line = RecipeArguments(literal: Array(CommandLine.arguments.dropFirst()))
        do {
            line = try RecipeArguments(line.arguments)
            var command = try FourthRoot.parseAsRoot(line.arguments)
            try refuseRepeatedOptions(line.arguments, of: type(of: command))
            if let train = command as? Train {
                try train.run(line.use)
            } else if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            finish(with: error, line)
        }
    }
}
