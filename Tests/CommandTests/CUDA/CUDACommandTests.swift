import Foundation
import Testing

/// Commands beside `train` on an emulated GPU.
@Suite(.enabled(if: EmulatedDevice.folder != nil, EmulatedDevice.need))
struct CUDACommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(environment: EmulatedDevice.environment) }

    @Test func devicesNameVersionsAndTheCache() throws {
        let lines = try folder.succeed(["devices"]).standardOutput.split(separator: "\n").map(String.init)
        for (title, version) in [("NVIDIA's driver", "CUDA 13.0"), ("NVRTC", "13.0"), ("cuda:0", "emulated device")] {
            #expect(lines.contains { $0.hasPrefix("\(title): \(version)") }, "\(lines)")
        }
        #expect(lines.last?.hasPrefix("cache: ") == true && lines.last?.contains("every start") == false)
        try folder.write("", to: "file")
        let run = try folder.run(["devices"], environment: ["FOURTHROOT_CACHE": folder.path("file/cache")])
        #expect(run.status == 0 && run.standardOutput.contains("file is no folder; kernels are compiled at every start"))
    }

    @Test func theSelfTestRunsOnTheDevice() throws {
        let lines = try folder.succeed(["selftest", "--device", "cuda", "--filter", "combine", "--filter", "norms"])
            .standardOutput.split(separator: "\n")
        #expect(lines.count > 10 && lines.dropLast().allSatisfy { $0.hasSuffix(": ok") }, "\(lines)")
        #expect(lines.last == "cuda:0: \(lines.count - 1) of \(lines.count - 1) cases as defined")
        try folder.expectRefusal(
            ["selftest", "--device", "cuda", "--filter", "nothing of the kind"], status: 64, words: ["nothing of the kind"])
        try folder.expectRefusal(["selftest", "--device", "cuda:1"], status: 69, words: ["no CUDA device 1", "counts 1"])
    }

    /// By cuDNN and without it; on the processor there is nothing to choose.
    @Test func convolutionsAreChosen() throws {
        for choice in ["cudnn", "patches"] {
            let lines = try folder.succeed(
                ["selftest", "--device", "cuda", "--convolutions", choice, "--filter", "float, convolution"]
            ).standardOutput.split(separator: "\n")
            #expect(lines.count > 3 && lines.dropLast().allSatisfy { $0.hasSuffix(": ok") }, "\(lines)")
        }
        try folder.expectRefusal(
            ["selftest", "--convolutions", "patches"], status: 64, words: ["--convolutions patches", "--device cuda"])
        try folder.expectRefusal(
            ["selftest", "--device", "cuda", "--convolutions", "fft"], status: 64, words: ["fft", "cudnn", "patches"])
    }

    /// Kernels are kept, taken again, and made anew where what was kept is damaged.
    @Test func kernelsAreKept() throws {
        let cache = ["FOURTHROOT_CACHE": folder.path("cache")]
        func entries() throws -> [String: Data] {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("cache"))
            return try Dictionary(uniqueKeysWithValues: names.map { ($0, try folder.data("cache/\($0)")) })
        }
        func run() throws {
            let run = try folder.run(["selftest", "--device", "cuda", "--filter", "float, combine"], environment: cache)
            #expect(run.status == 0, "\(run)")
        }
        try run()
        let kept = try entries()
        #expect(!kept.isEmpty && kept.keys.allSatisfy { $0.hasSuffix(".kernel") })
        let name = try #require(kept.keys.first)
        try folder.write(Data("damaged".utf8), to: "cache/\(name)")
        try run()
        #expect(try entries() == kept)
    }

    @Test(arguments: ["cpu", "cuda"]) func benchmarks(_ device: String) throws {
        let codec = try StudyTable(
            folder.succeed(["benchmark", "codec", "--order", "256", "--repeat", "1", "--device", device]).standardOutput)
        #expect(try codec.column("what") == ["copy", "encode", "decode"])
        // 256² float32 numbers of 4 bytes, as codes of 4 bits with a maximum of 4 bytes for 64 of them.
        #expect(try codec.column("bytes") == ["524288", "299008", "299008"])
        // As fast as no memory is, unless nothing was copied.
        #expect(try codec.column("gigabytes_per_second").allSatisfy { Double($0).map { $0 < 5000 } ?? false })
        let model = [
            "--model", "gpt", "--layers", "1", "--width", "32", "--heads", "2", "--context", "8", "--optimizer", "adamw",
        ]
        let storages = ["--statistic", "eigenvector", "--root", "offdiagonal"]
        let optimizer = try StudyTable(
            folder.succeed(["benchmark", "optimizer", "--repeat", "1", "--device", device] + model + storages).standardOutput)
        #expect(try optimizer.column("what") == ["direction", "update", "update_and_root"])
        let memory = try StudyTable(folder.succeed(["memory", "--per-layer"] + model + storages).standardOutput)
        let counted = try zip(memory.column("layer"), memory.column("preconditioners"))
            .filter { !["total", "tokens.weight", "head.weight"].contains($0.0) }.compactMap { Int($0.1) }.reduce(0, +)
        #expect(try optimizer.column("bytes") == Array(repeating: "\(counted)", count: 3))
        let train = try StudyTable(
            folder.succeed(
                ["benchmark", "train", "--dataset", "synthetic", "--batch-size", "2", "--steps", "4", "--warm-up-steps", "0"]
                    + ["--statistics-interval", "2", "--root-interval", "4", "--device", device] + model + storages
            ).standardOutput)
        #expect(try train.column("what") == ["step", "statistics_step", "root_step"])
        for table in [codec, optimizer, train] {
            #expect(try table.column("seconds").allSatisfy { Double($0).map { $0 > 0 } ?? false })
        }
        #expect(try train.column("peak_device_bytes").allSatisfy { ($0 == "") == (device == "cpu") })
    }
}
