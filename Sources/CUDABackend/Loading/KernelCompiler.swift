/// NVRTC: kernels from their source, for a device's own architecture.
struct KernelCompiler: Sendable {
    let library: any SymbolSource

    private typealias Program = OpaquePointer
    private typealias Code = Int32

    /// Every operation rounds by itself, as on the processor: no contraction into fused multiply-adds, subnormal numbers
    /// kept, division and square root rounded correctly.
    func options(scalar: String, architecture: String) -> [String] {
        [
            "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true", "--std=c++17", "-DREAL=\(scalar)",
            "--gpu-architecture=\(architecture)",
        ]
    }

    func version() throws(DeviceError) -> (major: Int, minor: Int) {
        var (major, minor): (Int32, Int32) = (0, 0)
        let function = try library.function(
            "nvrtcVersion", as: (@convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Code).self)
        try check(function(&major, &minor), "nvrtcVersion")
        return (Int(major), Int(minor))
    }

    /// The machine code of a source.
    ///
    /// - Parameters:
    ///   - scalar: what `real` is in it, "float" or "double".
    ///   - architecture: as in "sm_90".
    /// - Throws: `DeviceError.compilation` with the compiler's log.
    func compile(_ source: KernelSource, scalar: String, architecture: String) throws(DeviceError) -> [UInt8] {
        typealias Create =
            @convention(c) (
                UnsafeMutablePointer<Program?>, UnsafePointer<CChar>, UnsafePointer<CChar>, Int32, OpaquePointer?,
                OpaquePointer?
            ) -> Code
        typealias Compile = @convention(c) (Program?, Int32, UnsafePointer<UnsafePointer<CChar>?>) -> Code
        let create = try library.function("nvrtcCreateProgram", as: Create.self)
        let compile = try library.function("nvrtcCompileProgram", as: Compile.self)
        let destroy = try library.function(
            "nvrtcDestroyProgram", as: (@convention(c) (UnsafeMutablePointer<Program?>) -> Code).self)
        var program: Program?
        try check(create(&program, source.text, source.file, 0, nil, nil), "nvrtcCreateProgram")
        defer { _ = destroy(&program) }
        let code = withPointers(to: options(scalar: scalar, architecture: architecture)) { options, count in
            compile(program, Int32(count), options)
        }
        if code != 0 {
            let log = String(
                decoding: try output("nvrtcGetProgramLog", of: program).prefix { $0 != 0 }, as: UTF8.self)
            throw .compilation(
                file: source.file, architecture: architecture, log: log.isEmpty ? text(of: code) : log)
        }
        return try output("nvrtcGetCUBIN", of: program)
    }

    /// What `<name>` writes into a buffer as long as `<name>Size` says.
    private func output(_ name: String, of program: Program?) throws(DeviceError) -> [UInt8] {
        var count = 0
        let size = try library.function(
            "\(name)Size", as: (@convention(c) (Program?, UnsafeMutablePointer<Int>) -> Code).self)
        try check(size(program, &count), "\(name)Size")
        let fill = try library.function(name, as: (@convention(c) (Program?, UnsafeMutablePointer<UInt8>?) -> Code).self)
        var bytes = [UInt8](repeating: 0, count: count)
        try check(bytes.withUnsafeMutableBufferPointer { fill(program, $0.baseAddress) }, name)
        return bytes
    }

    private func check(_ code: Code, _ name: String) throws(DeviceError) {
        if code != 0 { throw .call(name, code: code, text: text(of: code)) }
    }

    private func text(of code: Code) -> String {
        typealias Describe = @convention(c) (Code) -> UnsafePointer<CChar>?
        guard let describe = try? library.function("nvrtcGetErrorString", as: Describe.self), let text = describe(code)
        else { return "an error that NVRTC does not describe" }
        return String(cString: text)
    }
}

/// Calls `body` with the C strings of some texts.
private func withPointers<Result>(
    to texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>, Int) -> Result
) -> Result {
    let characters = texts.map { Array($0.utf8CString) }
    let starts = characters.indices.map { characters[..<$0].reduce(0) { $0 + $1.count } }
    return characters.flatMap(\.self).withUnsafeBufferPointer { all in
        body(starts.map { start in all.baseAddress.map { $0 + start } }, texts.count)
    }
}
