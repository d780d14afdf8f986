/// A source of kernels, embedded in the program.
struct KernelSource: Sendable {
    /// The file's name, for messages.
    let file: String
    let text: String

    static let blockCodec = KernelSource(
        file: "block_codec.cu", text: String(decoding: PackageResources.block_codec_cu, as: UTF8.self))

    /// All of them: what a test compiles for every architecture.
    static let all = [blockCodec]
}
