import CPUBackend
import Compute
import Foundation
import MatrixCore
import Preconditioning
import Quantization
import Spectra
import TestSupport
import Testing

func coding(_ name: CodebookName = .linear2, bits: Int = 4, block: Int = 64) throws -> BlockCoding {
    try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: block)
}

/// Every storage of a statistic with a fitting codebook.
func storages(bits: Int) throws -> [StatisticStorage] {
    let coding = try coding(bits: bits)
    return [
        .exact, .full(coding), .offdiagonal(coding), .symmetric(coding), .eigenvector(coding), .householder(coding),
        .cholesky(coding), StatisticStorage(.ldlt, coding),
    ]
}

/// GGᵀ of random gradients with a strong trend, the same for a seed.
func moments(order: Int, count: Int, seed: UInt64) -> [Matrix<Double>] {
    (0..<count).map { step in
        let trend = Matrix<Double>.random(rows: order, columns: 4, seed: seed)
        let noise = Matrix<Double>.random(rows: order, columns: order, seed: seed + 1 + UInt64(step))
        let backend = CPUBackend<Double>()
        return backend.combine(
            1, backend.symmetricProduct(trend, transposed: false, alpha: 1), 0.3,
            backend.symmetricProduct(noise, transposed: false, alpha: 1))
    }
}

func relativeDifference<Scalar: MatrixScalar>(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> Double {
    let difference = zip(a.elements, b.elements).reduce(0.0) {
        let entry = Double($1.0) - Double($1.1)
        return $0 + entry * entry
    }
    return difference.squareRoot() / Double(b.frobeniusNorm)
}

/// Training states of statistics.
@Suite struct StatisticStateTests {
    private let backend = CPUBackend<Double>()

    private func state(
        _ scheme: PreconditionerScheme, order: Int, _ moments: [Matrix<Double>]
    ) throws -> any KeptStatistic<CPUBackend<Double>> {
        var state = try scheme.initialStatistic(order: order, backend)
        var generator = PhiloxGenerator(seed: 5)
        for moment in moments { try state.update(with: moment, by: scheme, using: &generator, backend) }
        return state
    }

    /// A ← βA + (1 − β)M from εI, entry by entry.
    private func reference(_ moments: [Matrix<Double>], decay: Double, damping: Double) -> Matrix<Double> {
        var a = Matrix<Double>(diagonal: [Double](repeating: damping, count: moments[0].order))
        for moment in moments {
            for index in a.elements.indices {
                a.elements[index] = decay * a.elements[index] + (decay == 1 ? 1 : 1 - decay) * moment.elements[index]
            }
        }
        return a
    }

    @Test(arguments: [0.95, 0.5, 1]) func exactIsTheRunningMean(decay: Double) throws {
        let stream = moments(order: 12, count: 5, seed: 1)
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact, decay: decay, damping: 1e-3)
        let ours = try state(scheme, order: 12, stream).decoded(rectificationSteps: 0, backend)
        let expected = reference(stream, decay: decay, damping: 1e-3)
        expectTestRatio(
            largestDifference(ours, expected), scale: Double(expected.largestMagnitude), order: 5, threshold: 4)
    }

    /// Coded states follow the uncoded one, the closer the more bits: an identity in place of the codec.
    @Test func codedStatesConvergeToTheUncodedOne() throws {
        let stream = moments(order: 70, count: 12, seed: 2)
        for index in try storages(bits: 4).indices where index > 0 {
            var errors: [Double] = []
            let uncoded = try PreconditionerScheme(
                statistic: storages(bits: 4)[index], root: .exact, decay: 0.9, damping: 1e-4, smallestCodedOrder: 71)
            let expected = try state(uncoded, order: 70, stream).decoded(rectificationSteps: 0, backend)
            for bits in [4, 6, 8] {
                let scheme = try PreconditionerScheme(
                    statistic: storages(bits: bits)[index], root: .exact, decay: 0.9, damping: 1e-4)
                let ours = try state(scheme, order: 70, stream).decoded(rectificationSteps: 4, backend)
                errors.append(relativeDifference(ours, expected))
            }
            let name = "\(try storages(bits: 4)[index])"
            #expect(errors[1] < errors[0] && errors[2] < errors[1], "\(name.prefix(12)): \(errors)")
            expectBound(errors[2], atMost: 0.03, "8 bits, \(name.prefix(12))")
        }
    }

    /// With one constant moment M the statistic goes to M, and the subspace step is orthogonal iteration on it.
    @Test(arguments: [20, 64]) func basisConvergesToTheEigenvectors(order: Int) throws {
        var generator = PhiloxGenerator(seed: 7)
        // Ratios of at least 4/3 between neighbours: 200 steps are enough for the slowest pair, β^200 is 1e-60.
        let values = (0..<order).map { pow(0.5, Double($0 % 20)) * (order == 20 ? 1 : 1 + Double($0 / 20)) }
        let basis = haarOrthogonal(order: order, using: &generator)
        let moment = positiveDefinite(eigenvalues: values, basis: basis)
        let scheme = try PreconditionerScheme(
            statistic: .householder(coding(.linear1_5, bits: 8)), root: .exact, decay: 0.5, damping: 1e-9,
            smallestCodedOrder: 128)
        let state = try state(scheme, order: order, [Matrix](repeating: moment, count: 200))
        expectBound(
            relativeDifference(try state.decoded(rectificationSteps: 0, backend), moment),
            // Eigenvalues are kept in float32.
            atMost: 1e-6, "order \(order)")
    }

    /// Without memory of former moments, two steps at one update are one step at each of two updates with the same moment.
    @Test func stepsOfSubspaceIterationFollowOneAnother() throws {
        let moment = moments(order: 20, count: 1, seed: 11)[0]
        func decoded(steps: Int, updates: Int) throws -> Matrix<Double> {
            let scheme = try PreconditionerScheme(
                statistic: .eigenvector(coding()), root: .exact, decay: 0, damping: 1e-6, subspaceSteps: steps)
            return try state(scheme, order: 20, [Matrix](repeating: moment, count: updates))
                .decoded(rectificationSteps: 0, backend)
        }
        let twice = try decoded(steps: 2, updates: 1)
        #expect(try twice == decoded(steps: 1, updates: 2) && twice != decoded(steps: 1, updates: 1))
        #expect(throws: PreconditionerSchemeError.self) {
            try PreconditionerScheme(statistic: .exact, root: .exact, subspaceSteps: 2)
        }
    }

    /// A whole decomposition of every new A loses nothing where nothing is coded: what remains of β·2^-24 a step, the rounding
    /// of the eigenvalues, is at most 2^-24/(1 − β).
    @Test func wholeDecompositionsFollowTheRunningMean() throws {
        let stream = moments(order: 20, count: 30, seed: 8)
        let expected = reference(stream, decay: 0.9, damping: 1e-3)
        for storage in [StatisticStorage.eigenvector(try coding()), .householder(try coding())] {
            let scheme = try PreconditionerScheme(
                statistic: storage, root: .exact, decay: 0.9, damping: 1e-3, updateDecomposition: .eigen)
            let ours = try state(scheme, order: 20, stream).decoded(rectificationSteps: 0, backend)
            expectBound(relativeDifference(ours, expected), atMost: 10 / Double(1 << 24), "\(storage)")
        }
    }

    /// Of a statistic of rank 4 in float32 many eigenvalues are rounded below 0, by more than this damping. What is kept is
    /// max(λ, 0): none is negative, and the rest are those of the statistic to n·u of the largest.
    @Test(arguments: [20, 70], UpdateDecomposition.allCases)
    func roundingDoesNotMakeEigenvaluesNegative(order: Int, decomposition: UpdateDecomposition) throws {
        let floats = CPUBackend<Float>()
        let factor = Matrix<Float>.random(rows: order, columns: 4, seed: 10)
        let moment = floats.symmetricProduct(factor, transposed: false, alpha: 1)
        for storage in [StatisticStorage.eigenvector(try coding(bits: 8)), .householder(try coding(bits: 8))] {
            let scheme = try PreconditionerScheme(
                statistic: storage, root: .exact, damping: 1e-12, updateDecomposition: decomposition)
            var side = try PreconditionerState(
                order: order, scheme: scheme, generator: PhiloxGenerator(seed: 1), floats)
            for _ in 0..<10 {
                side.updateStatistic(with: moment, floats)
                side.updateRoot(floats)
                let eigenvalues = try side.archive(floats).floats("statistic/eigenvalues", count: order)
                #expect(eigenvalues.allSatisfy { $0 >= 0 }, "\(storage.kind)")
            }
            #expect(side.record == PreconditionerRecord(), "\(side.record)")
        }
    }

    /// With 8-bit codes the omissions of subspace iteration are most of the error.
    @Test func wholeDecompositionsAreMoreAccurateThanSubspaceSteps() throws {
        let stream = moments(order: 70, count: 20, seed: 9)
        let expected = reference(stream, decay: 0.9, damping: 1e-3)
        for storage in [StatisticStorage.eigenvector(try coding(bits: 8)), .householder(try coding(bits: 8))] {
            func error(_ decomposition: UpdateDecomposition) throws -> Double {
                let scheme = try PreconditionerScheme(
                    statistic: storage, root: .exact, decay: 0.9, damping: 1e-3, updateDecomposition: decomposition)
                return relativeDifference(
                    try state(scheme, order: 70, stream).decoded(rectificationSteps: 4, backend), expected)
            }
            let published = try error(.subspace)
            expectBound(try error(.eigen), atMost: 0.5 * published, "\(storage)")
        }
    }

    @Test func eigenvectorsKeepTheirOrderAndSignsAreFree() throws {
        // 8-bit eigenvectors of a diagonal statistic: the QR step may turn signs, the statistic may not change.
        let moment = Matrix<Double>(diagonal: (1...64).map { Double($0) })
        for storage in [StatisticStorage.eigenvector(try coding(bits: 8)), .householder(try coding(bits: 8))] {
            let scheme = try PreconditionerScheme(statistic: storage, root: .exact, decay: 0, damping: 1e-6)
            let state = try state(scheme, order: 64, [moment, moment])
            expectBound(
                relativeDifference(try state.decoded(rectificationSteps: 0, backend), moment), atMost: 1e-6, "\(storage)")
        }
    }

    /// dynamic-tree has the value 1 and not −1, its nearest being −0.8875: eigenvectors that are nearly −eₖ, as a QR step
    /// makes them, would lose a tenth, and A a fifth.
    @Test func signsAreGivenWhereTheCodebookLacksMinusOne() throws {
        var moment = Matrix<Double>(diagonal: (1...64).map { Double($0) })
        for column in 0..<64 {
            for row in 0..<64 where row != column { moment[row, column] = 1e-3 }
        }
        let scheme = try PreconditionerScheme(
            statistic: .eigenvector(coding(.dynamicTree)), root: .exact, decay: 0, damping: 1e-6)
        let state = try state(scheme, order: 64, [moment, moment])
        // What is coded as 0 is below 1e-3 of its eigenvalue.
        expectBound(relativeDifference(try state.decoded(rectificationSteps: 0, backend), moment), atMost: 0.01, "dynamic-tree")
    }

    /// Bytes are those of the buffers, which `StatisticStorage.byteCount` counts on its own.
    @Test(arguments: [64, 65, 100, 129], [3, 4, 8]) func bytes(order: Int, bits: Int) throws {
        let floats = CPUBackend<Float>()
        let moment = Matrix<Float>(moments(order: order, count: 1, seed: 3)[0])
        var generator = PhiloxGenerator(seed: 5)
        for storage in try storages(bits: bits) {
            let scheme = try PreconditionerScheme(statistic: storage, root: .exact)
            var state = try scheme.initialStatistic(order: order, floats)
            #expect(state.byteCount(floats) == storage.byteCount(order: order), "\(storage)")
            try state.update(with: moment, by: scheme, using: &generator, floats)
            #expect(state.byteCount(floats) == storage.byteCount(order: order), "\(storage)")
        }
    }

    @Test func errorFeedbackFillsTheOtherTriangle() throws {
        let floats = CPUBackend<Float>()
        let coding = try coding()
        let scheme = try PreconditionerScheme(statistic: .cholesky(coding), root: .exact, errorFeedbackDecay: 0.95)
        let state = try scheme.initialStatistic(order: 100, floats)
        let triangle = CodedForm(order: 100, region: .strictUpper, coding: coding)
        #expect(state.byteCount(floats) == 2 * (triangle.plainByteCount + triangle.maximaByteCount) + 400)
    }

    /// Below order 64 nothing is coded: float matrices, and float eigenvectors with their eigenvalues.
    @Test func smallOrdersStayUncoded() throws {
        let floats = CPUBackend<Float>()
        for storage in try storages(bits: 4) {
            let scheme = try PreconditionerScheme(statistic: storage, root: .offdiagonal(coding()))
            let side = try PreconditionerState(
                order: 63, scheme: scheme, generator: PhiloxGenerator(seed: 1), floats)
            let statistic = 4 * 63 * 63 + (storage.traits.isFactored ? 4 * 63 : 0)
            #expect(side.byteCount(floats) == statistic + 4 * 63 * 63, "\(storage)")
        }
    }

    /// A constant factor is coded with the same error every time; with feedback the errors of successive codes cancel
    /// in the mean.
    @Test func errorFeedbackReducesTheAccumulatedError() throws {
        let moment = moments(order: 80, count: 1, seed: 4)[0]
        let shift = Matrix<Double>(diagonal: [Double](repeating: 0, count: 80))
        func accumulatedError(_ feedback: Double?) throws -> Double {
            let scheme = try PreconditionerScheme(
                statistic: .cholesky(coding()), root: .exact, decay: 0, errorFeedbackDecay: feedback)
            var state = try scheme.initialStatistic(order: 80, backend)
            var generator = PhiloxGenerator(seed: 5)
            var sum = shift
            for _ in 0..<40 {
                try state.update(with: moment, by: scheme, using: &generator, backend)
                let decoded = try state.decoded(rectificationSteps: 0, backend)
                for index in sum.elements.indices { sum.elements[index] += decoded.elements[index] / 40 }
            }
            return relativeDifference(sum, moment)
        }
        let without = try accumulatedError(nil)
        expectBound(try accumulatedError(0.5), atMost: 0.6 * without, "βe = 0.5")
        expectBound(try accumulatedError(0.9), atMost: 0.8 * without, "βe = 0.9")
    }

    @Test func stateIsUnchangedByWhatIsNotFinite() throws {
        var moment = moments(order: 64, count: 1, seed: 6)[0]
        for storage in try storages(bits: 4) {
            let scheme = try PreconditionerScheme(statistic: storage, root: .exact)
            var side = try PreconditionerState(
                order: 64, scheme: scheme, generator: PhiloxGenerator(seed: 1), backend)
            side.updateStatistic(with: moment, backend)
            let before = try side.statistic.decoded(rectificationSteps: 0, backend)
            moment[3, 2] = .nan
            moment[2, 3] = .nan
            side.updateStatistic(with: moment, backend)
            #expect(try side.statistic.decoded(rectificationSteps: 0, backend) == before, "\(storage)")
            #expect(side.record.statisticFailures == 1, "\(storage)")
            #expect(side.record.lastFailure?.hasPrefix("statistic: ") == true)
            moment[3, 2] = 0
            moment[2, 3] = 0
        }
    }
}
