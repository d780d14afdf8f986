import ArgumentParser
import CPUBackend
import CUDABackend
import Compute
import Conformance
import Files
import Foundation

/// Holds a device to the definitions, on the machine where it is to be trusted.
struct SelfTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Hold a device to the definitions.",
        discussion: "A line a case; status 70 where one differs, 69 where the device cannot be used.")

    @Option(help: "cpu, cuda or cuda:INDEX.")
    var device = "cpu"

    func run() throws {
        var tally = Tally()
        if device == "cpu" {
            let threads = ProcessInfo.processInfo.activeProcessorCount
            try judge(BackendCodec(CPUBackend<Float>()), &tally)
            try judge(CPUBackend<Float>(threads: threads, checksOutputs: true), "float", &tally)
            try judge(CPUBackend<Double>(threads: threads, checksOutputs: true), "double", &tally)
        } else {
            try judge(try cudaCodec(), &tally)
        }
        try OutputFile.writeToStandardOutput(
            "\(device): \(tally.count - tally.failures) of \(tally.count) cases as defined\n")
        if tally.failures > 0 {
            throw StatusError(status: .internalFault, description: "\(device) differs from the definitions")
        }
    }

    private struct Tally {
        private(set) var count = 0
        private(set) var failures = 0

        mutating func add(_ line: String, _ difference: String?) throws {
            count += 1
            if difference != nil { failures += 1 }
            try OutputFile.writeToStandardOutput("\(line): \(difference ?? "ok")\n")
        }
    }

    private func judge(_ codec: some MatrixCodec, _ tally: inout Tally) throws {
        for codecCase in try CodecCase.all() {
            try tally.add("\(codecCase)", try codecCase.difference(of: codec))
        }
    }

    private func judge<Backend: NeuralBackend>(_ backend: Backend, _ scalar: String, _ tally: inout Tally) throws {
        for conformanceCase in matrixCases() + neuralCases() as [ConformanceCase<Backend>] {
            try tally.add("\(scalar), \(conformanceCase)", try conformanceCase.difference(of: backend))
        }
    }

    private func cudaCodec() throws -> BackendCodec<CUDABackend<Float>> {
        let parts = device.split(separator: ":", omittingEmptySubsequences: false)
        guard parts[0] == "cuda", parts.count <= 2, let index = parts.count == 1 ? 0 : Int(parts[1]), index >= 0 else {
            throw StatusError.usage("--device \(device): give cpu, cuda or cuda:INDEX, with an index from 0 on")
        }
        return BackendCodec(try CUDABackend(try CUDA(), device: index))
    }
}
