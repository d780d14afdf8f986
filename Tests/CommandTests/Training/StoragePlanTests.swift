import Foundation
import HDF5Store
import Testing

/// `train --storage-plan`: a storage for each parameter.
@Suite struct StoragePlanTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The small training without storages of its own.
    private func arguments(steps: Int = 12, _ options: [String] = []) throws -> [String] {
        try SmallTraining.arguments("none", steps: steps)
            + ["--preconditioner", "shampoo", "--statistics-interval", "2", "--damping", "1e-4", "--root-interval", "4"]
            + options
    }

    private func records(_ name: String) -> [String] {
        ["--quiet", "--log", "\(name).csv", "--dump", "\(name).h5", "--dump-every", "6"]
    }

    /// A plan with one scheme for all is the training with that scheme.
    @Test(arguments: [
        ["--statistic", "eigenvector", "--root", "offdiagonal", "--bits", "5", "--rectify-root", "2"],
        ["--statistic", "householder", "--root", "deflated", "--bits", "6", "--bits-per-entry", "3"],
    ]) func oneSchemeForAll(_ options: [String]) throws {
        try folder.succeed(arguments(options + records("options")))
        let settings = stride(from: 0, to: options.count, by: 2).map { "  \(options[$0].dropFirst(2)): \(options[$0 + 1])\n" }
        try folder.write("parameters:\n- parameter: \"*\"\n\(settings.joined())", to: "plan.yaml")
        try folder.succeed(arguments(["--storage-plan", "plan.yaml"] + records("plan")))
        #expect(try logWithoutTimes(folder.text("plan.csv")) == logWithoutTimes(folder.text("options.csv")))
        let (plan, same) = (try contents(ofHDF5: folder.path("plan.h5")), try contents(ofHDF5: folder.path("options.h5")))
        #expect(!plan.isEmpty && plan == same)
    }

    private static let mixed = """
        goal: {nre: 0.1}
        parameters:
        - parameter: "*attention.output.weight"
          statistic: deflated
          root: shared
          nre: 0.05
          expected: {nre: 0.04, bytes: 1000}
        - parameter: "*attention*"
          statistic: eigenvector
          root: offdiagonal
          bits: 4
        - parameter: "*feedForward*"
          statistic: symmetric
          root: symmetric
          bits: 8
        """

    /// The first entry that matches holds; what none matches has the command line's storage. The dump says what each has.
    @Test func firstEntryThatMatches() throws {
        try folder.write(Self.mixed, to: "plan.yaml")
        try folder.succeed(
            arguments(
                ["--storage-plan", "plan.yaml", "--statistic", "full", "--root", "full", "--bits", "8"] + records("plan")))
        let file = try HDF5File.open(folder.path("plan.h5"))
        let names = try file.datasets().map(\.name).filter { $0.hasPrefix("steps/00000012/") && $0.hasSuffix("/decoded") }
        var found: [String: Set<String>] = [:]
        for name in names {
            let parameter = String(name.split(separator: "/")[2])
            found[parameter, default: []].insert(try file.attribute("storage", of: name)?.string ?? "")
        }
        #expect(found.count == 7, "\(found)")
        for (parameter, storages) in found {
            let expected =
                parameter.hasSuffix("attention.output.weight")
                ? "deflated"
                : parameter.contains("attention") ? "eigenvector" : parameter.contains("feedForward") ? "symmetric" : "full"
            #expect(storages == [expected], "\(parameter)")
        }
    }

    /// In two parts and in one: the same rows of the log and the same checkpoint, byte for byte. Another plan is another training.
    @Test func resumed() throws {
        try folder.write(Self.mixed, to: "plan.yaml")
        let options = ["--storage-plan", "plan.yaml", "--schedule", "constant"] + SmallTraining.records
        try folder.succeed(arguments(steps: 7, options))
        try folder.succeed(arguments(steps: 12, options + ["--resume"]))
        let whole = try TemporaryFolder()
        try whole.write(Self.mixed, to: "plan.yaml")
        try whole.succeed(arguments(steps: 12, options))
        // The first part validates at its own end.
        #expect(try logWithoutTimes(folder.text("log.csv")).suffix(5) == logWithoutTimes(whole.text("log.csv")).suffix(5))
        let name = "checkpoints/step-00000012.h5"
        #expect(try folder.data(name) == whole.data(name))
        try folder.write(Self.mixed.replacing("bits: 8", with: "bits: 7"), to: "plan.yaml")
        try folder.expectRefusal(
            arguments(steps: 12, options + ["--resume"]), status: 64,
            words: ["storage-plan:", "feedForward", "bits 8", "bits 7"])
        try folder.expectRefusal(
            arguments(steps: 12, ["--schedule", "constant", "--resume"] + SmallTraining.records), status: 64,
            words: ["storage-plan:"])
    }

    /// What `recommend` writes of a dump, `train` takes.
    @Test func planOfRecommend() throws {
        try folder.succeed(arguments(steps: 6, records("first")))
        try folder.succeed([
            "recommend", "first.h5", "--nre", "0.2", "-o", "plan.yaml", "--statistic", "householder", "--root", "symmetric",
            "--bits", "4,8",
            "--damping", "1e-4",
        ])
        #expect(try folder.text("plan.yaml").components(separatedBy: "- parameter:").count == 8)
        try folder.succeed(arguments(["--storage-plan", "plan.yaml", "--quiet", "--log", "second.csv"]))
    }

    @Test(arguments: [
        ("parameters: [{parameter: '*', statistik: full}]", "'statistik' is unknown: did you mean 'statistic'?"),
        ("parameters: [{parameter: '*', statistic: eigen}]", "statistic 'eigen' is unknown"),
        ("parameters: [{parameter: '*', statistic: full, bits: four}]", "bits 'four'"),
        (
            "parameters: [{parameter: 'convolution*', statistic: full}]",
            "no parameter with preconditioners is 'convolution*'; there are"
        ),
        (
            "parameters: [{parameter: '*', statistic: full}, {parameter: '*feedForward*', statistic: full}]",
            "'*feedForward*': entries before it hold"
        ),
        ("parameters: [{parameter: '*', statistic: full, root: shared}]", "--root shared does not apply"),
        ("parameters: [{parameter: '*', statistic: full, nre: 0.1}]", "--nre does not apply"),
        ("parameters: [{statistic: full}]", "names a 'parameter'"), ("parameters: []", "no parameters"),
        ("storages: []", "unknown key 'storages'"), ("parameters: [{parameter: [a], statistic: full}]", "takes one value"),
        ("- a: {", "it is not YAML"),
    ]) func wrongPlans(_ plan: String, _ words: String) throws {
        try folder.write(plan, to: "plan.yaml")
        try folder.expectRefusal(
            arguments(["--storage-plan", "plan.yaml", "--quiet"]), status: 65, words: ["plan.yaml: ", words])
    }

    @Test func planWithoutUse() throws {
        try folder.write("parameters: [{parameter: '*', statistic: inverse-root, root: shared}]", to: "plan.yaml")
        try folder.expectRefusal(
            arguments(["--storage-plan", "plan.yaml"]), status: 64, words: ["--root-interval does not apply"])
        let none = try SmallTraining.arguments("none", steps: 4) + ["--preconditioner", "none", "--storage-plan", "plan.yaml"]
        try folder.expectRefusal(none, status: 64, words: ["--storage-plan does not apply: it needs --preconditioner"])
        try folder.expectRefusal(arguments(["--storage-plan", "none.yaml"]), status: 66, words: ["none.yaml"])
    }
}
