import Foundation
import HDF5Store
import TestSupport
import Testing

/// `fourthroot replay` with a preconditioner that takes the inputs X and output gradients Y of layers, against numbers.
///
/// With diagonal X and Y the gradient YXᵀ and both statistics are diagonal, and K-FAC is a recurrence of numbers:
/// l ← βl + (1 − β)y² and r ← βr + (1 − β)x² from 0, direction yx/((l + ε·max l)(r + ε·max r)), grafted.
@Suite struct LayerReplayTests {
    private let folder: TemporaryFolder
    private static let steps = 6
    private static let (decay, damping, learningRate) = (0.9, 0.1, 0.05)

    init() throws { folder = try TemporaryFolder() }

    private static func outputGradient(_ step: Int) -> [Double] { [0.4 + 0.1 * sin(Double(step)), -1.5, 0.02 * Double(step)] }
    private static func input(_ step: Int) -> [Double] { [1.25, 0.3 * cos(2 * Double(step)), 2] }

    private static func diagonal(_ values: [Double]) -> [Double] {
        (0..<9).map { (place: Int) -> Double in place % 4 == 0 ? values[place / 4] : 0 }
    }

    private func writeTrace(without missing: String? = nil, positions: Int = 3) throws {
        try folder.createHDF5("trace.h5") { writer in
            for (name, value) in [
                ("steps", AttributeValue.integer(Self.steps)), ("kept_steps", .integers(Array(1...Self.steps))),
                ("statistics_interval", .integer(1)), ("root_interval", .integer(2)), ("decay", .number(Self.decay)),
                ("damping", .number(Self.damping)), ("learning_rate", .number(Self.learningRate)),
                ("weight_decay", .number(0)), ("momentum", .number(0)),
            ] { try writer.setAttribute(name, to: value) }
            try writer.write(NumericArray(shape: [3, 3], values: Self.diagonal([1, 2, 3])), to: "initial/weight")
            try writer.write(NumericArray(shape: [2], values: [1.0, -1]), to: "initial/bias")
            func write(_ name: String, _ shape: [Int], _ values: (Int) -> [Double]) throws {
                guard name != missing else { return }
                let all = (1...Self.steps).flatMap(values)
                try writer.write(NumericArray(shape: [Self.steps] + shape, values: all), to: name)
            }
            try write("gradients/weight", [3, 3]) {
                Self.diagonal(zip(Self.outputGradient($0), Self.input($0)).map { $0 * $1 })
            }
            try write("gradients/bias", [2]) { _ in [0.5, 0.25] }
            try write("output_gradients/weight", [3, 3]) { Self.diagonal(Self.outputGradient($0)) }
            try write("inputs/weight", [3, positions]) { Array(Self.diagonal(Self.input($0)).prefix(3 * positions)) }
        }
    }

    private let arguments = [
        "replay", "trace.h5", "--optimizer", "sgdm", "--preconditioner", "kfac", "--solver", "eigen", "--precision",
        "float64", "--quiet", "-o", "out.h5",
    ]

    @Test func theDirectionIsThatOfTheFactors() throws {
        try writeTrace()
        try folder.succeed(arguments)
        let found = try HDF5File.open(folder.path("out.h5")).readArray("parameters/weight").values
        var (l, r) = ([0.0, 0, 0], [0.0, 0, 0])
        var (leftRoot, rightRoot) = ([1.0, 1, 1], [1.0, 1, 1])
        var weight = [1.0, 2, 3]
        for step in 1...Self.steps {
            let (y, x) = (Self.outputGradient(step), Self.input(step))
            for index in 0..<3 {
                l[index] = Self.decay * l[index] + (1 - Self.decay) * y[index] * y[index]
                r[index] = Self.decay * r[index] + (1 - Self.decay) * x[index] * x[index]
            }
            if step % 2 == 0 {
                leftRoot = l.map { 1 / ($0 + Self.damping * l.max()!) }
                rightRoot = r.map { 1 / ($0 + Self.damping * r.max()!) }
            }
            let gradient = zip(y, x).map { $0 * $1 }
            let turned = (0..<3).map { leftRoot[$0] * gradient[$0] * rightRoot[$0] }
            func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            for index in 0..<3 {
                weight[index] -= Self.learningRate * turned[index] * norm(gradient) / (norm(turned) + 1e-12)
            }
            let expected = Self.diagonal(weight)
            for entry in 0..<9 {
                expectTestRatio(
                    (found[9 * (step - 1) + entry] - expected[entry]).magnitude, scale: 3, order: 20 * step,
                    "step \(step), entry \(entry)")
            }
        }
    }

    @Test(arguments: ["inputs/weight", "output_gradients/weight"]) func factorsThatAreMissing(_ name: String) throws {
        try writeTrace(without: name)
        try folder.expectRefusal(arguments, status: 65, words: ["trace.h5", name, "missing"])
        // Others do not need them.
        try folder.succeed(arguments.map { $0 == "kfac" ? "shampoo" : $0 })
    }

    @Test func positionsThatDiffer() throws {
        try writeTrace(positions: 2)
        try folder.expectRefusal(arguments, status: 65, words: ["inputs/weight", "2 positions", "3"])
    }
}
