import MatrixCore
import Optimizers

/// How far the roots that an optimizer uses are from those of full-precision statistics that took the same gradients, by
/// eigenvalues: means over the sides of all blocks of a group of parameters.
///
/// Source of the comparison: Wang et al. 2024, figures 7 and 8.
public struct RootDeviation: Sendable, Equatable {
    /// A parameter's name without the numbers of layers: `blocks.attention.output.weight`.
    public let group: String
    /// ‖X − R‖F/‖R‖F of the roots.
    public let normwiseRelativeError: Double
    public let angleDegrees: Double

    static func group(of parameter: String) -> String {
        parameter.split(separator: ".").filter { Int($0) == nil }.joined(separator: ".")
    }
}

extension Trainer {
    /// The groups of the parameters that have a shadow, in the order of the parameters.
    public var shadowGroups: [String] {
        var groups: [String] = []
        for (parameter, slot) in zip(network.parameters, slots) where slot.shadow != nil {
            let group = RootDeviation.group(of: parameter.name)
            if !groups.contains(group) { groups.append(group) }
        }
        return groups
    }

    /// Groups without a root of any gradient are left out.
    ///
    /// - Throws: `DeviceFailure` of the backend.
    public func rootDeviations() throws -> [RootDeviation] {
        var comparisons: [String: [(error: Double, angle: Double)]] = [:]
        for (index, slot) in slots.enumerated() {
            guard let shadow = slot.shadow else { continue }
            let group = RootDeviation.group(of: network.parameters[index].name)
            for (side, reference) in zip(sides(ofParameter: index), shadow.roots(backend)) {
                guard let reference, let root = side[.root], root.updates > 0, let matrix = try? root.matrix(backend) else {
                    continue
                }
                let comparison = compare(Matrix<Double>(matrix), to: Matrix<Double>(reference))
                guard let error = comparison.normwiseRelativeError, let angle = comparison.angleDegrees else { continue }
                comparisons[group, default: []].append((error, angle))
            }
        }
        try backend.synchronize()
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        return shadowGroups.compactMap { group in
            comparisons[group].map {
                RootDeviation(
                    group: group, normwiseRelativeError: mean($0.map(\.error)), angleDegrees: mean($0.map(\.angle)))
            }
        }
    }
}
