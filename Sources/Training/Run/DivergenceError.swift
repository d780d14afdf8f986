import MatrixCore
import Optimizers

/// Numbers with which a training cannot go on.
public enum DivergenceError: Error, Sendable, Equatable, CustomStringConvertible {
    case loss(step: Int, value: Double)
    /// ‖G‖F of a parameter is NaN or infinite.
    case gradient(step: Int, parameter: String, norm: Double)
    /// Preconditioners made of a finite gradient what is not finite. Statistics and roots have then been updated already, the
    /// parameters have not.
    case direction(step: Int, parameter: String, norm: Double)
    /// The parameters that a step has left give a validation loss that is not finite.
    case validation(step: Int, value: Double)
    /// As many roots of one side failed in a row as are allowed.
    case roots(step: Int, side: ParameterSide, count: Int, reason: String)

    /// Whether the trainer's state is that of a whole step, from which one could go on.
    public var leavesWholeStep: Bool {
        switch self {
        case .loss, .gradient, .roots: true
        case .direction, .validation: false
        }
    }

    public var description: String {
        let advice = "lower the learning rate or raise --damping"
        return switch self {
        case .loss(let step, let value): "step \(step): the loss is \(words(value)), not a finite number; \(advice)"
        case .validation(let step, let value):
            "step \(step): the validation loss is \(words(value)), not a finite number; \(advice)"
        case .gradient(let step, let parameter, let norm):
            "step \(step): the gradient of \(parameter) is not finite, its norm is \(words(norm)); \(advice)"
        case .direction(let step, let parameter, let norm):
            "step \(step): the preconditioned gradient of \(parameter) is not finite, its norm is \(words(norm)); \(advice)"
        case .roots(let step, let side, let count, let reason):
            "step \(step): \(count) roots in a row failed for \(side.path), the last one: \(reason); \(advice)"
        }
    }
}

/// A number in a message; the sign of what is not a number says nothing.
private func words(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }

/// Where a preconditioner belongs.
public struct ParameterSide: Sendable, Hashable {
    public let parameter: String
    public let place: BlockSidePlace

    public init(parameter: String, place: BlockSidePlace) {
        self.parameter = parameter
        self.place = place
    }

    /// `<parameter>/<block row>_<block column>/{left,right}`, as in a dump.
    public var path: String { "\(parameter)/\(place)" }
}
