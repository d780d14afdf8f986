import Foundation
import HDF5Store
import MatrixCore
import Testing

/// What a training writes: log, dump, checkpoints, and what happens where it cannot.
@Suite struct TrainingRecordTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func theLogHasTheContractsColumnsFirst() throws {
        let run = try folder.succeed(SmallTraining.arguments("eigenvector", steps: 4))
        let rows = run.standardOutput.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        #expect(
            rows[0].prefix(11).joined(separator: ",")
                == "step,epoch,loss,accuracy,learning_rate,seconds,preconditioner_seconds,samples_per_second,"
                + "optimizer_state_bytes,preconditioner_bytes,peak_resident_bytes")
        #expect(rows.count == 5 && rows.dropFirst().map { $0[0] } == ["1", "2", "3", "4"])
        // Only the last step was evaluated.
        #expect(rows.dropFirst().map { $0[11].isEmpty } == [true, true, true, false])
    }

    /// From the shapes by hand: qkv 192 × 64, output 64 × 64, hidden 256 × 64 and 64 × 256, embedding, positions 16 × 64 and
    /// head.
    @Test func bytesAreThoseOfTheBuffers() throws {
        func coded(_ order: Int) -> Int { order * order / 2 + 4 * order * (order / 64) + 4 * order }
        func pair(_ rows: Int, _ columns: Int) -> Int {
            [rows, columns].reduce(0) { sum, order in
                // Below order 64 a basis with eigenvalues, and a root, stay float32.
                sum + (order < 64 ? 4 * (2 * order * order + order) : 2 * coded(order))
            }
        }
        let expected = pair(192, 64) + pair(64, 64) + pair(256, 64) + pair(64, 256) + 2 * pair(64, 64) + pair(16, 64)
        let run = try folder.succeed(SmallTraining.arguments("eigenvector", steps: 4))
        let fields = try #require(run.standardOutput.split(separator: "\n").last).split(
            separator: ",", omittingEmptySubsequences: false)
        #expect(Int(fields[9]) == expected)
        let weights = 64 * (192 + 64 + 256 + 256 + 64 + 64 + 16)
        // Biases and norms: 192 + 64 + 256 + 64, three norms of 2 · 64, and the head's bias where it has one.
        let vectors = 192 + 64 + 256 + 64 + 6 * 64
        let moments = Int(fields[8])! - expected
        #expect(moments == 8 * (weights + vectors) || moments == 8 * (weights + vectors + 64))
    }

    /// Bytes that depend on the matrices: of every step, and the most of all steps so far.
    @Test func thePeakOfBytesThatVary() throws {
        let run = try folder.succeed(SmallTraining.arguments("deflated", steps: 12))
        let table = try StudyTable(run.standardOutput)
        let bytes = try table.column("preconditioner_bytes").map { try #require(Int($0)) }
        let peaks = try table.column("peak_preconditioner_bytes").map { try #require(Int($0)) }
        #expect(Set(bytes).count > 2 && peaks.last! > bytes.min()!)
        for step in bytes.indices { #expect(peaks[step] == bytes[...step].max()) }
    }

    @Test func theDumpReadsAsTheContractSays() throws {
        try folder.succeed(SmallTraining.arguments("feedback", steps: 8) + ["--dump", "d.h5", "--dump-every", "4", "--shadow"])
        let file = try HDF5File.open(folder.path("d.h5"))
        #expect(try file.attribute("format")?.string == "fourthroot")
        #expect(try file.attribute("format_version")?.integer == 1)
        let side = "steps/00000008/blocks.0.attention.output.weight/0_0/left"
        for name in ["statistic", "decoded", "root", "reference"] {
            let set = try file.description(of: "\(side)/\(name)")
            #expect(set.shape == [64, 64] && set.elementType == .float32 && set.filters == ["shuffle", "deflate(4)"])
            let attributes = try file.attributes(of: "\(side)/\(name)")
            #expect(attributes["storage"] == .string("cholesky") && attributes["side"] == .string("left"))
            #expect(attributes["bits"] == .integer(4) && attributes["block"] == .integer(64))
            #expect(attributes["codebook"] == .string("linear-2") && attributes["exponent"] == .number(0.25))
            #expect(attributes["decay"] == .number(0.95) && attributes["damping"] == .number(1e-4))
            #expect(attributes["parameter_shape"] == .integers([64, 64]))
            // Statistics at steps 2, 4, 6, 8, roots at 4 and 8.
            #expect(attributes["updates"] == .integer(4))
        }
        // Coding moves the statistic, by less than it is.
        let statistic = try file.readRowsAsColumns("\(side)/statistic").transposed
        let decoded = try file.readRowsAsColumns("\(side)/decoded").transposed
        let error = try #require(compare(decoded, to: statistic).normwiseRelativeError)
        #expect(error > 1e-4 && error < 0.5)
        #expect(statistic == statistic.symmetrized)
    }

    /// Statistics at steps 2 and 4, the first root at step 4.
    @Test func whatHasSeenNoGradientSaysSo() throws {
        try folder.succeed(
            SmallTraining.arguments("eigenvector", steps: 4) + [
                "--log", "l.csv", "--dump", "d.h5", "--dump-every", "1", "--shadow",
            ])
        let file = try HDF5File.open(folder.path("d.h5"))
        for (step, statistic, root) in [(1, 0, 0), (2, 1, 0), (3, 1, 0), (4, 2, 2)] {
            let side = "steps/0000000\(step)/head.weight/0_0/right"
            for name in ["statistic", "decoded", "reference"] {
                #expect(try file.attribute("updates", of: "\(side)/\(name)") == .integer(statistic), "\(step) \(name)")
            }
            #expect(try file.attribute("updates", of: "\(side)/root") == .integer(root), "\(step)")
        }
        // How far a root is from the shadow's is said once there is one.
        let rows = try logWithoutTimes(folder.text("l.csv"))
        let column = try #require(rows[0].firstIndex(of: "nre:head.weight"))
        #expect(rows.dropFirst().map { $0[column].isEmpty } == [true, true, true, false])
    }

    /// Whoever reads the dump, even for the whole training, keeps no step out of it.
    @Test func readersAreNotInTheWay() throws {
        let running = try folder.start(
            SmallTraining.arguments("eigenvector") + ["--log", "l.csv", "--dump", "d.h5", "--dump-every", "1"]
                + SmallTraining.dumped)
        var reader: HDF5File?
        while reader == nil && !running.hasEnded { reader = try? HDF5File.open(folder.path("d.h5")) }
        let run = try running.wait(timeout: 60)
        #expect(run.status == 0, "\(run)")
        try withExtendedLifetime(reader) {
            let steps = try HDF5File.open(folder.path("d.h5")).groups().filter { $0.split(separator: "/").count == 2 }
            #expect(steps == (1...24).map { String(format: "steps/%08d", $0) })
        }
        #expect(try folder.names == ["d.h5", "l.csv"])
    }

    /// Rows that do not fit wait in memory; what stays in the log is whole rows.
    @Test(.enabled(if: SmallDisk.isPermitted, "mounting a tmpfs is not permitted here"))
    func aDiskThatIsFullForAMomentCostsNoRow() throws {
        let arguments = [
            "train", "--model", "mlp", "--layers", "1", "--hidden", "4", "--dataset", "synthetic", "--optimizer", "sgdm",
            "--batch-size", "4", "--threads", "1", "--validation-batches", "1", "--quiet", "--learning-rate", "1e-4",
        ]
        let disk = try SmallDisk(kibibytes: 8, in: folder)
        let running = try folder.start(arguments + ["--steps", "3000", "--log", "disk/log.csv"])
        while try (folder.contains("disk/log.csv") ? folder.data("disk/log.csv").count : 0) < 7900, !running.hasEnded {
            usleep(1000)
        }
        usleep(20000)
        func endsInAWholeRow() throws -> Bool { try folder.data("disk/log.csv").last == UInt8(ascii: "\n") }
        // At every step the next row is tried, and cut off again a moment later.
        var looks = 0
        while try !endsInAWholeRow(), looks < 1000 {
            usleep(1000)
            looks += 1
        }
        #expect(looks < 1000, "half a row stays at the end of the log")
        try disk.grow(kibibytes: 4096)
        let run = try running.wait(timeout: 60)
        #expect(
            run.status == 0 && run.standardError.contains("No space left") && run.standardError.contains("complete"), "\(run)")
        let rows = try logWithoutTimes(folder.text("disk/log.csv"))
        #expect(rows.dropFirst().map { $0[0] } == (1...3000).map { "\($0)" })
    }

    /// The shadow is the running mean of the true moments: that of an uncoded optimizer up to the first root.
    @Test func theShadowIsTheUncodedStatistic() throws {
        for (storage, name) in [("exact", "exact.h5"), ("naive", "coded.h5")] {
            try folder.succeed(
                SmallTraining.arguments(storage, steps: 4) + [
                    "--dump", name, "--dump-every", "4", "--shadow", "--no-retain-damping",
                ])
        }
        let exact = try HDF5File.open(folder.path("exact.h5"))
        let coded = try HDF5File.open(folder.path("coded.h5"))
        let statistics = try exact.datasets().filter { $0.name.hasSuffix("/statistic") }
        #expect(statistics.count == SmallTraining.sideCount)
        for set in statistics {
            let reference = set.name.replacing("/statistic", with: "/reference")
            #expect(try coded.readArray(reference, as: Float.self) == exact.readArray(set.name, as: Float.self))
        }
    }

    @Test func aDumpCanBeStudiedAsItIs() throws {
        try folder.succeed(SmallTraining.arguments("naive", steps: 4) + ["--dump", "d.h5", "--dump-every", "4"])
        let statistics = try HDF5File.open(folder.path("d.h5")).datasets().filter { $0.name.hasSuffix("/statistic") }
        #expect(statistics.count == SmallTraining.sideCount)
        let run = try folder.succeed([
            "study", "d.h5", "--no-cache", "--statistic", "eigenvector", "--root", "symmetric", "--bits", "4", "-o", "s.csv",
        ])
        #expect(run.standardError.contains("\(statistics.count) statistics of a training's dump"))
        #expect(try StudyTable(folder.text("s.csv")).records.count == statistics.count)
    }

    /// Statistics are updated at steps 2 and 4: what is dumped at step 1 is how they begin.
    @Test func whatHasSeenNoGradientIsNotStudied() throws {
        try folder.succeed(SmallTraining.arguments("naive", steps: 4) + ["--dump", "d.h5", "--dump-every", "1"])
        let study = ["study", "d.h5", "--no-cache", "--statistic", "full", "--root", "exact", "--bits", "8", "-o"]
        let run = try folder.succeed(study + ["s.csv"])
        #expect(run.standardError.contains("\(SmallTraining.sideCount) matrices of a dump before their first update"), "\(run)")
        let records = try StudyTable(folder.text("s.csv")).records
        #expect(records.count == 3 * SmallTraining.sideCount)
        try folder.expectRefusal(
            study + ["no.csv", "--matrix", "steps/00000001/*"], status: 65, words: ["before their first update"])
        try folder.succeed(study + ["one.csv", "--matrix", "steps/00000001/head.weight/0_0/right/statistic"])
        #expect(try StudyTable(folder.text("one.csv")).records.count == 1)
    }

    @Test func aLogThatAnotherProgramReplacesIsSaidToBeLost() throws {
        let running = try folder.start(
            SmallTraining.arguments("none", steps: 400) + ["--log", "l.csv"])
        while !folder.contains("l.csv") && !running.hasEnded { usleep(1000) }
        try folder.succeed(["codebook", "--codebook", "linear", "--bits", "3", "-o", "l.csv", "--force"])
        let run = try running.wait(timeout: 120)
        #expect(run.status == 74 && run.standardError.contains("the log was removed or replaced"), "\(run)")
    }

    /// What a kill leaves, and what anyone reads while the training goes on.
    @Test func aDumpInPartsCanBeStudied() throws {
        let running = try folder.start(
            SmallTraining.arguments("exact", steps: 100_000) + ["--log", "l.csv", "--dump", "d.h5", "--dump-every", "2"])
        while !folder.contains("d.h5.steps/00000008.h5") && !running.hasEnded { usleep(1000) }
        let matrices = [2, 4].flatMap { ["--matrix", "steps/0000000\($0)/head.weight/0_0/right/statistic"] }
        let study = ["study", "d.h5", "--no-cache", "--statistic", "full", "--root", "exact", "--bits", "8"]
        try folder.succeed(study + matrices + ["-o", "live.csv"])
        running.send(SIGKILL)
        #expect(try running.wait(timeout: 60).signal == SIGKILL)
        try folder.succeed(study + matrices + ["-o", "killed.csv"])
        let tables = try ["live.csv", "killed.csv"].map { try StudyTable(folder.text($0)).withoutSeconds }
        #expect(tables[0] == tables[1] && tables[0].records.count == 2)
    }

    @Test func dumpedParametersCanBeChosen() throws {
        try folder.succeed(
            SmallTraining.arguments("exact", steps: 4)
                + ["--dump", "d.h5", "--dump-every", "4", "--dump-parameter", "*attention*"])
        let names = try HDF5File.open(folder.path("d.h5")).datasets().map(\.name)
        #expect(!names.isEmpty && names.allSatisfy { $0.contains("attention") })
    }

    @Test func divergenceStopsWithAStateToLookAt() throws {
        let arguments = try SmallTraining.arguments("eigenvector", steps: 40)
        let run = try folder.run(arguments + ["--learning-rate", "1e30", "--schedule", "constant"])
        #expect(run.status == 65, "\(run)")
        for word in ["step ", "not", "finite", "learning rate", "fourthroot-stopped"] {
            #expect(run.standardError.contains(word), "\(run.standardError)")
        }
        #expect(try folder.names == ["fourthroot-stopped"])
        // Another run's folder stays as it is.
        let state = try folder.data(try #require(try firstFile(in: "fourthroot-stopped")))
        #expect(try folder.run(arguments + ["--learning-rate", "1e29", "--schedule", "constant"]).status == 65)
        #expect(try folder.names == ["fourthroot-stopped", "fourthroot-stopped-2"])
        #expect(try folder.data(try #require(try firstFile(in: "fourthroot-stopped"))) == state)
    }

    private func firstFile(in name: String) throws -> String? {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(name)).first.map { "\(name)/\($0)" }
    }

    /// The loss of a step does not see what the step itself spoils.
    @Test func aValidationLossThatIsNotFiniteStops() throws {
        let run = try folder.run([
            "train", "--model", "mlp", "--layers", "1", "--hidden", "16", "--dataset", "synthetic", "--optimizer", "sgdm",
            "--batch-size", "4", "--threads", "1", "--steps", "1", "--learning-rate", "1e38", "--log", "log.csv",
        ])
        #expect(run.status == 65 && run.standardError.contains("validation loss"), "\(run)")
        let rows = try logWithoutTimes(folder.text("log.csv"))
        let column = try #require(rows[0].firstIndex(of: "validation_loss"))
        #expect(rows.count == 2 && rows[1][column] == "")
        #expect(try folder.names == ["log.csv"])
    }

    @Test(.enabled(if: SmallDisk.isPermitted, "mounting a tmpfs is not permitted here")) func aFullDiskDoesNotEndTheTraining()
        throws
    {
        let disk = try SmallDisk(kibibytes: 3000, in: folder)
        func arguments(_ place: String) throws -> [String] {
            try SmallTraining.arguments("exact", steps: 12) + [
                "--quiet", "--log", "\(place)log.csv", "--dump", "\(place)dump.h5", "--dump-every", "2", "--checkpoint",
                "\(place)checkpoints", "--checkpoint-every", "2", "--keep-checkpoints", "9",
            ]
        }
        let run = try folder.run(arguments("disk/"))
        #expect(run.status == 74, "\(run)")
        for word in ["No space left", "missing", "checkpoints of step", "the dump lacks step"] {
            #expect(run.standardError.contains(word), "\(run)")
        }
        #expect(try logWithoutTimes(folder.text("disk/log.csv")).count == 13)
        // What fitted is whole, and the dump reads as it is.
        for name in try FileManager.default.contentsOfDirectory(atPath: disk.path + "/checkpoints") {
            #expect(name.hasSuffix(".h5"))
            #expect(try contents(ofHDF5: disk.path + "/checkpoints/\(name)").count > 10)
        }
        try folder.succeed(arguments(""))
        let whole = try contents(ofHDF5: folder.path("dump.h5"))
        for (name, values) in try contents(ofHDF5: disk.path + "/dump.h5") { #expect(values == whole[name]) }
        // With room again a resumed run makes one file of it.
        try disk.grow(kibibytes: 65536)
        try folder.succeed(arguments("disk/") + ["--resume"])
        #expect(try disk.names == ["checkpoints", "dump.h5", "log.csv"])
    }
}
