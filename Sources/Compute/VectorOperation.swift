import Foundation
import MatrixCore

/// What a backend does to every value x of a vector.
///
/// Operations are data, so that a device can compute them where the values are. `applied(to:)` is the definition.
public enum VectorOperation<Scalar: MatrixScalar>: Sendable, Equatable {
    /// |x|.
    case magnitude
    /// The larger of x and a floor; NaN stays.
    case raise(to: Scalar)
    /// The larger of x and share·max |x|.
    case raiseToShareOfLargest(Scalar)
    /// x rounded to float32.
    case roundToFloat
    /// (x + damping·max x)^(-exponent), in double precision and rounded once.
    case inversePower(exponent: Double, damping: Double)
    /// 2/(1 + x) for the first `count` values, τ of the reflector whose tail has the squared norm x; 0, the identity, for the
    /// others.
    case reflectorScalars(count: Int)
    /// 1/√(x + offset).
    case inverseDeviation(offset: Scalar)
    /// max(1/x² − offset, 0)·factor: the variance of an inverse deviation. Far below the offset it is lost in it, as it is in
    /// what was divided.
    case variance(offset: Scalar, factor: Scalar)
}

extension VectorOperation {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func applied(to values: [Scalar]) -> [Scalar] {
        switch self {
        case .magnitude: return values.map(\.magnitude)
        case .raise(let floor): return values.map { max($0, floor) }
        case .raiseToShareOfLargest(let share):
            let floor = values.reduce(0) { max($0, $1.magnitude) } * share
            return values.map { max($0, floor) }
        case .roundToFloat: return values.map { Scalar(Float($0)) }
        case .inversePower(let exponent, let damping):
            let shift = damping * Double(values.max() ?? 0)
            return values.map { Scalar(pow(Double($0) + shift, -exponent)) }
        case .reflectorScalars(let count):
            return values.enumerated().map { $0 < count ? 2 / (1 + $1) : 0 }
        case .inverseDeviation(let offset): return values.map { 1 / ($0 + offset).squareRoot() }
        case .variance(let offset, let factor): return values.map { max(1 / ($0 * $0) - offset, 0) * factor }
        }
    }
}
