import CPUBackend
import Compute
import Foundation
import LinearAlgebra
import MatrixCore
import Preconditioning
import Quantization
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

/// A matrix to be kept with the shift δ.
private struct ShiftedMatrix: StatisticSource {
    let matrix: Matrix<Double>
    var delta = 0.0

    var eigenvalues: [Double] { [] }
    var eigenvectors: Matrix<Double> { .identity(0) }

    func shift(damping: Double) -> Double { delta }

    typealias Backend = CPUBackend<Double>
}

/// L and D of A = L·D·Lᵀ by the definition: dⱼ = aⱼⱼ − Σₖ lⱼₖ²·dₖ and lᵢⱼ = (aᵢⱼ − Σₖ lᵢₖ·lⱼₖ·dₖ)/dⱼ over k < j.
private func plainFactors(_ a: Matrix<Double>) -> (lower: Matrix<Double>, diagonal: [Double]) {
    var lower = Matrix<Double>.identity(a.order)
    var diagonal: [Double] = []
    for j in 0..<a.order {
        diagonal.append(a[j, j] - (0..<j).reduce(0) { $0 + lower[j, $1] * lower[j, $1] * diagonal[$1] })
        for i in j + 1..<max(a.order, j + 1) {
            let sum = (0..<j).reduce(0) { $0 + lower[i, $1] * lower[j, $1] * diagonal[$1] }
            lower[i, j] = (a[i, j] - sum) / diagonal[j]
        }
    }
    return (lower, diagonal)
}

private func product(_ lower: Matrix<Double>, _ diagonal: [Double]) -> Matrix<Double> {
    var result = Matrix<Double>(rows: lower.order, columns: lower.order)
    for i in 0..<lower.order {
        for j in 0..<lower.order {
            result[i, j] = (0...min(i, j)).reduce(0) { $0 + lower[i, $1] * diagonal[$1] * lower[j, $1] }
        }
    }
    return result
}

@Suite struct LDLTStatisticTests {
    private func kept(
        _ matrix: Matrix<Double>, shift: Double = 0, _ coding: BlockCoding
    ) throws -> any KeptStatistic<CPUBackend<Double>> {
        try StatisticStorage(.ldlt, coding).keep(
            ShiftedMatrix(matrix: matrix, delta: shift), for: StatisticUse(exponent: 0.25, damping: 0), backend)
    }

    private func decoded(_ matrix: Matrix<Double>, shift: Double = 0, _ coding: BlockCoding) throws -> Matrix<Double> {
        try kept(matrix, shift: shift, coding).decoded(rectificationSteps: 0, backend)
    }

    /// The rows of L through the reference codec, log₂ D rounded to float32.
    @Test(arguments: [1, 2, 3, 17, 40], [CodebookName.linear2, .dynamicTree])
    func rowsOfTheFactorAreCoded(order n: Int, name: CodebookName) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e3), order: n)
        let coding = try blockCoding(name, bits: 6, block: 8)
        var (lower, diagonal) = plainFactors(known.matrix)
        for row in 0..<n {
            let codes = throughReferenceCodec((0..<row).map { Float(lower[row, $0]) }, coding)
            for column in 0..<row { lower[row, column] = Double(codes[column]) }
        }
        diagonal = diagonal.map { exp2(Double(Float(log2($0)))) }
        let expected = product(lower, diagonal)
        let found = try decoded(known.matrix, coding)
        #expect(found == found.transposed)
        // The two factorizations differ by rounding in double, which may round a block maximum to its neighbour in float32.
        expectBound(
            largestAbsolute(found, minus: expected), atMost: 0x1p-22 * expected.largestMagnitude, "\(name), order \(n)")
    }

    /// Factors of codes alone, and D of powers of two: they come back exactly.
    @Test func exactCodesComeBackExactly() throws {
        var generator = PhiloxGenerator(seed: 4)
        var lower = Matrix<Double>.identity(11)
        for column in 0..<11 {
            for row in column + 1..<max(11, column + 1) { lower[row, column] = Double(Int(generator.next() % 3) - 1) }
        }
        let a = product(lower, (0..<11).map { exp2(Double(2 * ($0 % 5) - 4)) })
        #expect(try decoded(a, blockCoding(.linear2, bits: 3, block: 4)) == a)
    }

    /// Whatever the codes: random ones in the place of those that were written.
    @Test(arguments: 2...8) func decodedIsPositiveDefinite(bits: Int) throws {
        let order = 12
        let known = try KnownStatistic(.geometric(conditionNumber: 1e6), order: order)
        var statistic = try kept(known.matrix, blockCoding(.linear2, bits: bits, block: 5))
        let archive = statistic.archive(backend)
        for seed in 0..<20 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            try statistic.read(archive.withRandomCodes(using: &generator), backend)
            let decoded = try statistic.decoded(rectificationSteps: 0, backend)
            #expect(throws: Never.self, "\(bits) bits, seed \(seed)") { try choleskyFactor(decoded) }
        }
    }

    /// With L = I nothing is coded: A + δI comes back to within the rounding of log₂(a + δ) to float32.
    @Test(arguments: [0, 1e-3, 0.5]) func dampingIsAddedOnce(shift: Double) throws {
        let diagonal = [4, 1e-4, 0.3, 77, 1e-60, 1e60]
        let found = try decoded(Matrix(diagonal: diagonal), shift: shift, blockCoding(.linear2, bits: 4))
        #expect(found == Matrix(diagonal: found.diagonal))
        for (found, value) in zip(found.diagonal, diagonal) {
            let rounding = log2(value + shift).magnitude * 0x1p-24 * log(2.0)
            expectBound((found / (value + shift) - 1).magnitude, atMost: rounding * 1.001 + 0x1p-44, "\(value)")
        }
    }

    @Test(arguments: [1, 3, 64, 65]) func bytes(order n: Int) throws {
        let coding = try blockCoding(.linear2, bits: 4, block: 16)
        let known = try KnownStatistic(.geometric(conditionNumber: 10), order: n)
        let triangle = (4 * (n * (n - 1) / 2) + 7) / 8 + 4 * (0..<n).reduce(0) { $0 + ($1 + 15) / 16 }
        let statistic = try kept(known.matrix, coding)
        #expect(statistic.byteCount(backend) == triangle + 4 * n)
        // Beside the buffers an archive has the codebook's 16 values.
        #expect(statistic.archive(backend).byteCount == triangle + 4 * n + 4 * 16)
        #expect(StatisticStorage(.ldlt, coding).byteCount(order: n) == triangle + 4 * n)
    }

    @Test func indefiniteStatisticsThrow() throws {
        let a = Matrix<Double>(diagonal: [1, 1, -0.5])
        #expect(throws: DecompositionError.notPositiveDefinite(leadingMinor: 3)) {
            try kept(a, shift: 0.25, blockCoding(.linear2, bits: 4))
        }
        _ = try kept(a, shift: 0.75, blockCoding(.linear2, bits: 4))
    }
}
