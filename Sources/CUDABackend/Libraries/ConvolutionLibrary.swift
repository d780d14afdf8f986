import Compute

/// cuDNN: convolutions of images.
///
/// Names, argument types and numbers are those of cuDNN's documentation of version 9. Of its algorithms those are called that give
/// the same bits from run to run.
struct ConvolutionLibrary: Sendable {
    let library: any SymbolSource

    typealias Handle = OpaquePointer
    typealias Descriptor = OpaquePointer
    typealias Code = Int32

    /// What is computed from the two others, by cuDNN's name for it.
    enum Result: String, CaseIterable {
        case outputs = "Forward"
        /// Their gradient.
        case images = "BackwardData"
        /// Its gradient.
        case filter = "BackwardFilter"
    }

    /// - Throws: `DeviceError` where the library lacks a function of those that are called.
    init(library: any SymbolSource) throws(DeviceError) {
        var names = [
            "cudnnCreate", "cudnnDestroy", "cudnnSetStream", "cudnnSetConvolutionMathType", "cudnnSetTensor4dDescriptor",
            "cudnnSetFilter4dDescriptor", "cudnnSetConvolution2dDescriptor",
        ]
        for kind in ConvolutionDescriptors.Kind.allCases {
            names += ["cudnnCreate\(kind.rawValue)", "cudnnDestroy\(kind.rawValue)"]
        }
        for result in Result.allCases {
            names += ["cudnnConvolution\(result.rawValue)", "cudnnGetConvolution\(result.rawValue)WorkspaceSize"]
        }
        if let missing = names.first(where: { library.address(of: $0) == nil }) {
            throw .missingSymbol(missing, library: library.name)
        }
        self.library = library
    }

    /// A handle for the context that is current, which computes on the stream.
    func makeHandle(on stream: Driver.Stream?) throws(DeviceError) -> Handle? {
        var handle: Handle?
        let create = try library.function("cudnnCreate", as: (@convention(c) (UnsafeMutablePointer<Handle?>) -> Code).self)
        try check(create(&handle), "cudnnCreate")
        do throws(DeviceError) {
            let set = try library.function(
                "cudnnSetStream", as: (@convention(c) (Handle?, Driver.Stream?) -> Code).self)
            try check(set(handle, stream), "cudnnSetStream")
        } catch {
            try? destroy(handle)
            throw error
        }
        return handle
    }

    func destroy(_ handle: Handle?) throws(DeviceError) {
        let function = try library.function("cudnnDestroy", as: (@convention(c) (Handle?) -> Code).self)
        try check(function(handle), "cudnnDestroy")
    }

    /// CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1 and
    /// CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1: the documentation calls each of them deterministic.
    private static let algorithm: Int32 = 1

    /// The bytes of scratch memory that a convolution wants; nil where the algorithm does not serve it.
    func workspaceByteCount(
        _ result: Result, _ handle: Handle?, _ descriptors: ConvolutionDescriptors
    ) throws(DeviceError) -> Int? {
        typealias Call =
            @convention(c) (
                Handle?, Descriptor?, Descriptor?, Descriptor?, Descriptor?, Int32, UnsafeMutablePointer<Int>
            ) -> Code
        let name = "cudnnGetConvolution\(result.rawValue)WorkspaceSize"
        let function = try library.function(name, as: Call.self)
        let (first, second, target) = result.ordered(descriptors.images, descriptors.filter, descriptors.outputs)
        var bytes = 0
        let code = function(handle, first, second, descriptors.convolution, target, Self.algorithm, &bytes)
        return try isServed(code, name) ? bytes : nil
    }

    /// Computes one of images, filter and outputs from the two others.
    ///
    /// - Returns: whether the algorithm serves the shape; nothing was done where it does not.
    func perform<Scalar: CUDAScalar>(
        _ result: Result, _ handle: Handle?, _ descriptors: ConvolutionDescriptors, images: Driver.Address,
        filter: Driver.Address, outputs: Driver.Address, workspace: DeviceMemory, of: Scalar.Type
    ) throws(DeviceError) -> Bool {
        typealias Call =
            @convention(c) (
                Handle?, UnsafeRawPointer, Descriptor?, Driver.Address, Descriptor?, Driver.Address, Descriptor?, Int32,
                Driver.Address, Int, UnsafeRawPointer, Descriptor?, Driver.Address
            ) -> Code
        let name = "cudnnConvolution\(result.rawValue)"
        let function = try library.function(name, as: Call.self)
        let (first, second, target) = result.ordered(
            (descriptors.images, images), (descriptors.filter, filter), (descriptors.outputs, outputs))
        var (alpha, beta): (Scalar, Scalar) = (1, 0)
        let code = function(
            handle, &alpha, first.0, first.1, second.0, second.1, descriptors.convolution, Self.algorithm,
            workspace.address, workspace.byteCount, &beta, target.0, target.1)
        return try isServed(code, name)
    }

    /// Codes from 3000 to 3999 say that something is not supported.
    private func isServed(_ code: Code, _ name: String) throws(DeviceError) -> Bool {
        if 3000..<4000 ~= code { return false }
        try check(code, name)
        return true
    }

    func check(_ code: Code, _ name: String) throws(DeviceError) {
        if code == 0 { return }
        typealias Describe = @convention(c) (Code) -> UnsafePointer<CChar>?
        let describe = try? library.function("cudnnGetErrorString", as: Describe.self)
        let text = describe.flatMap { $0(code) }.map { String(cString: $0) }
        throw .call(name, code: code, text: text ?? "an error that cuDNN does not describe")
    }
}

extension ConvolutionLibrary.Result {
    /// The two that are given, in the order of cuDNN's arguments, and the one that is computed.
    fileprivate func ordered<Part>(_ images: Part, _ filter: Part, _ outputs: Part) -> (Part, Part, Part) {
        switch self {
        case .outputs: (images, filter, outputs)
        case .images: (filter, outputs, images)
        case .filter: (images, outputs, filter)
        }
    }
}

/// cuDNN's descriptions of a convolution and of what takes part in it, given back with this object.
///
/// Images and outputs are NHWC: channels × (sample, row, column). The filter is KRSC: (row, column of the kernel, channel) ×
/// outputs, channels fastest. Nothing changes them once they are made.
final class ConvolutionDescriptors: @unchecked Sendable {
    enum Kind: String, CaseIterable {
        case tensor = "TensorDescriptor"
        case filter = "FilterDescriptor"
        case convolution = "ConvolutionDescriptor"
    }

    private(set) var images: ConvolutionLibrary.Descriptor?
    private(set) var filter: ConvolutionLibrary.Descriptor?
    private(set) var outputs: ConvolutionLibrary.Descriptor?
    private(set) var convolution: ConvolutionLibrary.Descriptor?
    private let convolutions: ConvolutionLibrary

    private typealias Descriptor = ConvolutionLibrary.Descriptor
    private typealias Code = ConvolutionLibrary.Code

    /// - Throws: `DeviceError`.
    init<Scalar: CUDAScalar>(
        _ convolutions: ConvolutionLibrary, _ shape: ConvolutionShape, _: Scalar.Type, _ precision: ProductPrecision
    ) throws(DeviceError) {
        self.convolutions = convolutions
        /// CUDNN_DATA_FLOAT and CUDNN_DATA_DOUBLE.
        let type: Int32 = Scalar.self == Float.self ? 0 : 1
        images = try makeTensor(type, shape.batch, shape.inputs, shape.height, shape.width)
        outputs = try makeTensor(type, shape.batch, shape.outputs, shape.outputHeight, shape.outputWidth)
        filter = try makeFilter(type, shape)
        convolution = try makeConvolution(type, shape)
        // CUDNN_FMA_MATH, or CUDNN_DEFAULT_MATH, which may round factors to TF32. cuDNN rounds no float32 to bfloat16.
        let math: Int32 = Scalar.self == Float.self && precision == .float32 ? 3 : 0
        let name = "cudnnSetConvolutionMathType"
        let set = try convolutions.library.function(name, as: (@convention(c) (Descriptor?, Int32) -> Code).self)
        try convolutions.check(set(convolution, math), name)
    }

    deinit {
        destroy(images, .tensor)
        destroy(outputs, .tensor)
        destroy(filter, .filter)
        destroy(convolution, .convolution)
    }

    /// CUDNN_TENSOR_NHWC.
    private static let layout: Int32 = 1

    private func make(_ kind: Kind) throws(DeviceError) -> Descriptor? {
        let name = "cudnnCreate\(kind.rawValue)"
        let create = try convolutions.library.function(
            name, as: (@convention(c) (UnsafeMutablePointer<Descriptor?>) -> Code).self)
        var descriptor: Descriptor?
        try convolutions.check(create(&descriptor), name)
        return descriptor
    }

    private func makeTensor(
        _ type: Int32, _ samples: Int, _ channels: Int, _ height: Int, _ width: Int
    ) throws(DeviceError) -> Descriptor? {
        typealias Set = @convention(c) (Descriptor?, Int32, Int32, Int32, Int32, Int32, Int32) -> Code
        let name = "cudnnSetTensor4dDescriptor"
        let set = try convolutions.library.function(name, as: Set.self)
        return try filled(.tensor, name) {
            set($0, Self.layout, type, Int32(samples), Int32(channels), Int32(height), Int32(width))
        }
    }

    private func makeFilter(_ type: Int32, _ shape: ConvolutionShape) throws(DeviceError) -> Descriptor? {
        typealias Set = @convention(c) (Descriptor?, Int32, Int32, Int32, Int32, Int32, Int32) -> Code
        let name = "cudnnSetFilter4dDescriptor"
        let set = try convolutions.library.function(name, as: Set.self)
        return try filled(.filter, name) {
            set($0, type, Self.layout, Int32(shape.outputs), Int32(shape.inputs), Int32(shape.kernel), Int32(shape.kernel))
        }
    }

    private func makeConvolution(_ type: Int32, _ shape: ConvolutionShape) throws(DeviceError) -> Descriptor? {
        typealias Set = @convention(c) (Descriptor?, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) -> Code
        let name = "cudnnSetConvolution2dDescriptor"
        let set = try convolutions.library.function(name, as: Set.self)
        let (padding, stride) = (Int32(shape.padding), Int32(shape.stride))
        /// CUDNN_CROSS_CORRELATION.
        let mode: Int32 = 1
        return try filled(.convolution, name) { set($0, padding, padding, stride, stride, 1, 1, mode, type) }
    }

    /// A descriptor that `set` has filled; given back where that fails.
    private func filled(
        _ kind: Kind, _ name: String, _ set: (Descriptor?) -> Code
    ) throws(DeviceError) -> Descriptor? {
        let descriptor = try make(kind)
        do throws(DeviceError) {
            try convolutions.check(set(descriptor), name)
        } catch {
            destroy(descriptor, kind)
            throw error
        }
        return descriptor
    }

    private func destroy(_ descriptor: Descriptor?, _ kind: Kind) {
        guard let descriptor else { return }
        let destroy = try? convolutions.library.function(
            "cudnnDestroy\(kind.rawValue)", as: (@convention(c) (Descriptor?) -> Code).self)
        // What cannot be given back here is given back with the process.
        _ = destroy?(descriptor)
    }
}
