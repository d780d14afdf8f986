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

@Suite struct InverseRootStatisticTests {
    private func kept(
        _ known: KnownStatistic, exponent: Double = 0.25, damping: Double = 0, _ coding: BlockCoding
    ) throws -> any KeptStatistic<CPUBackend<Double>> {
        try StatisticStorage.inverseRoot(coding).keep(
            KnownSource(known: known), for: StatisticUse(exponent: exponent, damping: damping), backend)
    }

    /// What is kept is R = (A + ε·λmax·I)^(-p) with its rows up to the diagonal through the reference codec, and its mirror
    /// image; what comes back of A are the powers −1/p of its eigenvalues, as far as these are within the true range, less
    /// ε·λmax.
    @Test(arguments: [1, 2, 17, 40], [(0.25, 0), (0.5, 1e-3), (0.3, 1e-2)])
    func definition(order n: Int, use: (exponent: Double, damping: Double)) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e3), order: n)
        let coding = try blockCoding(.linear2, bits: 6, block: 8)
        let shift = use.damping * known.eigenvalues.max()!
        let shifted = known.eigenvalues.map { $0 + shift }
        let root = KnownStatistic.power(shifted, -use.exponent, vectors: known.vectors)
        var expected = Matrix<Double>(diagonal: root.diagonal.map { Double(Float($0)) })
        for row in 0..<n {
            let codes = throughReferenceCodec((0..<row).map { Float(root[row, $0]) }, coding)
            for column in 0..<row {
                expected[row, column] = Double(codes[column])
                expected[column, row] = Double(codes[column])
            }
        }
        let statistic = try kept(known, exponent: use.exponent, damping: use.damping, coding)
        let found = try #require(statistic.keptRoot(backend))
        // R is formed in another order of operations, whose rounding in double may be that of a float32 to its neighbour.
        expectBound(largestAbsolute(found, minus: expected), atMost: 0x1p-22 * expected.largestMagnitude)

        let eigen = try symmetricEigen(found)
        let weights = shifted.map { Double(Float(pow($0, -use.exponent))) }
        let back = eigen.values.map { pow(min(max($0, weights.min()!), weights.max()!), -1 / use.exponent) - shift }
        let statisticBack = KnownStatistic.power(back, 1, vectors: eigen.vectors)
        // The shift comes back from a weight in float32, which is off by 2^-24 of itself.
        expectBound(
            largestAbsolute(try statistic.decoded(rectificationSteps: 0, backend), minus: statisticBack),
            atMost: (1e-12 + shift * 0x1p-23 / use.exponent) * known.eigenvalues.max()!)
    }

    /// A diagonal matrix has a diagonal root, of which nothing is coded; eigenvalues of 1/16, 1 and 16 have exact roots.
    @Test func exactRootsComeBackExactly() throws {
        let diagonal = [1.0, 16, 0.0625, 16, 1]
        let coding = try blockCoding(.dynamicTree, bits: 3)
        let scheme = try PreconditionerScheme(
            statistic: .inverseRoot(coding), root: .shared, decay: 0, damping: 1e-30, smallestCodedOrder: 0)
        var side = try PreconditionerState(order: 5, scheme: scheme, generator: PhiloxGenerator(seed: 1), backend)
        #expect(side.root(backend) == .identity(5) && side.updatesOfRoot == 0)
        side.updateStatistic(with: Matrix(diagonal: diagonal), backend)
        #expect(side.rootMatrix(backend) == Matrix(diagonal: [1, 0.5, 2, 0.5, 1]))
        #expect(side.updatesOfRoot == 1 && side.updates == 1)
        #expect(try side.statisticMatrix(backend) == Matrix(diagonal: diagonal))
        let archive = side.archive(backend)
        side.updateRoot(backend)
        #expect(side.archive(backend) == archive && side.record == PreconditionerRecord())
        #expect(side.byteCount(backend) == StatisticStorage.inverseRoot(coding).byteCount(order: 5))
    }

    /// Whatever the codes, the eigenvalues of A are within the range of those that were kept.
    @Test(arguments: [2, 4, 8]) func eigenvaluesStayInTheirRange(bits: Int) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e4), order: 12)
        var statistic = try kept(known, blockCoding(.linear2, bits: bits, block: 5))
        let archive = statistic.archive(backend)
        let (least, largest) = (known.eigenvalues.min()!, known.eigenvalues.max()!)
        for seed in 0..<20 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            try statistic.read(archive.withRandomCodes(using: &generator), backend)
            let values = try symmetricEigen(statistic.decoded(rectificationSteps: 0, backend)).values
            // A weight in float32 is off by 2^-24 of itself, its power −4 by four times that.
            expectBound(max(values.max()! / largest - 1, 0), atMost: 0x1p-21, "\(bits) bits, seed \(seed)")
            expectBound(max(1 - values.min()! / least, 0), atMost: 0x1p-21 + 1e-10, "\(bits) bits, seed \(seed)")
        }
    }

    @Test(arguments: [1, 3, 64, 65]) func bytes(order n: Int) throws {
        let coding = try blockCoding(.linear2, bits: 4, block: 16)
        let known = try KnownStatistic(.geometric(conditionNumber: 10), order: n)
        let triangle = (4 * (n * (n - 1) / 2) + 7) / 8 + 4 * (0..<n).reduce(0) { $0 + ($1 + 15) / 16 }
        let statistic = try kept(known, coding)
        #expect(statistic.byteCount(backend) == triangle + 4 * n + 8)
        // Beside the buffers an archive has the codebook's 16 values.
        #expect(statistic.archive(backend).byteCount == triangle + 4 * n + 8 + 4 * 16)
        // Below the smallest coded order R is kept in float32.
        let scheme = try PreconditionerScheme(
            statistic: .inverseRoot(coding), root: .shared, smallestCodedOrder: 100)
        let single = CPUBackend<Float>()
        let uncoded = try scheme.initialStatistic(order: n, single)
        #expect(!uncoded.isCoded && uncoded.byteCount(single) == 4 * n * n + 8)
        #expect(scheme.statisticBuffers(order: n).total == 4 * n * n + 8 && scheme.rootBuffers(order: n).total == 0)
    }

    /// The magnitude is that of λmax, from the range alone.
    @Test func magnitude() throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 100), order: 9)
        let statistic = try kept(known, damping: 1e-2, blockCoding(.linear2, bits: 8))
        expectBound((try statistic.magnitude(backend) / known.eigenvalues.max()! - 1).magnitude, atMost: 0x1p-21)
    }

    @Test func refusals() throws {
        let coding = try blockCoding(.linear2, bits: 4)
        let basis = try KnownStatistic(.geometric(conditionNumber: 10), order: 3)
        struct Source: StatisticSource {
            let eigenvalues: [Double]
            let eigenvectors: Matrix<Double>
            var matrix: Matrix<Double> { eigenvectors }
            func shift(damping: Double) -> Double { 0 }
            typealias Backend = CPUBackend<Double>
        }
        // 0 has no power −1/4, and 1e-200 none in float32.
        for value in [0, 1e-200] {
            #expect(throws: RootError.noFinitePower(smallestEigenvalue: value)) {
                try StatisticStorage.inverseRoot(coding).keep(
                    Source(eigenvalues: [value, 1, 1], eigenvectors: basis.vectors),
                    for: StatisticUse(exponent: 0.25, damping: 0), backend)
            }
        }
        var statistic = try kept(basis, coding)
        for range in [[0, 1], [-1, 1], [2, 1], [1, .infinity]] as [[Float]] {
            let entries = statistic.archive(backend).entries.map { entry in
                entry.name == "range" ? StateArchive.Entry(name: "range", buffer: .floats(range)) : entry
            }
            #expect(throws: StateArchiveError.self) { try statistic.read(StateArchive(entries: entries), backend) }
        }
    }
}
