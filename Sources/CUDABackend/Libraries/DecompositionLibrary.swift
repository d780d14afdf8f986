/// cuSOLVER: decompositions of dense matrices.
///
/// Names, argument types and numbers are those of cuSOLVER's documentation of version 11.
struct DecompositionLibrary: Sendable {
    let library: any SymbolSource

    typealias Handle = OpaquePointer
    typealias Code = Int32

    /// A handle for the context that is current, which computes on the stream.
    func makeHandle(on stream: Driver.Stream?) throws(DeviceError) -> Handle? {
        var handle: Handle?
        let create = try library.function(
            "cusolverDnCreate", as: (@convention(c) (UnsafeMutablePointer<Handle?>) -> Code).self)
        try check(create(&handle), "cusolverDnCreate")
        do throws(DeviceError) {
            let set = try library.function(
                "cusolverDnSetStream", as: (@convention(c) (Handle?, Driver.Stream?) -> Code).self)
            try check(set(handle, stream), "cusolverDnSetStream")
        } catch {
            try? destroy(handle)
            throw error
        }
        return handle
    }

    func destroy(_ handle: Handle?) throws(DeviceError) {
        let function = try library.function("cusolverDnDestroy", as: (@convention(c) (Handle?) -> Code).self)
        try check(function(handle), "cusolverDnDestroy")
    }

    func check(_ code: Code, _ name: String) throws(DeviceError) {
        if code != 0 { throw .call(name, code: code, text: "cuSOLVER has no words for it") }
    }
}
