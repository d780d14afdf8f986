import Compute
import Optimizers
import Preconditioning

/// What a first-order rule keeps, as its definition says.
public struct FirstOrderMemory: Sendable {
    public let rule: any FirstOrderMethod.Type
    /// Of an entry: 32, 8 or 4 as the rule codes its moments, or 16 for all of it, as published runs in bfloat16.
    public let bits: Int
    /// Whether an average of the points is kept beside it.
    public let isAveraged: Bool

    /// - Precondition: `bits` is 32, 16, 8 or 4.
    public init(_ rule: any FirstOrderMethod.Type, bits: Int, isAveraged: Bool = false) {
        precondition(bits == 16 || MomentBits(rawValue: bits) != nil, "\(bits) bits")
        self.rule = rule
        self.bits = bits
        self.isAveraged = isAveraged
    }

    /// - Parameter isReplaced: whether a preconditioner gives whole steps, so that the rule keeps nothing.
    public func byteCount(_ parameter: ParameterShape, isReplaced: Bool = false) -> Int {
        let average = isAveraged ? Averaging.byteCount(parameter) : 0
        if isReplaced { return average }
        guard let momentBits = MomentBits(rawValue: bits) else {
            return average + rule.extraBytes + 2 * rule.kept(of: parameter).count * parameter.rows * parameter.columns
        }
        return average + rule.byteCount(parameter, momentBits)
    }
}

/// How a model is trained, as far as memory minds.
public struct MemorySetup: Sendable {
    public var firstOrder: FirstOrderMemory
    /// Of parameters and gradients: 32 or 16.
    public var parameterBits: Int
    public var preconditioning: PreconditionerSettings?
    /// Whose settings these are.
    public var method: any PreconditionerMethod.Type
    /// Whether tables of tokens and the map to their logits have preconditioners.
    public var preconditionsVocabulary: Bool

    public init(
        firstOrder: FirstOrderMemory, parameterBits: Int,
        preconditioning: PreconditionerSettings?, by method: any PreconditionerMethod.Type = Shampoo.self,
        preconditionsVocabulary: Bool
    ) {
        self.method = method
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

    /// Of one parameter: with the same buffers as the method gives it.
    public init(of parameter: CountedParameter, _ setup: MemorySetup) {
        parameters = parameter.entryCount * setup.parameterBits / 8
        gradients = parameters
        let isPreconditioned = setup.preconditioning != nil && (setup.preconditionsVocabulary || !parameter.isVocabulary)
        let isReplaced = isPreconditioned && setup.method.replacesRule && parameter.shape.isMatrix
        firstOrder = setup.firstOrder.byteCount(parameter.shape, isReplaced: isReplaced)
        guard isPreconditioned, let settings = setup.preconditioning else { return }
        let scheme = settings.scheme(of: parameter.name)
        let joined = setup.method.joinsBiases && parameter.hasBias && parameter.shape.isMatrix
        let shape = joined ? ParameterShape([parameter.shape.rows, parameter.shape.columns + 1]) : parameter.shape
        (statistics, roots) = setup.method.buffers(of: shape, scheme, settings)
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
