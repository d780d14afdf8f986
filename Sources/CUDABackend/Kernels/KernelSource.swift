/// A source of kernels, embedded in the program.
struct KernelSource: Sendable, Hashable {
    /// The file's name, for messages.
    let file: String
    private let body: String

    init(file: String, body: String) {
        self.file = file
        self.body = body
    }

    private init(_ file: String, _ bytes: [UInt8]) {
        self.init(file: file, body: String(decoding: bytes, as: UTF8.self))
    }

    /// The source with what every source begins with; its own lines keep their numbers in the compiler's log.
    var text: String { "\(Self.prelude)\n#line 1 \"\(file)\"\n\(body)" }

    private static let prelude = String(decoding: PackageResources.prelude_cuh, as: UTF8.self)

    static let blockCodec = KernelSource("block_codec.cu", PackageResources.block_codec_cu)
    static let elements = KernelSource("elements.cu", PackageResources.elements_cu)
    static let reductions = KernelSource("reductions.cu", PackageResources.reductions_cu)
    static let vectors = KernelSource("vectors.cu", PackageResources.vectors_cu)
    static let activations = KernelSource("activations.cu", PackageResources.activations_cu)
    static let attention = KernelSource("attention.cu", PackageResources.attention_cu)
    static let convolution = KernelSource("convolution.cu", PackageResources.convolution_cu)
    static let crossEntropy = KernelSource("cross_entropy.cu", PackageResources.cross_entropy_cu)
    static let layerNormalization = KernelSource("layer_normalization.cu", PackageResources.layer_normalization_cu)
    static let rows = KernelSource("rows.cu", PackageResources.rows_cu)
    static let selection = KernelSource("selection.cu", PackageResources.selection_cu)

    /// All of them: what a test compiles for every architecture.
    static let all = [
        blockCodec, elements, reductions, vectors, activations, attention, convolution, crossEntropy, layerNormalization, rows,
        selection,
    ]

    static func == (a: KernelSource, b: KernelSource) -> Bool { a.file == b.file }
    func hash(into hasher: inout Hasher) { hasher.combine(file) }
}
