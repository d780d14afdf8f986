import Quantization

/// The bytes of a stored matrix by what they hold.
public struct BufferBytes: Sendable, Equatable {
    public var codes = 0
    public var blockMaxima = 0
    /// Diagonals and eigenvalues, float32.
    public var diagonals = 0
    public var signs = 0
    /// Entries that are kept as they are, float32.
    public var exact = 0

    public init() {}

    public var total: Int { codes + blockMaxima + diagonals + signs + exact }

    public static func + (a: BufferBytes, b: BufferBytes) -> BufferBytes {
        var sum = a
        sum.codes += b.codes
        sum.blockMaxima += b.blockMaxima
        sum.diagonals += b.diagonals
        sum.signs += b.signs
        sum.exact += b.exact
        return sum
    }

    static func entries(order: Int) -> BufferBytes {
        var bytes = BufferBytes()
        bytes.exact = 4 * order * order
        return bytes
    }

    static func coded(
        _ region: CodedRegion, _ coding: BlockCoding, order: Int, hasDiagonal: Bool = false, hasSigns: Bool = false
    ) -> BufferBytes {
        var bytes = BufferBytes()
        bytes.codes = packedByteCount(codes: region.entryCount(order: order), bits: coding.codebook.bits)
        bytes.blockMaxima = 4 * region.blockCount(order: order, coding: coding)
        bytes.diagonals = hasDiagonal ? 4 * order : 0
        bytes.signs = hasSigns ? (order + 7) / 8 : 0
        return bytes
    }
}

extension StatisticStorage {
    /// The buffers of a statistic of this order; `exact` counts as float32.
    public func buffers(order: Int) -> BufferBytes {
        switch self {
        case .exact: .entries(order: order)
        case .full(let coding): .coded(.columns, coding, order: order)
        case .offdiagonal(let coding), .eigenvector(let coding):
            .coded(.columns, coding, order: order, hasDiagonal: true)
        case .symmetric(let coding), .cholesky(let coding):
            .coded(.strictUpper, coding, order: order, hasDiagonal: true)
        case .householder(let coding):
            .coded(.strictLower, coding, order: order, hasDiagonal: true, hasSigns: true)
        }
    }

    public func byteCount(order: Int) -> Int { buffers(order: order).total }
}

extension RootStorage {
    /// The buffers of a root of this order; `exact` counts as float32.
    public func buffers(order: Int) -> BufferBytes {
        switch self {
        case .exact: .entries(order: order)
        case .full(let coding): .coded(.columns, coding, order: order)
        case .offdiagonal(let coding): .coded(.columns, coding, order: order, hasDiagonal: true)
        case .symmetric(let coding): .coded(.strictUpper, coding, order: order, hasDiagonal: true)
        }
    }

    public func byteCount(order: Int) -> Int { buffers(order: order).total }
}

extension PreconditionerScheme {
    /// The buffers of the statistic of a side of this order in training, where small orders stay uncoded and error
    /// feedback has codes of its own.
    public func statisticBuffers(order: Int) -> BufferBytes {
        guard order >= smallestCodedOrder else {
            var bytes = BufferBytes.entries(order: order)
            bytes.diagonals = statistic.isFactored ? 4 * order : 0
            return bytes
        }
        let bytes = statistic.buffers(order: order)
        guard case .cholesky(let coding) = statistic, errorFeedbackDecay != nil else { return bytes }
        return bytes + .coded(.strictUpper, coding, order: order)
    }

    /// The buffers of the root of a side of this order in training.
    public func rootBuffers(order: Int) -> BufferBytes { rootStorage(order: order).buffers(order: order) }
}
