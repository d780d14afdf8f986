import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// The codes that `quantize` writes, against the rule of the interface and against an independent program.
@Suite struct QuantizeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    struct Coding: Sendable, CustomTestStringConvertible {
        let codebook: String
        let bits: Int
        let block: Int
        let order: Int
        var testDescription: String { "\(codebook), \(bits) bits, block \(block), order \(order)" }
    }

    static let codings: [Coding] = [
        Coding(codebook: "linear-2", bits: 4, block: 64, order: 65), Coding(codebook: "linear", bits: 3, block: 7, order: 17),
        Coding(codebook: "dynamic-tree", bits: 8, block: 16, order: 33),
        Coding(codebook: "linear-1.5", bits: 2, block: 1, order: 9),
        Coding(codebook: "nf4", bits: 4, block: 5, order: 12), Coding(codebook: "fp4", bits: 4, block: 64, order: 3),
        Coding(codebook: "dynamic-tree", bits: 5, block: 100, order: 66),
        Coding(codebook: "linear-2", bits: 7, block: 64, order: 1),
    ]

    /// A matrix with a zero block, entries on midpoints, and no symmetry, so that rows and columns are told apart.
    private func write(_ coding: Coding) throws -> Matrix<Float> {
        var matrix = Matrix<Float>(Matrix<Double>.random(order: coding.order, seed: 3))
        for column in 0..<min(coding.order, coding.block) { matrix[0, column] = 0 }
        try folder.createHDF5("a.h5") { try $0.write(matrix, to: "group/matrix") }
        return matrix
    }

    private func quantize(_ coding: Coding) throws -> HDF5File {
        try folder.succeed([
            "quantize", "a.h5", "--matrix", "group/matrix", "--codebook", coding.codebook, "--bits", "\(coding.bits)",
            "--block", "\(coding.block)", "-o", "out.h5",
        ])
        return try HDF5File.open(folder.path("out.h5"))
    }

    @Test(arguments: codings) func codesAreNearest(_ coding: Coding) throws {
        let matrix = try write(coding)
        let order = coding.order
        let file = try quantize(coding)
        let codes = try file.readBytes("codes")
        let codebook = try file.readArray("codebook", as: Float.self)
        let maxima = try file.readArray("block_maxima", as: Float.self)
        let decoded = try file.readArray("decoded", as: Float.self)
        let blocks = (order + coding.block - 1) / coding.block
        #expect(codes.shape == [order, order] && decoded.shape == [order, order])
        #expect(codebook.shape == [1 << coding.bits] && codebook.values == codebook.values.sorted())
        #expect(maxima.values.count == order * blocks)
        for row in 0..<order {
            for column in 0..<order {
                let first = column / coding.block * coding.block
                let maximum = (first..<min(order, first + coding.block)).map { matrix[row, $0].magnitude }.max() ?? 0
                let code = Int(codes.values[row * order + column])
                #expect(maxima.values[row * blocks + column / coding.block] == maximum)
                #expect(decoded.values[row * order + column] == codebook.values[code] * maximum)
                let x = maximum > 0 ? matrix[row, column] * (1 / maximum) : 0
                // Nearest in exact arithmetic but for the midpoint's rounding to float32; equal values and ties: the even
                // index.
                let distances = codebook.values.map { (Double($0) - Double(x)).magnitude }
                let least = distances.min() ?? .nan
                #expect(distances[code] <= least + 0x1p-24, "entry (\(row), \(column)): code \(code)")
                if distances.filter({ $0 == least }).count == 2, distances[code] == least {
                    #expect(code % 2 == 0 || coding.codebook == "fp4")
                }
            }
        }
    }

    /// Codes one after another without gaps, the first in the lowest bits.
    @Test(arguments: codings) func packing(_ coding: Coding) throws {
        _ = try write(coding)
        let file = try quantize(coding)
        let codes = try file.readBytes("codes").values
        var packed = [UInt8](repeating: 0, count: (coding.bits * codes.count + 7) / 8)
        for (index, code) in codes.enumerated() {
            for bit in 0..<coding.bits where code >> bit & 1 == 1 {
                let position = index * coding.bits + bit
                packed[position / 8] |= 1 << (position % 8)
            }
        }
        #expect(try file.readBytes("packed").values == packed)
    }

    /// Entries that float32 cannot hold: the message has the value in the file, and zeros are never made in silence.
    @Test func entriesBeyondFloat32() throws {
        func refuse(_ matrix: Matrix<Double>, _ words: [String]) throws {
            try folder.write([("m", matrix)], to: "a.h5")
            try folder.expectRefusal(
                ["quantize", "a.h5", "--matrix", "m", "-o", "out.h5"], status: 65, words: ["a.h5: m: "] + words)
        }
        try refuse(Matrix(rows: 2, columns: 2, elements: [1, 1e300, 0, 1]), ["entry (1, 0) is 1e+300", "3.4028235e+38"])
        // Halfway between the largest float and the next power of two rounds to infinity.
        try refuse(Matrix(diagonal: [3.4028235677973366e38, 1]), ["entry (0, 0) is 3.4028235677973366e+38"])
        try refuse(Matrix(diagonal: [2e-60, 1e-60]), ["largest entry is 2e-60"])
        try folder.write([("m", Matrix(diagonal: [1e-60, 1]))], to: "a.h5")
        try folder.succeed(["quantize", "a.h5", "--matrix", "m", "-o", "out.h5"])
        #expect(try HDF5File.open(folder.path("out.h5")).readArray("decoded", as: Float.self).values == [0, 0, 0, 1])
    }

    /// The oracle's program, nil where it or Python is missing.
    private static let oracle: String? = {
        guard let path = sharedFile("reference/oracle.py"), let folder = try? TemporaryFolder(),
            (try? folder.runOther(["python3", "-c", "import numpy, scipy, h5py"]))?.status == 0
        else { return nil }
        return path
    }()

    /// Codes of an independent program.
    @Test(
        .enabled(if: oracle != nil, missingShared("reference/oracle.py", besides: "python3 with numpy, scipy and h5py")),
        arguments: codings.filter { !["nf4", "fp4"].contains($0.codebook) })
    func codesOfTheOracle(_ coding: Coding) throws {
        let oracle = try #require(Self.oracle)
        _ = try write(coding)
        let codes = try quantize(coding).readBytes("codes").values
        let run = try folder.runOther([
            "python3", oracle, "codes", "a.h5", "--matrix", "group/matrix", "--codebook", coding.codebook, "--bits",
            "\(coding.bits)", "--block", "\(coding.block)",
        ])
        try #require(run.status == 0, "\(run.standardError)")
        let expected = run.standardOutput.split { $0 == "," || $0 == "\n" }.compactMap { UInt8($0) }
        #expect(codes == expected)
    }
}

extension Matrix<Double> {
    fileprivate static func random(order: Int, seed: UInt64) -> Matrix {
        var generator = PhiloxGenerator(seed: seed)
        return Matrix(rows: order, columns: order, elements: (0..<order * order).map { _ in 2 * generator.uniform() - 1 })
    }
}
