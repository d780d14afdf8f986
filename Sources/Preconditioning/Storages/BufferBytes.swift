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

    static func entries(order: Int) -> BufferBytes { entries(order * order) }

    /// So many float32 entries as they are.
    public static func entries(_ count: Int) -> BufferBytes {
        var bytes = BufferBytes()
        bytes.exact = 4 * count
        return bytes
    }

    /// Codes in plain packing.
    ///
    /// - Parameter values: float32 values kept beside the form: eigenvalues, or the diagonal of a factor.
    public init(of form: CodedForm, values: Int = 0) {
        codes = form.plainByteCount
        blockMaxima = form.maximaByteCount
        diagonals = 4 * (form.diagonalCount + values)
    }
}

extension PreconditionerScheme {
    /// The buffers of the statistic of a side of this order in training, where small orders stay uncoded and error
    /// feedback has codes of its own.
    public func statisticBuffers(order: Int) -> BufferBytes {
        statisticDefinition(order: order).buffers(order: order, hasErrorFeedback: errorFeedbackDecay != nil)
    }

    /// The buffers of the root of a side of this order in training.
    public func rootBuffers(order: Int) -> BufferBytes { rootStorage(order: order).buffers(order: order) }
}
