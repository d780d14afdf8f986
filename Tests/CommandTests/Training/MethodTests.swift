import Foundation
import Testing

/// Every method of preconditioning in the program: it trains, uncoded and in 4 bits, goes on byte for byte from a checkpoint, and
/// keeps as many bytes as `memory` says.
@Suite struct MethodTests {
    private static let network = ["--model", "gpt", "--layers", "1", "--width", "64", "--heads", "2", "--context", "8"]

    private func arguments(_ method: String) -> [String] {
        ["train"] + Self.network + [
            "--dataset", "synthetic", "--optimizer", "adamw", "--batch-size", "4", "--steps", "6", "--statistics-interval",
            "1", "--threads", "1", "--quiet", "--log", "log.csv", "--checkpoint", "checkpoints", "--checkpoint-every", "3",
            "--keep-checkpoints", "9", "--preconditioner",
        ] + method.split(separator: " ").map(String.init)
    }

    @Test(arguments: [
        "kfac", "adabk --statistic eigenvector --root symmetric", "soap",
        "soap --statistic eigenvector --refresh-threshold 0.3", "soap --statistic householder", "kl-shampoo",
        "kl-shampoo --statistic eigenvector", "eva", "mfac --gradients 3", "mfac --gradients 3 --statistic full", "psgd",
        "psgd --statistic cholesky", "shampoo --statistic eigenvector --root symmetric --refresh-threshold 0.5",
    ])
    func trainsAndGoesOn(method: String) throws {
        let folder = try TemporaryFolder()
        try folder.succeed(arguments(method))
        let log = try logWithoutTimes(folder.text("log.csv"))
        let last = try folder.data("checkpoints/step-00000006.h5")
        let columns = log[0]
        let bytes = log[6][try #require(columns.firstIndex(of: "optimizer_state_bytes"))]
        let run = try folder.succeed(
            ["memory"] + Self.network + ["--vocabulary", "64", "--optimizer", "adamw", "--json", "--preconditioner"]
                + method.split(separator: " ").map(String.init))
        #expect(run.standardOutput.contains("\"optimizer\" : \(bytes)"), "\(bytes): \(run.standardOutput)")
        // As a kill after step 3 leaves it.
        try FileManager.default.removeItem(atPath: folder.path("checkpoints/step-00000006.h5"))
        try folder.succeed(arguments(method) + ["--resume"])
        #expect(try folder.data("checkpoints/step-00000006.h5") == last)
        #expect(try logWithoutTimes(folder.text("log.csv")) == log)
    }

    /// What a method does not have is refused with the words of those that have it.
    @Test(arguments: [
        ("soap --statistic symmetric", "soap takes exact, eigenvector, householder"),
        ("soap --root symmetric", "a method that keeps roots"), ("eva --gradients 3", "--preconditioner mfac"),
        ("mfac --statistic cholesky", "mfac takes exact, full"), ("shampoo --kl-clip 1", "--preconditioner eva"),
        ("shampoo --refresh-threshold 0.5", "--statistic eigenvector"), ("mfac --gradients 0", "from 1 to 4096"),
        ("psgd --dump d.h5 --dump-every 3", "keeps no matrices"), ("soap --shadow", "no statistics to follow"),
    ])
    func refused(method: String, reason: String) throws {
        let folder = try TemporaryFolder()
        let run = try folder.run(arguments(method))
        #expect(run.status == 64 && run.standardError.contains(reason), "\(run)")
    }

    /// SOAP runs Adam in its basis, so that a rule without Adam's moments has nothing to turn.
    @Test func soapOverMomentum() throws {
        let folder = try TemporaryFolder()
        let run = try folder.run(
            arguments("soap").map { $0 == "adamw" ? "sgdm" : $0 })
        #expect(run.status == 64 && run.standardError.contains("adamw"), "\(run)")
    }
}
