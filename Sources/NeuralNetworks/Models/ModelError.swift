import MatrixCore

/// A network that cannot be made as it was asked for.
public enum ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknown(model: String, known: [String])
    case optionDoesNotApply(model: String, option: String, applicable: [String])
    /// `reads` is what the model takes, images or tokens.
    case wrongData(model: String, reads: String, given: String)
    case outOfRange(model: String, NamedSize, ClosedRange<Int>)
    case rateOutOfRange(model: String, rate: String, value: Double)
    case notDivisible(model: String, NamedSize, by: NamedSize)
    case exceeds(model: String, NamedSize, limit: NamedSize)

    /// A size with the word for it.
    public struct NamedSize: Sendable, Equatable, CustomStringConvertible {
        public let name: String
        public let value: Int

        public init(_ name: String, _ value: Int) {
            self.name = name
            self.value = value
        }

        public var description: String { "\(name) of \(value)" }
    }

    public var description: String {
        switch self {
        case .unknown(let model, let known):
            "the model \(unknownName(model, choices: known))"
        case .optionDoesNotApply(let model, let option, let applicable):
            applicable.isEmpty
                ? "\(model) has no option \(option)"
                : "\(model) has no option \(option); it has \(applicable.joined(separator: ", "))"
        case .wrongData(let model, let reads, let given):
            "\(model) reads \(reads), and the data set has \(given)"
        case .outOfRange(let model, let size, let range):
            "\(model) cannot have a \(size): it must lie between \(range.lowerBound) and \(range.upperBound)"
        case .rateOutOfRange(let model, let rate, let value):
            "\(model) cannot have a \(rate) of \(value): it must be at least 0 and below 1"
        case .notDivisible(let model, let size, let divisor):
            "\(model) cannot have a \(size) with a \(divisor), which does not divide it"
        case .exceeds(let model, let size, let limit):
            "\(model) cannot have a \(size) with a \(limit), which is smaller"
        }
    }
}

/// The checks of sizes that a model's options are put to.
struct SizeRequirements {
    typealias NamedSize = ModelError.NamedSize

    /// Larger ones are mistyped; and with this bound no product of sizes leaves the range of Int.
    static let largestSize = 1 << 20
    static let largestLayerCount = 1 << 12

    let model: String

    func range(_ size: NamedSize, from least: Int, through most: Int = largestSize) throws(ModelError) {
        guard (least...most).contains(size.value) else { throw .outOfRange(model: model, size, least...most) }
    }

    func layers(_ value: Int) throws(ModelError) {
        try range(NamedSize("number of layers", value), from: 1, through: Self.largestLayerCount)
    }

    func rate(_ name: String, _ value: Double) throws(ModelError) {
        guard value >= 0 && value < 1 else { throw .rateOutOfRange(model: model, rate: name, value: value) }
    }

    func divisible(_ size: NamedSize, by divisor: NamedSize) throws(ModelError) {
        guard size.value % divisor.value == 0 else { throw .notDivisible(model: model, size, by: divisor) }
    }

    func atMost(_ size: NamedSize, _ limit: NamedSize) throws(ModelError) {
        guard size.value <= limit.value else { throw .exceeds(model: model, size, limit: limit) }
    }

    func images(_ image: ImageShape, classes: Int) throws(ModelError) {
        try range(NamedSize("number of channels", image.channels), from: 1, through: 1 << 10)
        try range(NamedSize("image height", image.height), from: 1, through: 1 << 14)
        try range(NamedSize("image width", image.width), from: 1, through: 1 << 14)
        try range(NamedSize("number of classes", classes), from: 2)
    }

    func transformer(width: Int, heads: Int, hidden: Int, layers count: Int) throws(ModelError) {
        try layers(count)
        try range(NamedSize("width", width), from: 2)
        try range(NamedSize("number of heads", heads), from: 1)
        try range(NamedSize("hidden width", hidden), from: 2)
        try divisible(NamedSize("width", width), by: NamedSize("number of heads", heads))
    }
}
