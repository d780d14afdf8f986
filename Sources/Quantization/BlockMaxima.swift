/// What is kept of the maximum of every block.
public enum BlockMaximumFormat: Sendable, Equatable, CaseIterable {
    /// max |x|, 4 bytes.
    case float32
    /// The entry of largest magnitude, the first of equal ones, with its sign, 4 bytes: it is then 1 that it is coded as, never
    /// −1, so that codebooks without a −1 lose nothing of it.
    case signedFloat32
    /// max |x| in about one byte: its difference from the mean of all, coded by `dynamic-tree` with 8 bits in groups of 256. The
    /// codes of the entries are those of the exact maxima.
    ///
    /// Source: Dettmers et al., "QLoRA", NeurIPS 2023, section 3 (double quantization).
    case doubleQuantized

    /// The bytes of the maxima of so many blocks: 4 each, or 1 each and 4 a group and 4 for the mean.
    public func byteCount(blocks: Int) -> Int {
        switch self {
        case .float32, .signedFloat32: 4 * blocks
        case .doubleQuantized: blocks + 4 * CodedMaxima.groupCount(blocks: blocks) + 4
        }
    }
}

/// The maxima of the blocks of a coded matrix, in the order of the blocks, as they are kept.
public enum BlockMaxima: Sendable, Equatable {
    case exact([Float])
    case coded(CodedMaxima)

    /// - Parameter maxima: exact ones, with a sign where the format has one.
    public init(_ maxima: [Float], format: BlockMaximumFormat) {
        self =
            switch format {
            case .float32, .signedFloat32: .exact(maxima)
            case .doubleQuantized: .coded(CodedMaxima(maxima))
            }
    }

    /// What codes are multiplied by.
    public var values: [Float] {
        switch self {
        case .exact(let values): values
        case .coded(let coded): coded.values
        }
    }

    public var count: Int {
        switch self {
        case .exact(let values): values.count
        case .coded(let coded): coded.codes.count
        }
    }

    public func isOf(_ format: BlockMaximumFormat) -> Bool {
        switch self {
        case .exact: format != .doubleQuantized
        case .coded: format == .doubleQuantized
        }
    }
}

/// Doubly quantized block maxima.
///
/// Numerics: m′ is within 0.0071·g + 2^-20·max m of m, g the largest difference from the mean in its group: half the widest
/// gap of the codebook, and a few roundings.
public struct CodedMaxima: Sendable, Equatable {
    /// One byte a block.
    public let codes: [UInt8]
    /// Of the differences, one a group.
    public let groupMaxima: [Float]
    public let mean: Float

    /// - Precondition: the counts fit.
    public init(codes: [UInt8], groupMaxima: [Float], mean: Float) {
        precondition(
            Self.groupCount(blocks: codes.count) == groupMaxima.count,
            "\(groupMaxima.count) groups of \(codes.count) block maxima")
        self.codes = codes
        self.groupMaxima = groupMaxima
        self.mean = mean
    }

    /// - Precondition: the maxima are finite.
    init(_ maxima: [Float]) {
        // In double precision and in order: the same on every machine.
        let mean = maxima.isEmpty ? 0 : Float(maxima.reduce(0.0) { $0 + Double($1) } / Double(maxima.count))
        let segment = ReferenceCodec.encode(maxima.map { $0 - mean }, coding: Self.coding)
        self.init(codes: segment.codes, groupMaxima: segment.maxima, mean: mean)
    }

    /// mean + difference, at least 0.
    var values: [Float] {
        ReferenceCodec.decode(codes: codes, maxima: groupMaxima, coding: Self.coding).map { max(mean + $0, 0) }
    }

    public static func groupCount(blocks: Int) -> Int { coding.blockCount(length: blocks) }

    /// How differences from the mean are coded.
    public static let coding: BlockCoding = {
        guard let coding = try? BlockCoding(codebook: Codebook(.dynamicTree, bits: 8), blockSize: 256) else {
            preconditionFailure("dynamic-tree has 8 bits")
        }
        return coding
    }()
}
