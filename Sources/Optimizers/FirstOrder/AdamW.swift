import Compute
import Foundation
import MatrixCore

/// Running means of the gradient and of its square.
public struct AdamMoments<Backend: MatrixBackend>: Sendable {
    public var first: KeptTensor<Backend>
    public var second: KeptTensor<Backend>

    init(first: KeptTensor<Backend>, second: KeptTensor<Backend>) {
        self.first = first
        self.second = second
    }

    public init(zerosFor parameter: ParameterShape, _ bits: MomentBits, _ backend: Backend) {
        first = KeptTensor(zerosOf: .mean, for: parameter, bits, backend)
        second = KeptTensor(zerosOf: .meanSquare, for: parameter, bits, backend)
    }
}

/// Adam with decoupled weight decay: w ← (1 − η·wd)·w; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
/// w ← w − η/(1 − β₁ᵗ) · m/(√v/√(1 − β₂ᵗ) + ε).
///
/// With `usesNesterov` (NadamW) the numerator is β₁m + (1 − β₁)g, the mean one step ahead, with the same bias
/// correction; PyTorch's NAdam, which schedules its momentum, is another thing.
///
/// Source: Loshchilov and Hutter, ICLR 2019; Dozat 2016 in the form of timm and AlgoPerf.
public struct AdamW<Backend: MatrixBackend>: OptimizerRule, Equatable {
    public typealias State = AdamMoments<Backend>

    public let learningRate: Double
    /// β₁.
    public let firstDecay: Double
    /// β₂.
    public let secondDecay: Double
    /// ε.
    public let offset: Double
    /// Decoupled: it does not enter the moments.
    public private(set) var weightDecay: Double
    public let usesNesterov: Bool
    public let momentBits: MomentBits

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = AdamWMethod.defaults.learningRate, firstDecay: Double = AdamWMethod.defaults.firstDecay,
        secondDecay: Double = AdamWMethod.defaults.secondDecay, offset: Double = AdamWMethod.defaults.offset,
        weightDecay: Double = 0, usesNesterov: Bool = false, momentBits: MomentBits = .exact
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.requireFraction(firstDecay, "first decay")
        try HyperparameterError.requireFraction(secondDecay, "second decay")
        try HyperparameterError.require(offset > 0 && offset.isFinite, "offset", offset, "positive and finite")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        self.learningRate = learningRate
        self.firstDecay = firstDecay
        self.secondDecay = secondDecay
        self.offset = offset
        self.weightDecay = weightDecay
        self.usesNesterov = usesNesterov
        self.momentBits = momentBits
    }

    public var withoutWeightDecay: Self {
        var rule = self
        rule.weightDecay = 0
        return rule
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            learningRate: values.decode(Double.self, forKey: .learningRate),
            firstDecay: values.decode(Double.self, forKey: .firstDecay),
            secondDecay: values.decode(Double.self, forKey: .secondDecay),
            offset: values.decode(Double.self, forKey: .offset),
            weightDecay: values.decode(Double.self, forKey: .weightDecay),
            usesNesterov: values.decode(Bool.self, forKey: .usesNesterov),
            // As written by versions that kept all moments in float32.
            momentBits: values.decodeIfPresent(MomentBits.self, forKey: .momentBits) ?? .exact)
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> State {
        AdamMoments(zerosFor: parameter, momentBits, backend)
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        let rate = learningRate * step.learningRateFactor
        let time = Double(step.number)
        // Taken apart, so that the lists alone hold the moments while they change.
        var (keptFirst, keptSecond) = (states.map(\.first), states.map(\.second))
        states = []
        var (first, second) = (backend.take(&keptFirst), backend.take(&keptSecond))
        backend.combine(Backend.Scalar(firstDecay), intoEach: &first, Backend.Scalar(1 - firstDecay), directions)
        backend.combineSquares(Backend.Scalar(secondDecay), intoEach: &second, Backend.Scalar(1 - secondDecay), directions)
        if weightDecay != 0 {
            backend.combine(Backend.Scalar(1 - rate * weightDecay), intoEach: &parameters, 0, directions)
        }
        var numerators = first
        if usesNesterov {
            backend.combine(Backend.Scalar(firstDecay), intoEach: &numerators, Backend.Scalar(1 - firstDecay), directions)
        }
        backend.addQuotient(
            Backend.Scalar(-rate / (1 - pow(firstDecay, time))), intoEach: &parameters, numerators, rootOf: second,
            scale: Backend.Scalar(1 / (1 - pow(secondDecay, time)).squareRoot()), offset: Backend.Scalar(offset))
        backend.keep(first, in: &keptFirst)
        backend.keep(second, in: &keptSecond)
        states = zip(keptFirst, keptSecond).map { AdamMoments(first: $0, second: $1) }
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        state.first.byteCount(backend) + state.second.byteCount(backend)
    }

    /// `first` and `second`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        state.first.add(to: &archive, as: "first", backend)
        state.second.add(to: &archive, as: "second", backend)
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try state.first.read("first", from: archive, backend)
        try state.second.read("second", from: archive, backend)
    }
}

public enum AdamWMethod: FirstOrderMethod {
    public static let name = "adamw"
    /// Source: Wang et al. 2024, appendix G.
    public static let defaults = FirstOrderHyperparameters(learningRate: 1e-3, weightDecay: 0.05)
    public static let options: Set<FirstOrderHyperparameters.Option> = [
        .firstDecay, .secondDecay, .offset, .momentBits,
    ]

    public static func kept(of parameter: ParameterShape) -> [MomentKind] { [.mean, .meanSquare] }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> { try rule(values, usesNesterov: false) }

    static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, usesNesterov: Bool
    ) throws(HyperparameterError) -> AdamW<Backend> {
        try AdamW(
            learningRate: values.learningRate, firstDecay: values.firstDecay, secondDecay: values.secondDecay,
            offset: values.offset, weightDecay: values.weightDecay, usesNesterov: usesNesterov,
            momentBits: values.momentBits)
    }
}

public enum NadamWMethod: FirstOrderMethod {
    public static let name = "nadamw"
    public static let defaults = AdamWMethod.defaults
    public static let options = AdamWMethod.options
    public static func kept(of parameter: ParameterShape) -> [MomentKind] { AdamWMethod.kept(of: parameter) }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> { try AdamWMethod.rule(values, usesNesterov: true) }
}

/// AdamW with moments of 8 bits: `adamw` with `momentBits` by its published name.
public enum AdamW8BitMethod: FirstOrderMethod {
    public static let name = "adamw-8bit"
    public static let defaults: FirstOrderHyperparameters = {
        var values = AdamWMethod.defaults
        values.momentBits = .eight
        return values
    }()
    public static let options = AdamWMethod.options.subtracting([.momentBits])
    public static func kept(of parameter: ParameterShape) -> [MomentKind] { AdamWMethod.kept(of: parameter) }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> { try AdamWMethod.rule(values, usesNesterov: false) }
}
