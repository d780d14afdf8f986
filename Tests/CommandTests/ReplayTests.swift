import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// `fourthroot replay`: its arithmetic on a small trace, and what it refuses.
@Suite struct ReplayTests {
    private let folder: TemporaryFolder
    private static let steps = 6
    private static let arguments = ["replay", "trace.h5", "--optimizer", "sgdm", "--quiet", "-o", "out.h5"]

    init() throws { folder = try TemporaryFolder() }

    private static let attributes: [String: AttributeValue] = [
        "steps": .integer(steps), "kept_steps": .integers([2, 6]), "statistics_interval": .integer(2),
        "root_interval": .integer(3), "decay": .number(0.9), "damping": .number(1e-4), "momentum": .number(0.5),
        "learning_rate_sgdm": .number(0.1), "weight_decay_sgdm": .number(0.01), "learning_rate_adamw": .number(0.01),
        "weight_decay_adamw": .number(0.1),
    ]

    private static func values(_ count: Int, seed: UInt64) -> [Float] {
        Matrix<Float>.random(rows: count, columns: 1, seed: seed).elements
    }

    private func writeTrace(
        attributes: [String: AttributeValue] = attributes, without missing: String? = nil,
        gradients: [Float] = values(steps * 12, seed: 3), gradientShape: [Int] = [steps, 4, 3], extra: String? = nil
    ) throws {
        try folder.createHDF5("trace.h5") { writer in
            for (name, value) in attributes { try writer.setAttribute(name, to: value) }
            let sets = [
                ("initial/dense/weight", NumericArray(shape: [4, 3], values: Self.values(12, seed: 1))),
                ("initial/bias", NumericArray(shape: [5], values: Self.values(5, seed: 2))),
                ("gradients/dense/weight", NumericArray(shape: gradientShape, values: gradients)),
                (
                    "gradients/bias",
                    NumericArray(shape: [Self.steps, 5], values: Self.values(Self.steps * 5, seed: 4))
                ),
            ]
            for (name, array) in sets where name != missing { try writer.write(array, to: name) }
            if let extra { try writer.write(NumericArray(shape: [2], values: [Float(1), 2]), to: extra) }
        }
    }

    private func parameters(_ name: String) throws -> NumericArray<Float> {
        try HDF5File.open(folder.path("out.h5")).readArray("parameters/\(name)", as: Float.self)
    }

    /// Without a preconditioner every entry is a recurrence of its own, followed here in double.
    @Test func momentumIsTheRecurrence() throws {
        try writeTrace()
        try folder.succeed(Self.arguments)
        for (name, shape, seeds) in [("dense/weight", [4, 3], (1, 3)), ("bias", [5], (2, 4))]
            as [(String, [Int], (UInt64, UInt64))]
        {
            let ours = try parameters(name)
            #expect(ours.shape == [2] + shape)
            let count = shape.reduce(1, *)
            let gradients = Self.values(Self.steps * count, seed: seeds.1)
            for entry in 0..<count {
                var (w, v) = (Double(Self.values(count, seed: seeds.0)[entry]), 0.0)
                for step in 1...Self.steps {
                    v = 0.5 * v + Double(gradients[(step - 1) * count + entry]) + 0.01 * w
                    w -= 0.1 * v
                    if let kept = [2: 0, 6: 1][step] {
                        expectTestRatio(
                            (Double(ours.values[kept * count + entry]) - w).magnitude, scale: 1, order: Self.steps,
                            unitRoundoff: 0x1p-24)
                    }
                }
            }
        }
        let file = try HDF5File.open(folder.path("out.h5"))
        #expect(try file.attribute("kept_steps") == .integers([2, 6]))
        #expect(try file.attribute("format") == .string("fourthroot"))
    }

    /// Roots come at step 3: up to step 2 Shampoo is the rule underneath, after it is not, and what has one dimension never
    /// is touched.
    @Test func shampooActsFromTheFirstRoot() throws {
        try writeTrace()
        try folder.succeed(Self.arguments)
        let plain = try (parameters("dense/weight").values, parameters("bias").values)
        try folder.succeed(Self.arguments + ["--preconditioner", "shampoo", "--force"])
        let shampoo = try (parameters("dense/weight").values, parameters("bias").values)
        for (left, right) in zip(plain.0.prefix(12), shampoo.0.prefix(12)) {
            expectTestRatio(Double((left - right).magnitude), scale: 1, order: 2, unitRoundoff: 0x1p-24)
        }
        #expect(plain.0.suffix(12) != shampoo.0.suffix(12))
        #expect(plain.1 == shampoo.1)
    }

    @Test(arguments: [
        ["--statistic", "eigenvector", "--root", "offdiagonal"],
        ["--statistic", "householder", "--root", "symmetric", "--bits", "8", "--codebook", "linear-1.5"],
        ["--statistic", "cholesky", "--root", "offdiagonal", "--error-feedback-decay", "0.95"],
        ["--preconditioner", "caspr", "--solver", "eigen", "--max-order", "3"],
    ]) func everyStorageRunsAndRepeatsItself(_ options: [String]) throws {
        try writeTrace()
        try folder.succeed(Self.arguments + options)
        let first = try parameters("dense/weight")
        #expect(first.values.allSatisfy { $0.isFinite })
        try folder.succeed(Self.arguments + options + ["--force"])
        #expect(try parameters("dense/weight") == first)
    }

    @Test func wrongTraces() throws {
        func expectWrong(_ words: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
            try folder.expectRefusal(
                Self.arguments + ["--preconditioner", "shampoo"], status: 65, words: ["trace.h5"] + words,
                sourceLocation: sourceLocation)
        }
        for name in Self.attributes.keys where !name.hasSuffix("adamw") {
            var attributes = Self.attributes
            attributes[name] = nil
            try writeTrace(attributes: attributes)
            try expectWrong([name, "no such attribute"])
            attributes[name] = .string("many")
            try writeTrace(attributes: attributes)
            try expectWrong([name, "must be"])
        }
        let wrong: [(String, AttributeValue)] = [
            ("steps", .integer(7)), ("kept_steps", .integers([2, 7])), ("kept_steps", .integers([3, 2])),
            ("decay", .number(1.5)), ("damping", .number(0)), ("damping", .number(.nan)), ("momentum", .number(1)),
            ("root_interval", .integer(0)), ("learning_rate_sgdm", .number(-1)),
        ]
        for (name, value) in wrong {
            var attributes = Self.attributes
            attributes[name] = value
            try writeTrace(attributes: attributes)
            try expectWrong(name == "steps" ? ["gradients/"] : [name])
        }
        try writeTrace(without: "gradients/bias")
        try expectWrong(["gradients/bias", "missing"])
        try writeTrace(extra: "gradients/other")
        try expectWrong(["gradients/other", "initial/other"])
        try writeTrace(gradientShape: [Self.steps, 3, 4])
        try expectWrong(["gradients/dense/weight", "[6, 3, 4]"])
        var gradients = Self.values(Self.steps * 12, seed: 3)
        gradients[40] = .nan
        try writeTrace(gradients: gradients)
        try expectWrong(["gradients/dense/weight", "step 4", "nan"])
        try folder.createHDF5("trace.h5") { try $0.createGroup("gradients") }
        try expectWrong(["initial"])
        try folder.write("no trace", to: "trace.h5")
        try expectWrong(["not an HDF5 file"])
        try folder.remove("trace.h5")
        try folder.expectRefusal(Self.arguments, status: 66, words: ["trace.h5"])
    }

    @Test func wrongUsage() throws {
        try writeTrace()
        func expectRefused(_ options: [String], _ words: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
            try folder.expectRefusal(Self.arguments + options, status: 64, words: words, sourceLocation: sourceLocation)
        }
        try folder.expectRefusal(
            ["replay", "trace.h5", "--optimizer", "adamax", "-o", "out.h5"], status: 64, words: ["adamax", "adamw"])
        try expectRefused(["--precision", "float16"], ["float16", "float64"])
        try expectRefused(["--threads", "0"], ["threads"])
        try expectRefused(["--preconditioner", "none", "--root-bits", "4"], ["root-bits", "shampoo"])
        try expectRefused(["--solver", "eigen"], ["solver", "shampoo"])
        try expectRefused(["--preconditioner", "shampoo", "--bits", "4"], ["bits", "exact"])
        try expectRefused(["--statistic", "naive"], ["naive", "offdiagonal"])
        try expectRefused(["--statistic", "offdiagonal", "--bits", "9"], ["9"])
        try expectRefused(["--statistic", "offdiagonal", "--codebook", "nf4", "--bits", "5"], ["nf4"])
        try expectRefused(["--statistic", "offdiagonal", "--solver", "factored"], ["factored"])
        try expectRefused(["--statistic", "exact", "--exponent", "0.3"], ["0.3", "schur-newton"])
        try expectRefused(["--statistic", "exact", "--error-feedback-decay", "0.9"], ["cholesky"])
        try expectRefused(["--statistic", "exact", "--max-order", "0"], ["largest order 0"])
        try expectRefused(["--statistic", "exact", "--decay", "2"], ["decay 2"])
        try folder.write("mine", to: "out.h5")
        try folder.expectRefusal(Self.arguments, status: 73, words: ["out.h5", "--force"])
        #expect(try folder.text("out.h5") == "mine")
    }
}
