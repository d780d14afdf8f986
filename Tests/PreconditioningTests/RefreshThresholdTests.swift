import CPUBackend
import Compute
import IndependentProduct
import MatrixCore
import Preconditioning
import Quantization
import TestSupport
import Testing

/// Eigenvectors that are renewed only where they are far from those of the statistic.
@Suite struct RefreshThresholdTests {
    private let backend = CPUBackend<Double>()
    private let order = 12

    private func scheme(_ kind: StatisticKind, _ threshold: Double?) throws -> PreconditionerScheme {
        try PreconditionerScheme(
            statistic: StatisticStorage(kind, kind == .exact ? nil : blockCoding(.linear2, bits: 4, block: 8)), root: .exact,
            decay: 0.9, smallestCodedOrder: 0, beginsAtZero: true, refreshThreshold: threshold)
    }

    private func moment(_ seed: UInt64) -> Matrix<Double> {
        var generator = PhiloxGenerator(seed: seed)
        let factor = Matrix(rows: order, columns: 20, elements: (0..<20 * order).map { _ in generator.normalPair().0 })
        return backend.symmetricProduct(factor, transposed: false, alpha: 0.05)
    }

    /// ‖offdiag(VᵀAV)‖F/‖VᵀAV‖F, entry by entry.
    private func residual(_ vectors: Matrix<Double>, _ a: Matrix<Double>) -> Double {
        let rotated = independentProduct(independentProduct(vectors.transposed, a), vectors)
        var (off, all) = (0.0, 0.0)
        for i in 0..<order {
            for j in 0..<order {
                all += rotated[i, j] * rotated[i, j]
                if i != j { off += rotated[i, j] * rotated[i, j] }
            }
        }
        return (off / all).squareRoot()
    }

    private func codes(_ state: EigenbasisState<CPUBackend<Double>>) -> [StateArchive.Entry] {
        state.archive(backend).entries.filter { $0.name.contains("vectors") || $0.name.contains("reflectors") }
    }

    /// With the threshold 1 nothing is renewed after the first moment but the eigenvalues; with 0 all is as without one, but for
    /// the residual, which is that of the vectors before.
    @Test(arguments: [StatisticKind.eigenvector, .householder])
    func factored(kind: StatisticKind) throws {
        var always = try EigenbasisState(
            order: order, scheme: scheme(kind, nil), generator: PhiloxGenerator(seed: 1), backend)
        var asking = try EigenbasisState(
            order: order, scheme: scheme(kind, 0), generator: PhiloxGenerator(seed: 1), backend)
        var never = try EigenbasisState(
            order: order, scheme: scheme(kind, 1), generator: PhiloxGenerator(seed: 1), backend)
        for state in 0..<4 {
            let moment = moment(UInt64(state))
            let (before, kept) = (asking.basis(backend), codes(never))
            let decoded = try asking.statistic.decoded(rectificationSteps: 1, backend)
            _ = always.update(with: moment, backend)
            _ = asking.update(with: moment, backend)
            let turn = never.update(with: moment, backend)
            #expect(codes(asking) == codes(always) && always.residual == nil)
            guard state > 0 else { continue }
            #expect(turn == nil && codes(never) == kept)
            let blend = backend.combine(0.9, decoded, 0.1, moment)
            let expected = residual(before, blend)
            expectBound((try #require(asking.residual) - expected).magnitude, atMost: 0.02 * expected, "\(kind)")
        }
    }

    /// The basis beside an exact statistic stays where its residual is at most the threshold, and turns above it.
    @Test func beside() throws {
        var state = try EigenbasisState(
            order: order, scheme: scheme(.exact, 0), generator: PhiloxGenerator(seed: 1), backend)
        _ = state.update(with: moment(1), backend)
        _ = state.update(with: moment(2), backend)
        let expected = residual(state.basis(backend), try state.statisticMatrix(backend))
        let before = state.archive(backend)
        #expect(state.refresh(sorting: true, backend) != nil)
        expectBound((try #require(state.residual) - expected).magnitude, atMost: 1e-12, "the residual")
        // The same state under other thresholds.
        for (threshold, turns) in [(expected * 1.001, false), (expected * 0.999, true)] {
            var other = try EigenbasisState(
                order: order, scheme: scheme(.exact, threshold), generator: PhiloxGenerator(seed: 1), backend)
            try other.read(before, backend)
            #expect((other.refresh(sorting: true, backend) != nil) == turns)
        }
    }
}
