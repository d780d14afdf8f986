import Foundation
import Testing

/// What help says of every option of every command, from the program's own description of itself.
@Suite struct HelpTests {
    private struct Tool: Decodable { let command: Command }

    private struct Command: Decodable {
        let commandName: String
        let subcommands: [Command]?
        let arguments: [Argument]?

        func all(_ path: [String] = []) -> [(path: [String], command: Command)] {
            [(path, self)] + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { $0.all(path + [$0.commandName]) }
        }
    }

    private struct Argument: Decodable {
        struct Name: Decodable { let name: String }

        let kind: String
        let shouldDisplay: Bool
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let preferredName: Name?
        let valueName: String?
        let defaultValue: String?
        let abstract: String?
        let allValues: [String]?
        let completionKind: [String: CompletionDetail]?

        struct CompletionDetail: Decodable {}
    }

    /// Options whose absence is the default, there being nothing that stands in for them.
    static let withoutDefault: Set<String> = [
        "plan", "preset", "recipe", "shard", "eigenvalues", "like", "steps", "epochs", "warm-up-epochs", "dump", "dump-every",
        "checkpoint", "data", "x",
        "y",
        "series", "log", "fits", "batch-size", "bits-per-entry", "order", "matrix", "filter", "where",
        "bytes", "recommend --nre", "storage-plan",
    ]

    private func commands() throws -> [(path: [String], command: Command)] {
        let text = try TemporaryFolder().succeed(["--experimental-dump-help"]).standardOutput
        return try JSONDecoder().decode(Tool.self, from: Data(text.utf8)).command.all()
    }

    /// An option that is given twice is looked for by these names: `otherNames` in repeatedOptions.swift has them all.
    @Test func otherNamesAreFew() throws {
        var several: Set<Set<String>> = []
        for (_, command) in try commands() {
            for argument in command.arguments ?? [] where argument.kind == "option" {
                let names = (argument.names ?? []).map { $0.name }
                if names.count > 1 { several.insert(Set(names)) }
            }
        }
        let known: Set<Set<String>> = [
            ["o", "output"], ["lr", "learning-rate"], ["wd", "weight-decay"], ["condition", "condition-number"],
            ["moment-bits", "first-order-bits"],
        ]
        #expect(several == known)
    }

    @Test func everyDefaultIsSaidOnce() throws {
        var count = 0
        for (path, command) in try commands() {
            for argument in command.arguments ?? [] where argument.kind == "option" && argument.shouldDisplay {
                let name = argument.preferredName?.name ?? ""
                let said = (argument.abstract ?? "").components(separatedBy: "default").count - 1
                let place = "\(path.joined(separator: " ")) --\(name): \(argument.abstract ?? "")"
                let times = said + (argument.defaultValue == nil ? 0 : 1)
                #expect(times <= 1, "\(place)")
                let hasNone = Self.withoutDefault.contains(name) || Self.withoutDefault.contains("\(path.last ?? "") --\(name)")
                if argument.isOptional && !hasNone { #expect(times == 1, "\(place)") }
                if said == 1 { #expect(argument.abstract?.contains("(default: ") == true, "\(place)") }
                count += 1
            }
        }
        #expect(count > 150)
    }

    /// A shell offers words and files where an option takes them.
    @Test func wordsAndFilesComplete() throws {
        let words = ["codebook", "statistic", "solver", "schedule", "optimizer", "preconditioner", "rounding", "statement"]
        let files = ["output", "plan", "log", "dump", "checkpoint", "cache", "eigenvalues", "like", "data"]
        for (path, command) in try commands() where path != ["probe-hdf5"] {
            for argument in command.arguments ?? [] where argument.kind != "flag" {
                let name = argument.preferredName?.name ?? argument.valueName ?? ""
                let place = "\(path.joined(separator: " ")) \(name)"
                let kinds = Set((argument.completionKind ?? [:]).keys)
                // A recipe is named, everything else is a file.
                if argument.kind == "positional" {
                    #expect(kinds == [path == ["recipes"] ? "list" : "file"], "\(place)")
                }
                if argument.allValues?.isEmpty == false { #expect(kinds == ["list"], "\(place)") }
                if words.contains(name) { #expect(!kinds.isDisjoint(with: ["list", "custom"]), "\(place)") }
                if files.contains(name) && argument.allValues == nil {
                    #expect(!kinds.isDisjoint(with: ["file", "directory"]), "\(place)")
                }
                // Lists add up where they are repeated.
                if argument.valueName == "list" { #expect(argument.isRepeating, "\(place)") }
                #expect(argument.abstract?.isEmpty == false, "\(place)")
            }
        }
    }

    /// Learning rate and weight decay by the names that other programs give them.
    @Test func shortNamesAreTheSame() throws {
        let folder = try TemporaryFolder()
        let arguments = [
            "train", "--model", "mlp", "--layers", "1", "--hidden", "4", "--dataset", "synthetic", "--optimizer", "sgdm",
            "--steps",
            "2", "--batch-size", "2", "--validation-batches", "1", "--quiet", "--threads", "1", "--checkpoint",
        ]
        try folder.succeed(arguments + ["long", "--log", "long.csv", "--learning-rate", "0.5", "--weight-decay", "0.1"])
        try folder.succeed(arguments + ["short", "--log", "short.csv", "--lr", "0.5", "--wd", "0.1"])
        let name = "step-00000002.h5"
        #expect(try folder.data("long/\(name)") == folder.data("short/\(name)"))
        try folder.expectRefusal(
            arguments + ["other", "--lr", "0.5", "--learning-rate", "0.1"], status: 64, words: ["--learning-rate", "twice"])
    }

    /// The script of bash completes behind a comma.
    @Test func listsCompleteBehindACommaInBash() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "shopt -s extglob\n" + folder.succeed(["--generate-completion-script", "bash"]).standardOutput + """

                PATH="$1:$PATH"
                COMP_WORDS=(fourthroot study a.h5 --statistic full,off) COMP_CWORD=4
                COMP_LINE="${COMP_WORDS[*]}" COMP_POINT=${#COMP_LINE}
                _fourthroot fourthroot full,off --statistic
                printf '%s\\n' "${COMPREPLY[@]}"
                """, to: "complete.sh")
        try FileManager.default.createSymbolicLink(atPath: folder.path("fourthroot"), withDestinationPath: programPath())
        let run = try folder.runOther(["/bin/bash", folder.path("complete.sh"), folder.path(".")])
        #expect(run.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines) == "full,offdiagonal", "\(run)")
    }
}
