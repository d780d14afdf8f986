import Quantization

/// A matrix in codes in a device's memory: its form and its buffers.
public struct CUDACodedTensor: Sendable {
    let form: CodedForm
    /// Plainly packed codes.
    let packed: DeviceMemory
    let maxima: Maxima
    /// In float32; nil where it is not kept apart.
    let diagonal: DeviceMemory?

    enum Maxima: Sendable {
        /// In float32.
        case exact(DeviceMemory)
        /// A byte a block, a float32 a group, and the float32 mean of all.
        case coded(codes: DeviceMemory, groupMaxima: DeviceMemory, mean: DeviceMemory)
    }

    /// The bytes of packed codes, block maxima and kept diagonal.
    var byteCount: Int { form.plainByteCount + form.maximaByteCount + 4 * form.diagonalCount }
}
