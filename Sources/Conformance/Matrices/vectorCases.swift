import Compute
import Foundation
import MatrixCore

/// The operations on vectors, by formulas of their own in double precision.
func vectorCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    let operations: [VectorOperation<Backend.Scalar>] = [
        .magnitude, .raise(to: 0), .raiseToShareOfLargest(0.25), .roundToFloat, .reflectorScalars(count: 3),
        .inverseDeviation(offset: 0.5), .variance(offset: 0.5, factor: 1.25), .inversePower(exponent: 0.25, damping: 0.5),
        .inversePower(exponent: 1, damping: 0.25),
    ]
    let everywhere: [ConformanceCase<Backend>] = operations.map { operation in
        ConformanceCase("map, \(operation)") { judge in
            for count in [0, 1, 3, 33, 1000] {
                let deviates: Matrix<Backend.Scalar> = deviates(count, 1, seed: 10)
                // What is a variance, a square or an eigenvalue is positive.
                let values = operation.takesEverySign ? deviates.elements : deviates.elements.map { $0 * $0 + 0.125 }
                let expected = operation.defined(on: values.map { Double($0) })
                // At most eight roundings, none of which grows: every formula is a few sums of positive terms and quotients.
                let bounds = expected.map { 8 * judge.unit * ($0.magnitude + operation.smallestTerm) }
                judge.expect(
                    judge.backend.map(judge.backend.vector(values), operation), within: bounds, of: expected, "\(count) values")
            }
        }
    }
    let extremes = ConformanceCase<Backend>("map, values that are not finite") { judge in
        let found = judge.backend.map(judge.backend.vector([.nan, -.infinity, 1]), .raise(to: 0))
        judge.expectEqual(found, [.nan, 0, 1], "raise")
        let powers = judge.backend.map(judge.backend.vector([0, 1]), .inversePower(exponent: 0.5, damping: 0))
        judge.expectEqual(powers, [.infinity, 1], "inversePower")
    }
    return everywhere + [extremes]
}

extension VectorOperation {
    fileprivate var takesEverySign: Bool {
        switch self {
        case .magnitude, .raise, .raiseToShareOfLargest, .roundToFloat: true
        case .reflectorScalars, .inverseDeviation, .variance, .inversePower: false
        }
    }

    /// What is subtracted: the difference carries the rounding of it.
    fileprivate var smallestTerm: Double {
        switch self {
        case .variance(let offset, let factor): Double(offset * factor)
        default: 0
        }
    }

    fileprivate func defined(on values: [Double]) -> [Double] {
        switch self {
        case .magnitude: values.map { abs($0) }
        case .raise(let floor): values.map { $0 < Double(floor) ? Double(floor) : $0 }
        case .raiseToShareOfLargest(let share):
            values.map { Swift.max($0, Double(share) * (values.map { abs($0) }.max() ?? 0)) }
        case .roundToFloat: values.map { Double(Float($0)) }
        case .reflectorScalars(let count): values.indices.map { $0 < count ? 2 / (1 + values[$0]) : 0 }
        case .inverseDeviation(let offset): values.map { 1 / sqrt($0 + Double(offset)) }
        case .variance(let offset, let factor):
            values.map { Swift.max(1 / ($0 * $0) - Double(offset), 0) * Double(factor) }
        case .inversePower(let exponent, let damping):
            values.map { exp(-exponent * log($0 + damping * (values.max() ?? 0))) }
        }
    }
}
