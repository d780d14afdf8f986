import CKernels
import MatrixCore

/// One implementation in C of the passes and convolutions of networks in float32.
///
/// All agree with the definitions in Swift, which other scalars take, within rounding; they differ in the order of their
/// sums, so bits are the same on machines of one instruction set only.
public struct NeuralKernels: Sendable {
    /// What it is compiled for: "AVX-512", "AVX2" or "generic".
    public let instructionSet: String
    let functions: fr_neural_kernels

    /// Those that this machine can run, fastest first.
    public static let available: [NeuralKernels] = {
        var count = 0
        let sets = fr_neural_kernel_sets(&count)!
        return (0..<count).map { index in
            let functions = sets[index]!.pointee
            return NeuralKernels(instructionSet: String(cString: functions.instruction_set), functions: functions)
        }
    }()

    public static var fastest: NeuralKernels { available[0] }
}

extension CPUBackend {
    /// Whether the entries are what the kernels in C are written for; a constant once the scalar is known.
    @inline(__always) var hasKernels: Bool { Scalar.self == Float.self }

    @inline(__always) var kernels: fr_neural_kernels { neuralKernels.functions }
}

/// Entries of a scalar that is Float, by `hasKernels`.
@inline(__always)
func floats<Scalar>(_ pointer: UnsafePointer<Scalar>) -> UnsafePointer<Float> {
    UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
}

@inline(__always)
func floats<Scalar>(_ pointer: UnsafeMutablePointer<Scalar>) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
}
