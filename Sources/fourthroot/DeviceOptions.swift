import ArgumentParser
import CPUBackend
import CUDABackend
import Compute
import Foundation
import LinearAlgebra

/// What networks and optimizers are computed on.
struct DeviceOptions: ParsableArguments {
    @Option(help: "cpu, cuda or cuda:INDEX.")
    var device = Device.cpu

    @Option(help: "Threads of the CPU (default: as many as there are cores). Another number gives other roundings.")
    var threads: Int?

    @Option(help: "Convolutions on a GPU: cudnn or patches (default: cudnn where it is found).")
    var convolutions: ConvolutionAlgorithm?

    /// Threads that are used.
    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// - Parameter precision: of products.
    /// - Throws: `StatusError` of status `usage`.
    func check(_ precision: ProductPrecision = .float32) throws(StatusError) {
        if let threads, !(1...1024).contains(threads) { throw .usage("--threads \(threads): give 1 to 1024") }
        guard case .cpu = device else { return }
        if let convolutions {
            throw .usage("--convolutions \(convolutions.rawValue): it is of GPUs; it needs --device cuda")
        }
        var products = OptionRule(
            "precision", precision != .float32, appliesIf: false,
            needs: "--device cuda; products on the CPU are of float32")
        products.value = precision.rawValue
        try [products].check()
    }

    /// The backend of the device.
    ///
    /// - Parameter precision: of products.
    /// - Throws: `DeviceError` where there is no such device; `StatusError` of status `usage` for a precision that the device
    ///   does not have.
    func backend<Scalar: LAPACKScalar & CUDAScalar>(
        of scalar: Scalar.Type, _ precision: ProductPrecision = .float32
    ) throws -> any NeuralBackend<Scalar> {
        try check(precision)
        switch device {
        case .cpu:
            // The backend's threads share the work; those of OpenBLAS would wait for one another.
            OpenBLAS.setThreadCount(1)
            return CPUBackend<Scalar>(threads: threadCount)
        case .cuda(let index):
            return try CUDABackend<Scalar>(CUDA(convolutions: convolutions), device: index, precision: precision)
        }
    }

    /// What of the device decides the numbers of a run that goes on: the device itself may change meanwhile.
    func describe(in configuration: inout TrainConfiguration, _ precision: ProductPrecision) {
        configuration.begin("device")
        if case .cpu = device { configuration.set("threads", threadCount) }
        configuration.set("precision", precision.rawValue)
    }
}

extension ProductPrecision: ExpressibleByArgument {}
extension ConvolutionAlgorithm: ExpressibleByArgument {}

/// A device by its name.
enum Device: ExpressibleByArgument, CustomStringConvertible {
    case cpu
    case cuda(index: Int)

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("cpu", 1): self = .cpu
        case ("cuda", 1): self = .cuda(index: 0)
        case ("cuda", 2):
            guard let index = Int(parts[1]), index >= 0 else { return nil }
            self = .cuda(index: index)
        default: return nil
        }
    }

    var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    var defaultValueDescription: String { description }
    static var defaultCompletionKind: CompletionKind { .list(["cpu", "cuda"]) }
}
