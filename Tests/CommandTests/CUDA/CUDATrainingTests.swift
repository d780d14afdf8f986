import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// `train` and `replay` on an emulated GPU beside the processor.
@Suite(.enabled(if: EmulatedDevice.folder != nil, EmulatedDevice.need))
struct CUDATrainingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(environment: EmulatedDevice.environment) }

    /// A transformer of one block with sides of 48 to 192, some of them coded, on a device. Gradients are not clipped: their norm,
    /// by which they would be divided, is a sum that a device rounds in its own way, which no learning rate shows.
    private static func arguments(_ storage: String, steps: Int, on device: String) throws -> [String] {
        let options = try SmallTraining.options(storage)
        let intervals = options.isEmpty ? [] : ["--statistics-interval", "1", "--root-interval", "2", "--damping", "1e-4"]
        return [
            "train", "--model", "gpt", "--dataset", "synthetic", "--optimizer", "adamw", "--layers", "1", "--width", "32",
            "--heads", "2", "--context", "8", "--batch-size", "2", "--steps", "\(steps)", "--dropout", "0.1",
            "--schedule", "constant", "--clip", "0", "--validation-batches", "1", "--quiet", "--device", device,
        ] + options + intervals
    }

    private static let records = [
        "--log", "log.csv", "--checkpoint", "c", "--checkpoint-every", "2", "--keep-checkpoints", "100",
    ]

    private func losses(_ log: String) throws -> [Double] {
        try StudyTable(folder.text(log)).column("loss").map { try #require(Double($0)) }
    }

    private func deviation(_ a: [Double], _ b: [Double]) throws -> Double {
        try #require(a.count == b.count && !a.isEmpty)
        return zip(a, b).map { ($0 / $1 - 1).magnitude }.max() ?? .infinity
    }

    /// Trainings that round otherwise part by as much as rounding makes them part: a code that crosses a midpoint moves its entry by a
    /// whole step. Measured by learning rates that are 1 to 16 units in the last place apart, which is what the sums of a step round by.
    @Test(arguments: ["none", "exact", "eigenvector", "feedback", "decomposed", "kfac"])
    func trainsAsTheProcessor(_ storage: String) throws {
        func train(_ log: String, on device: String, units: Double = 0) throws {
            let rate = "\(1e-3 * (1 + units * 0x1p-23))"
            try folder.succeed(
                Self.arguments(storage, steps: 6, on: device) + ["--learning-rate", rate, "--log", log])
        }
        let units: [Double] = [-16, -4, -1, 1, 4, 16]
        for (index, units) in units.enumerated() { try train("near\(index).csv", on: "cpu", units: units) }
        try train("1.csv", on: "cpu")
        try train("cuda.csv", on: "cuda")
        let reference = try losses("1.csv")
        let rounding = try units.indices.map { try deviation(losses("near\($0).csv"), reference) }.max() ?? 0
        let device = try deviation(losses("cuda.csv"), reference)
        expectBound(device, atMost: 20 * rounding + 16 * 0x1p-24, "\(storage)")
        let (ours, theirs) = (try StudyTable(folder.text("cuda.csv")), try StudyTable(folder.text("1.csv")))
        for column in ["optimizer_state_bytes", "preconditioner_bytes", "learning_rate"] {
            #expect(try ours.column(column) == theirs.column(column))
        }
        #expect(try theirs.column("peak_device_bytes").allSatisfy(\.isEmpty))
        #expect(
            ours.header.suffix(4)
                == ["peak_device_bytes", "peak_preconditioner_bytes", "gradient_norm", "offdiagonal_residual"])
        // Weights, gradients and the optimizer's states are on the device at the least.
        func last(_ column: String) throws -> Int { try #require(Int(ours.column(column).last ?? "")) }
        #expect(try last("peak_device_bytes") > last("optimizer_state_bytes"))
    }

    /// Where a rectifier's input rounds to either side of zero, gradients part by a whole activation: with this seed none does.
    @Test func imagesTrainAsOnTheProcessor() throws {
        let arguments = [
            "train", "--model", "resnet20", "--width", "4", "--dataset", "synthetic", "--optimizer", "sgdm", "--batch-size",
            "4",
            "--steps", "3", "--validation-batches", "1", "--quiet", "--statistics-interval", "1", "--root-interval", "2",
            "--damping", "1e-4", "--statistic", "eigenvector", "--root", "offdiagonal", "--schedule", "constant", "--seed", "1",
        ]
        for threads in [1, 3] { try folder.succeed(arguments + ["--threads", "\(threads)", "--log", "\(threads).csv"]) }
        let run = try folder.run(arguments + ["--device", "cuda", "--log", "cuda.csv"], timeout: 300)
        try #require(run.status == 0, "\(run)")
        let rounding = try deviation(losses("3.csv"), losses("1.csv"))
        expectBound(try deviation(losses("cuda.csv"), losses("1.csv")), atMost: 20 * rounding + 64 * 0x1p-24, "losses")
    }

    /// What `memory` says of a training's peak, of two sizes of batches: buffers of a few numbers are not counted, and the
    /// scratch memory of attention.
    @Test(arguments: [4, 16]) func memoryIsPredicted(_ batch: Int) throws {
        let model = [
            "--model", "gpt", "--layers", "2", "--width", "32", "--heads", "2", "--context", "32", "--optimizer", "adamw",
            "--batch-size", "\(batch)",
        ]
        let predicted = try StudyTable(
            folder.succeed(["memory", "--vocabulary", "64"] + model).standardOutput
        ).column("total_with_activations")[0]
        let run = try folder.run(
            ["train", "--dataset", "synthetic", "--steps", "2", "--validation-batches", "1", "--quiet", "--device", "cuda"]
                + model, timeout: 300)
        let found = try StudyTable(run.standardOutput).column("peak_device_bytes")
        let (ours, theirs) = try (#require(Double(predicted)), #require(Double(found.last ?? "")))
        expectBound((theirs / ours - 1).magnitude, atMost: 0.1, "\(batch): \(predicted) and \(found)")
    }

    /// After the first of every kind of step nothing more is taken from the device's memory. Of preconditioners, which are
    /// computed side by side, as many are at work at a time as happens; that what they leave does not add up shows in many steps.
    @Test(arguments: ["none", "eigenvector"]) func memoryIsSteady(_ storage: String) throws {
        let steps = 40
        try folder.succeed(Self.arguments(storage, steps: steps, on: "cuda") + ["--log", "log.csv"])
        let peaks = try StudyTable(folder.text("log.csv")).column("peak_device_bytes").map { try #require(Double($0)) }
        #expect(peaks.count == steps)
        expectBound(peaks[steps - 1], atMost: storage == "none" ? peaks[1] : 1.25 * peaks[7], "\(storage)")
    }

    @Test(arguments: ["eigenvector", "decomposed"]) func aResumedRunIsTheUninterruptedOne(_ storage: String) throws {
        let dump = ["--dump", "dump.h5", "--dump-every", "4", "--shadow"] + SmallTraining.dumped
        func arguments(_ steps: Int) throws -> [String] {
            try Self.arguments(storage, steps: steps, on: "cuda:0") + Self.records + dump
        }
        try folder.succeed(arguments(10))
        let whole = (
            try folder.data("c/step-00000010.h5"), try contents(ofHDF5: folder.path("dump.h5")),
            try logWithoutTimes(folder.text("log.csv"))
        )
        let resumed = try TemporaryFolder(environment: EmulatedDevice.environment)
        try resumed.succeed(arguments(6))
        try resumed.succeed(arguments(10) + ["--resume"])
        #expect(try resumed.data("c/step-00000010.h5") == whole.0)
        let dumped = try contents(ofHDF5: resumed.path("dump.h5"))
        #expect(dumped.count == whole.1.count)
        for (name, values) in whole.1 { #expect(dumped[name] == values, "\(name)") }
        // The first leg's last step was evaluated, and its shadow compared.
        let rows = try logWithoutTimes(resumed.text("log.csv"))
        #expect(rows.map { $0[2] } == whole.2.map { $0[2] })
    }

    /// From the processor to the device and back: each goes on from what the other has left.
    @Test func aCheckpointMoves() throws {
        for (steps, device) in [(2, "cpu"), (4, "cuda"), (6, "cpu"), (8, "cuda")] {
            try folder.succeed(
                Self.arguments("eigenvector", steps: steps, on: device) + Self.records + ["--threads", "2"]
                    + (steps > 2 ? ["--resume"] : []))
        }
        let moved = try losses("log.csv")
        for threads in [1, 2, 3, 5] {
            try folder.succeed(
                Self.arguments("eigenvector", steps: 8, on: "cpu") + ["--threads", "\(threads)", "--log", "\(threads).csv"])
        }
        let rounding = try [1, 3, 5].map { try deviation(losses("\($0).csv"), losses("2.csv")) }.max() ?? 0
        expectBound(try deviation(moved, losses("2.csv")), atMost: 20 * rounding + 16 * 0x1p-24, "losses")
        // What was read is what was written: a step of nothing on the other device keeps every bit.
        let checkpoint = try folder.data("c/step-00000008.h5")
        let again = try folder.run(
            Self.arguments("eigenvector", steps: 8, on: "cpu") + Self.records + ["--resume"], timeout: 60)
        #expect(again.status == 0)
        #expect(try folder.data("c/step-00000008.h5") == checkpoint)
    }

    @Test func anotherPrecisionIsAnotherRun() throws {
        try folder.succeed(Self.arguments("exact", steps: 4, on: "cuda") + Self.records + ["--precision", "tf32"])
        let longer = try Self.arguments("exact", steps: 6, on: "cuda") + Self.records + ["--resume"]
        try folder.expectRefusal(
            longer + ["--precision", "bfloat16"], status: 64, words: ["precision was tf32 and is bfloat16"])
        try folder.succeed(longer + ["--precision", "tf32"])
        try folder.expectRefusal(
            Self.arguments("exact", steps: 4, on: "cpu") + ["--precision", "tf32"], status: 64,
            words: ["--precision tf32", "--device cuda"])
    }

    /// In double precision the devices agree to many digits: rounding is 2^-53, and what six steps make of it is bounded by the
    /// condition of the damped roots, (1e4)^(1/4), and their number.
    @Test(arguments: [
        ["--statistic", "eigenvector", "--root", "offdiagonal"], ["--statistic", "exact", "--solver", "eigen"], [],
    ])
    func replaysAsTheProcessor(_ options: [String]) throws {
        let steps = 6
        try folder.createHDF5("trace.h5") { writer in
            for (name, value) in [
                ("steps", steps), ("statistics_interval", 2), ("root_interval", 2), ("weight_decay", 0),
            ] { try writer.setAttribute(name, to: .integer(value)) }
            for (name, value) in [("decay", 0.9), ("damping", 1e-4), ("learning_rate", 0.01), ("weight_decay", 0.1)] {
                try writer.setAttribute(name, to: .number(value))
            }
            try writer.setAttribute("kept_steps", to: .integers([steps]))
            func values(_ shape: [Int], seed: UInt64) -> NumericArray<Float> {
                NumericArray(
                    shape: shape,
                    values: Matrix<Float>.random(rows: shape.reduce(1, *), columns: 1, seed: seed).elements)
            }
            try writer.write(values([72, 40], seed: 1), to: "initial/weight")
            try writer.write(values([steps, 72, 40], seed: 2), to: "gradients/weight")
        }
        for device in ["cpu", "cuda"] {
            try folder.succeed(
                ["replay", "trace.h5", "--optimizer", "adamw", "--precision", "float64", "--quiet", "--device", device]
                    + options + ["-o", "\(device).h5"])
        }
        func parameters(_ device: String) throws -> [Double] {
            try HDF5File.open(folder.path("\(device).h5")).readArray("parameters/weight", as: Double.self).values
        }
        for (ours, theirs) in zip(try parameters("cuda"), try parameters("cpu")) {
            expectBound((ours - theirs).magnitude, atMost: 1e-10 * max(theirs.magnitude, 1), "\(options)")
        }
    }

    // MARK: Faults

    private func expectInterruption(_ run: ProgramRun, words: [String]) {
        #expect(run.status == 75, "\(run)")
        for word in words + ["go on with --checkpoint c --resume"] { #expect(run.standardError.contains(word), "\(run)") }
    }

    /// The device is too small for a later run, at its begin or in a step: what was asked, what is free, and everything as the
    /// last whole step left it.
    @Test(arguments: [0.125, 0.5, 0.7]) func memoryThatRunsOut(_ share: Double) throws {
        func arguments(_ steps: Int) throws -> [String] {
            try Self.arguments("eigenvector", steps: steps, on: "cuda") + Self.records
        }
        let whole = try TemporaryFolder(environment: EmulatedDevice.environment)
        try whole.succeed(arguments(8))
        let peak = try #require(Int(StudyTable(whole.text("log.csv")).column("peak_device_bytes").last ?? ""))
        try folder.succeed(arguments(2))
        let (checkpoint, log) = (try folder.data("c/step-00000002.h5"), try folder.text("log.csv"))
        let run = try folder.run(
            arguments(8) + ["--resume"], environment: ["FOURTHROOT_EMULATED_MEMORY": "\(Int(share * Double(peak)))"],
            timeout: 60)
        expectInterruption(run, words: ["the device failed in step", "no memory for", "are free"])
        #expect(try folder.data("c/step-00000002.h5") == checkpoint)
        #expect(try folder.text("log.csv").hasPrefix(log))
        try folder.succeed(arguments(8) + ["--resume"])
        #expect(try folder.data("c/step-00000008.h5") == whole.data("c/step-00000008.h5"))
    }

    /// Wherever a call of the driver or a library fails, the last checkpoint goes on and nothing but whole steps is recorded. Which
    /// call has a number is a matter of threads: one that gives something back fails unseen, and the next one is tried.
    @Test func callsThatFail() throws {
        let arguments = try Self.arguments("eigenvector", steps: 8, on: "cuda") + Self.records
        try folder.succeed(arguments)
        let whole = try folder.data("c/step-00000008.h5")
        for first in [700, 2000, 5000, 9000, 16_000] {
            let hasFailed = try (first..<first + 12).contains { call in
                let cut = try TemporaryFolder(environment: EmulatedDevice.environment)
                let run = try cut.run(arguments, environment: ["FOURTHROOT_EMULATED_FAILURE": "\(call):719"], timeout: 60)
                if run.status == 0 { return false }
                expectInterruption(run, words: ["719", "the device failed in step"])
                let steps = try StudyTable(cut.text("log.csv")).column("step")
                #expect(steps == (1...8).prefix(steps.count).map { "\($0)" })
                try cut.succeed(arguments + ["--resume"])
                #expect(try cut.data("c/step-00000008.h5") == whole, "call \(call)")
                return true
            }
            #expect(hasFailed, "no call from \(first) on")
        }
    }
}
