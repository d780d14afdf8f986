import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import Quantization
import TestSupport
import Testing

/// Blocks without gradients: their statistics decay towards zero, which is no failure, and they come back.
@Suite struct VanishingStatisticTests {
    private let backend = CPUBackend<Float>()
    private static let order = 8

    private static let schemes: [(storage: Int, isCoded: Bool, feedback: Double?, shift: StatisticShift?)] =
        (0..<8).flatMap { [($0, false, nil, nil), ($0, true, nil, nil)] }
        + [(6, true, 0.95, nil), (6, true, nil, .absolute), (6, true, 0.95, .absolute), (7, true, nil, .absolute)]

    private func side(
        _ kind: (storage: Int, isCoded: Bool, feedback: Double?, shift: StatisticShift?), decay: Double,
        solver: RootSolver? = nil
    ) throws -> PreconditionerState<CPUBackend<Float>> {
        let scheme = try PreconditionerScheme(
            statistic: storages(bits: 8)[kind.storage], root: kind.isCoded ? .symmetric(coding(bits: 8)) : .exact,
            decay: decay, solver: solver, errorFeedbackDecay: kind.feedback, shift: kind.shift,
            keepsUncodedStatistic: true, smallestCodedOrder: kind.isCoded ? 0 : 64)
        return try PreconditionerState(
            order: Self.order, scheme: scheme, generator: PhiloxGenerator(seed: 1), backend)
    }

    private func expectSound(_ side: PreconditionerState<CPUBackend<Float>>, _ what: String) throws {
        #expect(side.record == PreconditionerRecord(), "\(what): \(side.record)")
        let statistic = try side.statisticMatrix(backend)
        #expect(statistic.elements.allSatisfy(\.isFinite) && statistic.diagonal.allSatisfy { $0 > 0 }, "\(what)")
        let root = side.rootMatrix(backend)
        #expect(root.elements.allSatisfy(\.isFinite) && root.diagonal.allSatisfy { $0 > 0 }, "\(what)")
    }

    /// Far beyond the updates after which β^t·ε is no longer a number of float32, with a gradient before and after.
    @Test(arguments: schemes.indices, [0.95, 0.5, 0]) func decayAndReturn(_ index: Int, decay: Double) throws {
        let kind = Self.schemes[index]
        let zero = Matrix<Float>(rows: Self.order, columns: Self.order)
        let gradient = Matrix<Float>.random(rows: Self.order, columns: 12, seed: 2)
        let moment = backend.symmetricProduct(gradient, transposed: false, alpha: 1)
        for isSeenBefore in [false, true] {
            var side = try side(kind, decay: decay)
            let what = "\(side.scheme.statistic.kind), \(kind), decay \(decay), seen \(isSeenBefore)"
            if isSeenBefore { side.updateStatistic(with: moment, backend) }
            for update in 1...(decay == 0.95 ? 1600 : 200) {
                side.updateStatistic(with: zero, backend)
                if update % 10 == 0 { side.updateRoot(backend) }
            }
            try expectSound(side, what)
            var fresh = try self.side(kind, decay: decay)
            for update in 1...20 {
                side.updateStatistic(with: moment, backend)
                fresh.updateStatistic(with: moment, backend)
                if update % 10 == 0 {
                    side.updateRoot(backend)
                    fresh.updateRoot(backend)
                }
            }
            try expectSound(side, what)
            // Both are (1 − β²⁰)·M but for what they began with, εI and next to nothing; for two 8-bit codings, each within 2 %
            // here; and for what twenty subspace steps leave of where they started.
            let (a, b) = try (side.statisticMatrix(backend), fresh.statisticMatrix(backend))
            let bound = side.scheme.statistic.traits.isFactored ? 0.1 : kind.isCoded ? 0.04 : 2e-5
            expectBound(relativeDifference(a, b), atMost: bound, "\(what)")
            if let uncoded = side.uncodedStatistic {
                expectBound(relativeDifference(uncoded, b), atMost: bound, "\(what), as it was before it was coded")
            }
        }
    }

    /// With every solver, and in double too, where float32 still bounds what is kept in it.
    @Test(arguments: [RootSolver.eigen, .schurNewton, .factored]) func everySolver(_ solver: RootSolver) throws {
        for index in Self.schemes.indices {
            let kind = Self.schemes[index]
            guard try solver != .factored || storages(bits: 8)[kind.storage].traits.isFactored else { continue }
            var side = try side(kind, decay: 0.5, solver: solver)
            let double = CPUBackend<Double>()
            var other = try PreconditionerState(
                order: Self.order, scheme: side.scheme, generator: PhiloxGenerator(seed: 1), double)
            let zero = Matrix<Float>(rows: Self.order, columns: Self.order)
            for update in 1...1500 {
                if update <= 300 { side.updateStatistic(with: zero, backend) }
                other.updateStatistic(with: Matrix<Double>(zero), double)
                if update % 50 == 0 {
                    side.updateRoot(backend)
                    other.updateRoot(double)
                }
            }
            try expectSound(side, "\(kind), \(solver)")
            #expect(other.record == PreconditionerRecord(), "\(kind), \(solver): \(other.record)")
            let root = other.rootMatrix(double).elements
            #expect(root.allSatisfy { $0.isFinite })
        }
    }

    /// λ = β^t·ε down to 2^-103, the least float32 whose units in the last place are normal numbers.
    @Test func theLimit() throws {
        var side = try side((0, false, nil, nil), decay: 0.5)
        let zero = Matrix<Float>(rows: Self.order, columns: Self.order)
        var expected = Float(1e-6)
        for _ in 1...200 {
            side.updateStatistic(with: zero, backend)
            if expected / 2 >= 0x1p-103 { expected /= 2 }
            #expect(try side.statisticMatrix(backend) == Matrix(diagonal: [Float](repeating: expected, count: Self.order)))
        }
    }

    /// A checkpoint of a version that followed statistics to zero: the root stays, and the next gradient counts.
    @Test func statisticsThatAreZeroAlready() throws {
        var side = try side((0, false, nil, nil), decay: 0.5)
        side.updateRoot(backend)
        let root = side.rootMatrix(backend)
        var archive = StateArchive()
        for entry in side.archive(backend).entries {
            archive.add(
                entry.name, entry.name == "statistic/entries" ? .floats([Float](repeating: 0, count: 64)) : entry.buffer)
        }
        try side.read(archive, backend)
        side.updateRoot(backend)
        #expect(side.record == PreconditionerRecord())
        #expect(side.rootMatrix(backend) == root)
        side.updateStatistic(with: .identity(Self.order), backend)
        #expect(try side.statisticMatrix(backend) == Matrix(diagonal: [Float](repeating: 0.5, count: Self.order)))
    }

    /// The shadow stays where its side stays.
    @Test func shadowsFollow() throws {
        var side = try side((0, false, nil, nil), decay: 0.5)
        var shadow = ShadowStatistic(following: side, backend)
        let zero = Matrix<Float>(rows: Self.order, columns: Self.order)
        for _ in 1...200 {
            side.updateStatistic(with: zero, backend)
            shadow.update(with: zero, backend)
        }
        #expect(try shadow.statisticMatrix(backend) == side.statisticMatrix(backend))
        #expect(try shadow.rootMatrix(backend) != nil)
    }
}
