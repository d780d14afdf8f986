/// What the codec refuses.
public enum QuantizationError: Error, Sendable, Equatable, CustomStringConvertible {
    case unsupportedBits(Int, CodebookName)
    case invalidBlockSize(Int)
    case invalidCodebook(String)
    /// The entry at this position of the matrix's memory is NaN or infinite.
    case notFinite(row: Int, column: Int, value: Float)

    public var description: String {
        switch self {
        case .unsupportedBits(let bits, let name):
            name.supportedBits.count == 1
                ? "codebook \(name.rawValue) has \(name.supportedBits.lowerBound) bits only, not \(bits)"
                : "\(bits) bits: codebook \(name.rawValue) has \(name.supportedBits.lowerBound) to "
                    + "\(name.supportedBits.upperBound)"
        case .invalidBlockSize(let size):
            "block size \(size): it must be at least 1"
        case .invalidCodebook(let reason):
            "no codebook: \(reason)"
        case .notFinite(let row, let column, let value):
            "entry (\(row), \(column)) is \(value.isNaN ? "NaN" : "\(value)"); only finite entries can be coded"
        }
    }
}
