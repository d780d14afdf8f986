import ArgumentParser
import CPUBackend
import Compute
import Conformance
import Files

/// Holds a device to the definitions, on the machine where it is to be trusted.
struct SelfTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Hold a device to the definitions.",
        discussion: "A line a case; status 70 where one differs, 69 where the device cannot be used.")

    @OptionGroup(title: "Device") var device: DeviceOptions

    @Option(help: "Only cases whose line holds this text; may be repeated.")
    var filter: [String] = []

    func run() throws {
        try device.check()
        var tally = Tally(filter: filter)
        switch device.device {
        case .cpu:
            try judge(
                CPUBackend<Float>(threads: device.threadCount, checksOutputs: true),
                CPUBackend<Double>(threads: device.threadCount, checksOutputs: true), &tally)
        case .cuda:
            try judge(device.backend(of: Float.self), device.backend(of: Double.self), &tally)
        }
        if tally.count == 0 { throw StatusError.usage("--filter: no case holds \(filter.joined(separator: " or "))") }
        try OutputFile.writeToStandardOutput(
            "\(device.device): \(tally.count - tally.failures) of \(tally.count) cases as defined\n")
        if tally.failures > 0 {
            throw StatusError(status: .internalFault, description: "\(device.device) differs from the definitions")
        }
    }

    private func judge<Single: NeuralBackend, Dual: NeuralBackend>(
        _ single: Single, _ double: Dual, _ tally: inout Tally
    ) throws where Single.Scalar == Float, Dual.Scalar == Double {
        for codecCase in try CodecCase.all() {
            try tally.add("\(codecCase)") { try codecCase.difference(of: BackendCodec(single)) }
        }
        try judge(matrixCases() + neuralCases(), "float", single, &tally)
        try judge(matrixCases() + neuralCases() + gradientCases(), "double", double, &tally)
    }

    private func judge<Backend>(
        _ cases: [ConformanceCase<Backend>], _ scalar: String, _ backend: Backend, _ tally: inout Tally
    ) throws {
        for conformanceCase in cases {
            try tally.add("\(scalar), \(conformanceCase)") { try conformanceCase.difference(of: backend) }
        }
    }

    private struct Tally {
        let filter: [String]
        private(set) var count = 0
        private(set) var failures = 0

        init(filter: [String]) { self.filter = filter }

        mutating func add(_ line: String, _ difference: () throws -> String?) throws {
            guard filter.isEmpty || filter.contains(where: line.contains) else { return }
            let difference = try difference()
            count += 1
            if difference != nil { failures += 1 }
            try OutputFile.writeToStandardOutput("\(line): \(difference ?? "ok")\n")
        }
    }
}
