/// The calls of CUDA's driver that the backend makes, each resolved when it is made.
///
/// Names, argument types and codes are those of the driver API's documentation; `_v2` forms are the ones its headers map the
/// plain names to.
struct Driver: Sendable {
    let library: any SymbolSource

    typealias Code = Int32
    typealias Device = Int32
    typealias Context = OpaquePointer
    typealias Module = OpaquePointer
    typealias Function = OpaquePointer
    typealias Stream = OpaquePointer
    typealias Event = OpaquePointer
    typealias MemoryPool = OpaquePointer
    typealias Address = UInt64

    /// CUDA_ERROR_OUT_OF_MEMORY.
    static let outOfMemory: Code = 2
    /// CUDA_ERROR_NO_DEVICE.
    private static let noDevice: Code = 100

    /// CU_DEVICE_ATTRIBUTE_….
    enum Attribute: Int32 {
        case multiprocessorCount = 16
        case computeCapabilityMajor = 75
        case computeCapabilityMinor = 76
    }

    // MARK: Devices

    func initialize() throws(DeviceError) {
        let function = try library.function("cuInit", as: (@convention(c) (UInt32) -> Code).self)
        try check(function(0), "cuInit")
    }

    /// 1000·major + 10·minor of the newest CUDA that the driver serves.
    func version() throws(DeviceError) -> Int32 {
        try value("cuDriverGetVersion") { (function: @convention(c) (UnsafeMutablePointer<Int32>) -> Code, result) in
            function(result)
        }
    }

    func deviceCount() throws(DeviceError) -> Int32 {
        try value("cuDeviceGetCount") { (function: @convention(c) (UnsafeMutablePointer<Int32>) -> Code, result) in
            function(result)
        }
    }

    func device(_ index: Int) throws(DeviceError) -> Device {
        try value("cuDeviceGet") { (function: @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Code, result) in
            function(result, Int32(index))
        }
    }

    func attribute(_ attribute: Attribute, of device: Device) throws(DeviceError) -> Int32 {
        try value("cuDeviceGetAttribute") {
            (function: @convention(c) (UnsafeMutablePointer<Int32>, Int32, Device) -> Code, result) in
            function(result, attribute.rawValue, device)
        }
    }

    func name(of device: Device) throws(DeviceError) -> String {
        let function = try library.function(
            "cuDeviceGetName", as: (@convention(c) (UnsafeMutablePointer<CChar>, Int32, Device) -> Code).self)
        var text = [CChar](repeating: 0, count: 256)
        let code = text.withUnsafeMutableBufferPointer { function($0.baseAddress!, 256, device) }
        try check(code, "cuDeviceGetName")
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: The primary context

    func retainPrimaryContext(of device: Device) throws(DeviceError) -> Context? {
        var context: Context?
        let function = try library.function(
            "cuDevicePrimaryCtxRetain", as: (@convention(c) (UnsafeMutablePointer<Context?>, Device) -> Code).self)
        try check(function(&context, device), "cuDevicePrimaryCtxRetain")
        return context
    }

    func releasePrimaryContext(of device: Device) throws(DeviceError) {
        let function = try library.function("cuDevicePrimaryCtxRelease_v2", as: (@convention(c) (Device) -> Code).self)
        try check(function(device), "cuDevicePrimaryCtxRelease")
    }

    func setCurrent(_ context: Context?) throws(DeviceError) {
        let function = try library.function("cuCtxSetCurrent", as: (@convention(c) (Context?) -> Code).self)
        try check(function(context), "cuCtxSetCurrent")
    }

    func synchronize() throws(DeviceError) {
        let function = try library.function("cuCtxSynchronize", as: (@convention(c) () -> Code).self)
        try check(function(), "cuCtxSynchronize")
    }

    // MARK: Memory

    /// The free and all bytes of the current context's device.
    func memory() throws(DeviceError) -> (free: Int, total: Int) {
        var (free, total) = (0, 0)
        let function = try library.function(
            "cuMemGetInfo_v2", as: (@convention(c) (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>) -> Code).self)
        try check(function(&free, &total), "cuMemGetInfo")
        return (free, total)
    }

    // MARK: Kernels

    func loadModule(_ image: [UInt8]) throws(DeviceError) -> Module? {
        var module: Module?
        let function = try library.function(
            "cuModuleLoadData", as: (@convention(c) (UnsafeMutablePointer<Module?>, UnsafeRawPointer) -> Code).self)
        let code = image.withUnsafeBytes { function(&module, $0.baseAddress!) }
        try check(code, "cuModuleLoadData")
        return module
    }

    func unload(_ module: Module?) throws(DeviceError) {
        let function = try library.function("cuModuleUnload", as: (@convention(c) (Module?) -> Code).self)
        try check(function(module), "cuModuleUnload")
    }

    func function(_ name: String, of module: Module?) throws(DeviceError) -> Function? {
        var result: Function?
        let function = try library.function(
            "cuModuleGetFunction",
            as: (@convention(c) (UnsafeMutablePointer<Function?>, Module?, UnsafePointer<CChar>) -> Code).self)
        try check(function(&result, module, name), "cuModuleGetFunction(\(name))")
        return result
    }

    /// Launches a kernel over a row of thread blocks.
    ///
    /// - Parameter arguments: the address of each argument's value.
    func launch(
        _ kernel: Function?, blocks: UInt32, threads: UInt32, on stream: Stream?,
        arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    ) throws(DeviceError) {
        typealias Launch =
            @convention(c) (
                Function?, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, OpaquePointer?,
                UnsafeMutablePointer<UnsafeMutableRawPointer?>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
            ) -> Code
        let function = try library.function("cuLaunchKernel", as: Launch.self)
        try check(function(kernel, blocks, 1, 1, threads, 1, 1, 0, stream, arguments, nil), "cuLaunchKernel")
    }

    // MARK: Errors

    private func value<Call>(
        _ name: String, _ call: (Call, UnsafeMutablePointer<Int32>) -> Code
    ) throws(DeviceError) -> Int32 {
        var result: Int32 = 0
        let function = try library.function(name, as: Call.self)
        try check(call(function, &result), name)
        return result
    }

    func check(_ code: Code, _ name: String) throws(DeviceError) {
        if code == 0 { return }
        if code == Self.noDevice { throw .noDevice }
        throw .call(name, code: code, text: text(of: code))
    }

    private func text(of code: Code) -> String {
        typealias Describe = @convention(c) (Code, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Code
        var text: UnsafePointer<CChar>?
        guard let describe = try? library.function("cuGetErrorString", as: Describe.self), describe(code, &text) == 0,
            let text
        else { return "an error that the driver does not describe" }
        return String(cString: text)
    }
}
