import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// `fourthroot replay` against recurrences in double that are written here from their definitions.
///
/// All gradients of the matrix are U·Diag(g)·Vᵀ with the same two rotations U and V, so that its statistics are
/// U·Diag(l)·Uᵀ and V·Diag(r)·Vᵀ, and Shampoo is a recurrence of numbers: l ← βl + (1 − β)g², the root (l + ε·max l)^(-p).
@Suite struct ReplayArithmeticTests {
    private let folder: TemporaryFolder
    private static let steps = 7
    private static let (decay, damping) = (0.9, 1e-3)

    init() throws { folder = try TemporaryFolder() }

    /// g of a step.
    private static func singularValues(_ step: Int) -> [Double] {
        [1 + 0.3 * cos(Double(step)), -0.2 + 0.1 * sin(2 * Double(step))]
    }

    private static func rotation(_ angle: Double) -> [[Double]] {
        [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]
    }

    private static let (left, right) = (rotation(0.7), rotation(-0.4))

    /// U·Diag(values)·Vᵀ, row-major.
    private static func entries(_ values: [Double]) -> [Double] {
        (0..<4).map { place in
            let (u, v) = (left[place / 2], right[place % 2])
            return u[0] * values[0] * v[0] + u[1] * values[1] * v[1]
        }
    }

    private static let initialMatrix = [0.5, -1.25, 2, 0.75]
    private static let initialVector = [1.5, -0.5, 0.25]

    private static func vectorGradient(_ step: Int) -> [Double] { (0..<3).map { sin(Double(3 * step + $0)) } }

    private func writeTrace(_ attributes: [String: AttributeValue]) throws {
        try folder.createHDF5("trace.h5") { writer in
            var all = attributes
            all["steps"] = .integer(Self.steps)
            all["kept_steps"] = .integers(Array(1...Self.steps))
            for (name, value) in all { try writer.setAttribute(name, to: value) }
            let steps = 1...Self.steps
            try writer.write(NumericArray(shape: [2, 2], values: Self.initialMatrix), to: "initial/matrix")
            try writer.write(NumericArray(shape: [3], values: Self.initialVector), to: "initial/vector")
            try writer.write(
                NumericArray(shape: [Self.steps, 2, 2], values: steps.flatMap { Self.entries(Self.singularValues($0)) }),
                to: "gradients/matrix")
            try writer.write(
                NumericArray(shape: [Self.steps, 3], values: steps.flatMap { Self.vectorGradient($0) }), to: "gradients/vector")
        }
    }

    private func replay(_ options: [String]) throws {
        try folder.succeed(["replay", "trace.h5", "--quiet", "--precision", "float64", "-o", "out.h5", "--force"] + options)
    }

    private func expectParameters(
        _ name: String, _ expected: [[Double]], precision: Double = 0x1p-53, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try HDF5File.open(folder.path("out.h5")).readArray("parameters/\(name)").values
        try #require(found.count == Self.steps * expected[0].count)
        for (step, values) in expected.enumerated() {
            for (entry, value) in values.enumerated() {
                // Some twenty operations a step on numbers of order 1, and a root of condition 1e3.
                expectTestRatio(
                    (found[step * values.count + entry] - value).magnitude, scale: 10, order: 20 * Self.steps,
                    unitRoundoff: precision, "\(what), step \(step + 1)", sourceLocation: sourceLocation)
            }
        }
    }

    /// Directions through a first-order rule: the parameter after each step.
    private func followed(
        _ initial: [Double], _ directions: [[Double]], _ move: (Int, [Double], inout [Double]) -> Void
    ) -> [[Double]] {
        var value = initial
        return directions.enumerated().map { index, direction in
            move(index + 1, direction, &value)
            return value
        }
    }

    private var vectorGradients: [[Double]] { (1...Self.steps).map { Self.vectorGradient($0) } }

    /// G̃ of every step with T₁ = 1, T₂ = 2.
    private func shampooDirections(exponent: Double) -> [[Double]] {
        var (l, r) = ([Self.damping, Self.damping], [Self.damping, Self.damping])
        var (leftRoot, rightRoot) = ([1.0, 1], [1.0, 1])
        return (1...Self.steps).map { step in
            let g = Self.singularValues(step)
            for index in 0..<2 {
                l[index] = Self.decay * l[index] + (1 - Self.decay) * g[index] * g[index]
                r[index] = Self.decay * r[index] + (1 - Self.decay) * g[index] * g[index]
            }
            if step % 2 == 0 {
                leftRoot = l.map { pow($0 + Self.damping * l.max()!, -exponent) }
                rightRoot = r.map { pow($0 + Self.damping * r.max()!, -exponent) }
            }
            let turned = (0..<2).map { leftRoot[$0] * g[$0] * rightRoot[$0] }
            func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            return Self.entries(turned.map { $0 * norm(g) / (norm(turned) + 1e-12) })
        }
    }

    private static let shampoo: [String: AttributeValue] = [
        "statistics_interval": .integer(1), "root_interval": .integer(2), "decay": .number(decay), "damping": .number(damping),
    ]

    @Test(arguments: [false, true]) func momentum(isNesterov: Bool) throws {
        try writeTrace(["learning_rate": .number(0.1), "weight_decay": .number(0.02), "momentum": .number(0.8)])
        try replay(["--optimizer", "sgdm"] + (isNesterov ? ["--nesterov"] : []))
        var velocity = [0.0, 0, 0]
        try expectParameters(
            "vector",
            followed(Self.initialVector, vectorGradients) { _, gradient, value in
                for index in value.indices {
                    let direction = gradient[index] + 0.02 * value[index]
                    velocity[index] = 0.8 * velocity[index] + direction
                    value[index] -= 0.1 * (isNesterov ? direction + 0.8 * velocity[index] : velocity[index])
                }
            }, "Nesterov \(isNesterov)")
    }

    @Test(arguments: ["adamw", "nadamw"]) func adam(rule: String) throws {
        // The rule's own attributes come before those for every rule.
        try writeTrace([
            "learning_rate_\(rule)": .number(0.05), "weight_decay_\(rule)": .number(0.1), "learning_rate": .number(7),
            "weight_decay": .number(7),
        ])
        try replay(["--optimizer", rule, "--first-decay", "0.7", "--second-decay", "0.95", "--offset", "0.01"])
        var (first, second) = ([0.0, 0, 0], [0.0, 0, 0])
        try expectParameters(
            "vector",
            followed(Self.initialVector, vectorGradients) { step, gradient, value in
                let (a, b) = (1 - pow(0.7, Double(step)), 1 - pow(0.95, Double(step)))
                for index in value.indices {
                    value[index] *= 1 - 0.05 * 0.1
                    first[index] = 0.7 * first[index] + 0.3 * gradient[index]
                    second[index] = 0.95 * second[index] + 0.05 * gradient[index] * gradient[index]
                    let numerator = rule == "nadamw" ? 0.7 * first[index] + 0.3 * gradient[index] : first[index]
                    value[index] -= 0.05 * (numerator / a) / ((second[index] / b).squareRoot() + 0.01)
                }
            }, rule)
    }

    @Test func adagrad() throws {
        try writeTrace(["learning_rate_sgdm": .number(7), "weight_decay": .number(0.1)])
        try replay(["--optimizer", "adagrad", "--learning-rate", "0.2", "--offset", "0.5"])
        var sums = [0.0, 0, 0]
        try expectParameters(
            "vector",
            followed(Self.initialVector, vectorGradients) { _, gradient, value in
                for index in value.indices {
                    let direction = gradient[index] + 0.1 * value[index]
                    sums[index] += direction * direction
                    value[index] -= 0.2 * direction / (sums[index].squareRoot() + 0.5)
                }
            }, "adagrad")
    }

    /// In double nothing of the exact storages is rounded to float32; in float32 the same replay is as near as that is.
    @Test(arguments: [0.25, 0.5]) func shampoo(exponent: Double) throws {
        try writeTrace(
            Self.shampoo.merging(["learning_rate": .number(0.1), "weight_decay": .number(0), "momentum": .number(0.9)]) { $1 })
        let options = [
            "--optimizer", "sgdm", "--statistic", "exact", "--root", "exact", "--solver", "eigen", "--exponent",
            "\(exponent)",
        ]
        var velocity = [0.0, 0, 0, 0]
        let expected = followed(Self.initialMatrix, shampooDirections(exponent: exponent)) { _, direction, value in
            for index in value.indices {
                velocity[index] = 0.9 * velocity[index] + direction[index]
                value[index] -= 0.1 * velocity[index]
            }
        }
        for threads in ["1", "3"] {
            try replay(options + ["--threads", threads])
            try expectParameters("matrix", expected, "p = \(exponent)")
        }
        let arguments = ["replay", "trace.h5", "--quiet", "-o", "out.h5", "--force"]
        try folder.succeed(arguments + options + ["--no-retain-damping"])
        try expectParameters("matrix", expected, precision: 0x1p-24, "float32, p = \(exponent)")
        #expect(try HDF5File.open(folder.path("out.h5")).datasets().allSatisfy { $0.elementType == .float32 })
        #expect(throws: (any Error).self) { try expectExactly(expected) }
    }

    /// Schur–Newton goes to the same root where it is well-conditioned: its tolerance is 1e-6.
    @Test func schurNewton() throws {
        try writeTrace(
            Self.shampoo.merging(["learning_rate": .number(0.1), "weight_decay": .number(0), "momentum": .number(0)]) { $1 })
        try replay(["--optimizer", "sgdm", "--preconditioner", "shampoo", "--no-retain-damping"])
        let expected = followed(Self.initialMatrix, shampooDirections(exponent: 0.25)) { _, direction, value in
            for index in value.indices { value[index] -= 0.1 * direction[index] }
        }
        try expectParameters("matrix", expected, precision: 1e-8, "schur-newton")
    }

    /// For a comparison that must fail: float32 is not double.
    private func expectExactly(_ expected: [[Double]]) throws {
        let found = try HDF5File.open(folder.path("out.h5")).readArray("parameters/matrix").values
        guard zip(found, expected.flatMap { $0 }).allSatisfy({ ($0 - $1).magnitude < 1e-12 }) else {
            throw CocoaError(.coderInvalidValue)
        }
    }

    @Test func missingSettings() throws {
        try writeTrace(["weight_decay": .number(0), "momentum": .number(0)])
        try folder.expectRefusal(
            ["replay", "trace.h5", "--optimizer", "sgdm", "-o", "out.h5"], status: 65, words: ["learning_rate_sgdm"])
        try replay(["--optimizer", "sgdm", "--learning-rate", "0.1", "--momentum", "0.5", "--weight-decay", "0"])
        try folder.expectRefusal(
            ["replay", "trace.h5", "--optimizer", "sgdm", "--learning-rate=-1", "-o", "new.h5"], status: 64,
            words: ["learning rate -1"])
    }
}
