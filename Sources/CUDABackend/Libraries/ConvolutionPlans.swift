import Compute
import Synchronization

/// What cuDNN was told of the convolutions of a device, and the scratch memory that it asked for: each is asked for once, since
/// cuDNN looks for a kernel at every question, which takes the host longer than many a convolution takes the device.
final class ConvolutionPlans: Sendable {
    private struct Key: Hashable {
        let result: ConvolutionLibrary.Result
        let shape: ConvolutionShape
        let scalar: String
        let precision: ProductPrecision
    }

    struct Plan: Sendable {
        let descriptors: ConvolutionDescriptors
        /// Nil where the algorithm does not serve the convolution.
        let workspaceByteCount: Int?
    }

    let library: ConvolutionLibrary
    private let plans = Mutex<[Key: Plan]>([:])

    init(_ library: ConvolutionLibrary) { self.library = library }

    /// - Parameter handle: any of the device's.
    func plan<Scalar: CUDAScalar>(
        _ result: ConvolutionLibrary.Result, _ shape: ConvolutionShape, _: Scalar.Type, _ precision: ProductPrecision,
        _ handle: ConvolutionLibrary.Handle?
    ) throws(DeviceError) -> Plan {
        let key = Key(result: result, shape: shape, scalar: Scalar.kernelName, precision: precision)
        if let plan = plans.withLock({ $0[key] }) { return plan }
        let descriptors = try ConvolutionDescriptors(library, shape, Scalar.self, precision)
        let plan = Plan(
            descriptors: descriptors,
            workspaceByteCount: try library.workspaceByteCount(result, handle, descriptors))
        plans.withLock { $0[key] = plan }
        return plan
    }
}
