import MatrixCore
import Optimizers

/// How far the roots that an optimizer uses are from those of full-precision statistics that took the same gradients, by
/// eigenvalues: means over the sides of all blocks of a group of parameters.
///
/// Source of the comparison: Wang et al. 2024, figures 7 and 8.
public struct ShadowError: Sendable, Equatable {
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
    /// The groups of the parameters that have preconditioners, in the order of the parameters.
    public var shadowGroups: [String] {
        guard settings.followsShadow, rule.preconditioning != nil else { return [] }
        var groups: [String] = []
        for parameter in network.parameters where parameter.shape.isMatrix {
            let group = ShadowError.group(of: parameter.name)
            if !groups.contains(group) { groups.append(group) }
        }
        return groups
    }

    /// Groups without a root of any gradient are left out.
    public func shadowErrors() -> [ShadowError] {
        var comparisons: [String: [(error: Double, angle: Double)]] = [:]
        for (parameter, slot) in zip(network.parameters, slots) {
            guard let coded = rule.preconditioners(of: slot.state), let shadow = slot.shadow else { continue }
            for (used, reference) in zip(coded.sides(of: parameter.name), shadow.roots(backend)) {
                guard let reference, used.state.updatesOfRoot > 0 else { continue }
                let comparison = compare(
                    Matrix<Double>(used.state.rootMatrix(backend)), to: Matrix<Double>(reference))
                guard let error = comparison.normwiseRelativeError, let angle = comparison.angleDegrees else { continue }
                comparisons[ShadowError.group(of: parameter.name), default: []].append((error, angle))
            }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        return shadowGroups.compactMap { group in
            comparisons[group].map {
                ShadowError(
                    group: group, normwiseRelativeError: mean($0.map(\.error)), angleDegrees: mean($0.map(\.angle)))
            }
        }
    }
}
