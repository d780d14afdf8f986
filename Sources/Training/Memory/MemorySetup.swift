import Optimizers
import Preconditioning

/// What a first-order rule keeps: so many values a parameter of so many bits.
public struct FirstOrderMemory: Sendable, Equatable {
    /// Values a parameter: 1 for momentum or a sum of squares, 2 for Adam's moments.
    public let valueCount: Int
    public let bits: Int

    /// - Precondition: `bits` is 32, 16 or 8.
    public init(valueCount: Int, bits: Int) {
        precondition([8, 16, 32].contains(bits), "\(bits) bits")
        self.valueCount = valueCount
        self.bits = bits
    }

    /// With 8 bits one float32 maximum for every 2048 values, and tensors below 4096 entries in 32 bits.
    ///
    /// Source: Dettmers et al., ICLR 2022.
    public func byteCount(entries: Int) -> Int {
        switch bits {
        case 8: valueCount * (entries < 4096 ? 4 * entries : entries + 4 * ((entries + 2047) / 2048))
        default: valueCount * entries * bits / 8
        }
    }
}

/// How a model is trained, as far as memory minds.
public struct MemorySetup: Sendable {
    public var firstOrder: FirstOrderMemory
    /// Of parameters and gradients: 32 or 16.
    public var parameterBits: Int
    public var preconditioning: PreconditionerSettings?
    /// Whether tables of tokens and the map to their logits have preconditioners.
    public var preconditionsVocabulary: Bool

    public init(
        firstOrder: FirstOrderMemory, parameterBits: Int,
        preconditioning: PreconditionerSettings?, preconditionsVocabulary: Bool
    ) {
        self.firstOrder = firstOrder
        self.parameterBits = parameterBits
        self.preconditioning = preconditioning
        self.preconditionsVocabulary = preconditionsVocabulary
    }
}

/// The bytes that one parameter takes in training, by what they hold.
public struct MemoryBreakdown: Sendable, Equatable {
    public var parameters = 0
    public var gradients = 0
    public var firstOrder = 0
    public var statistics = BufferBytes()
    public var roots = BufferBytes()

    public var preconditioners: Int { statistics.total + roots.total }
    public var total: Int { parameters + gradients + firstOrder + preconditioners }

    public init() {}

    /// Of one parameter: with the same blocks, orders and storages as `Shampoo` gives it.
    public init(of parameter: CountedParameter, _ setup: MemorySetup) {
        parameters = parameter.entryCount * setup.parameterBits / 8
        gradients = parameters
        firstOrder = setup.firstOrder.byteCount(entries: parameter.entryCount)
        guard let settings = setup.preconditioning, parameter.shape.isMatrix,
            setup.preconditionsVocabulary || !parameter.isVocabulary
        else { return }
        let scheme = settings.scheme(of: parameter.name)
        for place in blockPlaces(parameter.shape, largestOrder: settings.largestOrder) {
            for order in [place.rows.count, place.columns.count] {
                statistics = statistics + scheme.statisticBuffers(order: order)
                roots = roots + scheme.rootBuffers(order: order)
            }
        }
    }

    public static func + (a: MemoryBreakdown, b: MemoryBreakdown) -> MemoryBreakdown {
        var sum = a
        sum.parameters += b.parameters
        sum.gradients += b.gradients
        sum.firstOrder += b.firstOrder
        sum.statistics = sum.statistics + b.statistics
        sum.roots = sum.roots + b.roots
        return sum
    }
}
