import CPUBackend
import Compute
import Foundation
import MatrixCore
import Preconditioning
import Quantization
import Spectra
import TestSupport
import Testing

/// Roots of training states, the power iteration, and what happens when a root fails.
@Suite struct RootStateTests {
    private let backend = CPUBackend<Double>()

    /// A statistic with known eigenvalues, put whole into a state by one update with β = 0.
    private func known(
        _ scheme: PreconditionerScheme, values: [Double], seed: UInt64 = 8
    ) throws -> (state: any KeptStatistic<CPUBackend<Double>>, basis: Matrix<Double>) {
        var generator = PhiloxGenerator(seed: seed)
        let basis = haarOrthogonal(order: values.count, using: &generator)
        let moment = positiveDefinite(eigenvalues: values, basis: basis)
        var state = try scheme.initialStatistic(order: values.count, backend)
        for _ in 0..<40 { try state.update(with: moment, by: scheme, using: &generator, backend) }
        return (state, basis)
    }

    /// Every solver gives V(Λ + ε·λmax)^(-p)Vᵀ of the known statistic.
    @Test(arguments: [0.25, 0.5]) func solversAgreeWithTheDefinition(exponent: Double) throws {
        let values = (0..<24).map { pow(0.7, Double($0)) }
        let damping = 1e-3
        for (storage, solver) in [
            (StatisticStorage.exact, RootSolver.eigen), (.exact, .schurNewton),
            (.eigenvector(try coding()), .factored), (.eigenvector(try coding()), .schurNewton),
            (.householder(try coding()), .factored), (.householder(try coding()), .eigen),
        ] {
            let scheme = try PreconditionerScheme(
                statistic: storage, root: .exact, decay: 0, damping: damping, exponent: exponent, solver: solver,
                iterations: 60)
            var (state, basis) = try known(scheme, values: values)
            var generator = PhiloxGenerator(seed: 9)
            let root = try scheme.root(of: &state, using: &generator, backend)
            let expected = positiveDefinite(
                eigenvalues: values.map { pow($0 + damping, -exponent) }, basis: basis)
            // Kept eigenvalues are float32; Schur–Newton stops at max |M − I| ≤ 1e-6, its λmax is a Rayleigh quotient.
            expectBound(
                relativeDifference(root, expected), atMost: solver == .schurNewton ? 1e-4 : 2e-6,
                "\(solver) of \(storage)")
        }
    }

    @Test func choleskyIsDampedOnce() throws {
        let values = (0..<24).map { pow(0.7, Double($0)) }
        let damping = 1e-2
        let scheme = try PreconditionerScheme(
            statistic: .cholesky(coding(bits: 8)), root: .exact, decay: 0, damping: damping, solver: .eigen,
            iterations: 100, smallestCodedOrder: 25)
        // Below the smallest coded order: exact, damped before the root.
        var (uncoded, basis) = try known(scheme, values: values)
        var generator = PhiloxGenerator(seed: 9)
        let expected = positiveDefinite(eigenvalues: values.map { pow($0 + damping, -0.25) }, basis: basis)
        expectBound(relativeDifference(try scheme.root(of: &uncoded, using: &generator, backend), expected), atMost: 1e-9)
        let codedScheme = try PreconditionerScheme(
            statistic: .cholesky(coding(bits: 8)), root: .exact, decay: 0, damping: damping, solver: .eigen,
            iterations: 100, smallestCodedOrder: 0)
        var (coded, codedBasis) = try known(codedScheme, values: values)
        #expect(codedBasis == basis)
        // Damped twice would be off by 0.06 here, not at all by 0.08.
        expectBound(relativeDifference(try codedScheme.root(of: &coded, using: &generator, backend), expected), atMost: 0.02)
    }

    /// Of a diagonal A every quantity is: C² = βA + (1 − β)M + δ, δ = ε·λmax or ε, and the root is of C², damped again by
    /// ε·λmax where δ is absolute. The diagonal is kept in float32, and codes of zeros are exact.
    @Test(arguments: [StatisticShift.relative, .absolute], [nil, 0.9] as [Double?])
    func choleskyShifts(shift: StatisticShift, feedback: Double?) throws {
        let (beta, epsilon) = (0.5, 1e-2)
        let scheme = try PreconditionerScheme(
            statistic: .cholesky(coding(bits: 8)), root: .exact, decay: beta, damping: epsilon, solver: .eigen,
            errorFeedbackDecay: feedback, shift: shift, iterations: 1000, smallestCodedOrder: 0)
        let moment = [9.0, 4, 1, 0.25]
        var side = try PreconditionerState(order: 4, scheme: scheme, generator: PhiloxGenerator(seed: 1), backend)
        var expected = [Double](repeating: epsilon, count: 4)
        for _ in 0..<5 {
            side.updateStatistic(with: Matrix(diagonal: moment), backend)
            let updated = zip(expected, moment).map { beta * $0 + (1 - beta) * $1 }
            expected = updated.map { $0 + epsilon * (shift == .absolute ? 1 : updated[0]) }
        }
        side.updateRoot(backend)
        let damping = shift == .absolute ? epsilon * expected[0] : 0
        let (statistic, root) = try (side.statisticMatrix(backend), side.rootMatrix(backend))
        for index in 0..<4 {
            // Five roundings to float32; the estimate of λmax stops at 1e-6 of itself, and ε of that counts.
            expectBound((statistic[index, index] / expected[index] - 1).magnitude, atMost: 1e-6, "\(shift)")
            expectBound((root[index, index] * pow(expected[index] + damping, 0.25) - 1).magnitude, atMost: 1e-6, "\(shift)")
        }
    }

    @Test func shiftsNeedCholesky() throws {
        #expect(throws: PreconditionerSchemeError.self) {
            try PreconditionerScheme(statistic: .exact, root: .exact, shift: .absolute)
        }
        let scheme = try PreconditionerScheme(statistic: .cholesky(coding()), root: .exact, shift: .relative)
        #expect(try scheme == PreconditionerScheme(statistic: .cholesky(coding()), root: .exact))
        // Settings that were written before there was a choice read as they did.
        #expect(!String(decoding: try JSONEncoder().encode(scheme), as: UTF8.self).contains("shift"))
        let absolute = try PreconditionerScheme(statistic: .cholesky(coding()), root: .exact, shift: .absolute)
        #expect(try JSONDecoder().decode(PreconditionerScheme.self, from: JSONEncoder().encode(absolute)) == absolute)
    }

    /// The published iteration returns 1 for a matrix of order 1; powers and closed forms do not.
    @Test func orderOne() throws {
        let coding = try coding()
        let moment = Matrix<Double>(diagonal: [16.0])
        for storage in try storages(bits: 4) {
            for solver in [nil, RootSolver.eigen, .schurNewton] {
                let scheme = try PreconditionerScheme(
                    statistic: storage, root: .offdiagonal(coding), decay: 0, damping: 1e-9, solver: solver)
                var side = try PreconditionerState(order: 1, scheme: scheme, generator: PhiloxGenerator(seed: 1), backend)
                side.updateStatistic(with: moment, backend)
                var shadow = ShadowStatistic(following: side, backend)
                shadow.update(with: moment, backend)
                side.updateRoot(backend)
                let isUnit = scheme.solver == .schurNewton
                #expect(isUnit == (solver == .schurNewton || solver == nil && !storage.traits.isFactored))
                let expected = isUnit ? 1 : pow(16 * (1 + 1e-9), -0.25)
                expectBound((side.rootMatrix(backend)[0, 0] / expected - 1).magnitude, atMost: 1e-15, "\(storage.kind)")
                expectBound(
                    (try #require(try shadow.rootMatrix(backend))[0, 0] / expected - 1).magnitude, atMost: 1e-15)
                #expect(side.record == PreconditionerRecord())
            }
        }
    }

    @Test func dampingIsRetainedWhereAskedFor() throws {
        for retains in [false, true] {
            let scheme = try PreconditionerScheme(
                statistic: .exact, root: .exact, decay: 0, damping: 1e-2, iterations: 200, retainsDamping: retains)
            var (state, _) = try known(scheme, values: (0..<10).map { pow(0.5, Double($0)) })
            let before = try state.decoded(rectificationSteps: 0, backend)
            var generator = PhiloxGenerator(seed: 9)
            _ = try scheme.root(of: &state, using: &generator, backend)
            let after = try state.decoded(rectificationSteps: 0, backend)
            for index in 0..<10 {
                expectBound((after[index, index] - before[index, index] - (retains ? 1e-2 : 0)).magnitude, atMost: 1e-8)
            }
        }
    }

    /// The decoded root of an unsymmetric code is the published one, D(Q(X)) with blocks along rows, transposed in memory.
    @Test func storedRootIsTheTransposeOfThePublishedOne() throws {
        let matrix = Matrix<Double>(rows: 3, columns: 3, elements: [4, 1, 0.4, 1, 5, 0.5, 0.4, 0.5, 6])
        let stored = try #require(
            try RootStorage.offdiagonal(coding(.linear, bits: 2, block: 64)).keep(matrix, backend))
        // 2-bit linear: −1, 0, 1/3, 1. Rows 0 and 1 have the maximum 1, 0.4 and 0.5 become 1/3; row 2 has 0.5, 0.4 becomes it.
        let third = Double(Float(1) / 3)
        let published = [[4, 1, third], [1, 5, third], [0.5, 0.5, 6]]
        let decoded = stored.decoded(backend)
        for row in 0..<3 { for column in 0..<3 { #expect(decoded[column, row] == published[row][column]) } }
    }

    @Test func powerIterationIsAScaledRayleighQuotient() {
        for order in [1, 2, 50] {
            var generator = PhiloxGenerator(seed: 2)
            let basis = haarOrthogonal(order: order, using: &generator)
            let values = (0..<order).map { $0 == 0 ? 3.0 : 0.03 }
            let matrix = positiveDefinite(eigenvalues: values, basis: basis)
            var start = PhiloxGenerator(seed: 11)
            let estimate = largestEigenvalue(matrix, using: &start, backend)
            // The ratio of 100 gains four digits of λ a step, and the iteration goes on until six stand still.
            expectBound((estimate / 3 - 1).magnitude, atMost: 1e-6, "order \(order)")
            // Scaling by a power of two is exact, so small statistics are treated like large ones.
            let scaled = backend.combine(0x1p-40, matrix, 0, matrix)
            var again = PhiloxGenerator(seed: 11)
            #expect(largestEigenvalue(scaled, using: &again, backend) == estimate * 0x1p-40)
        }
        var generator = PhiloxGenerator(seed: 2)
        let zero = Matrix<Double>(rows: 4, columns: 4)
        #expect(largestEigenvalue(zero, using: &generator, backend) == 0)
    }

    /// Two bits with entries of equal size make A indefinite; under the rule `fail` the root stays what it was.
    @Test func failedRootKeepsThePreviousOne() throws {
        let scheme = try PreconditionerScheme(
            statistic: .offdiagonal(coding(.linear, bits: 2)), root: .exact, decay: 0, damping: 1e-6, solver: .eigen,
            indefinite: .fail)
        var side = try PreconditionerState(order: 64, scheme: scheme, generator: PhiloxGenerator(seed: 1), backend)
        side.updateStatistic(with: .identity(64), backend)
        side.updateRoot(backend)
        let first = side.root(backend)
        #expect(side.record == PreconditionerRecord())
        let rankOne = Matrix<Double>.random(rows: 64, columns: 1, seed: 3)
        side.updateStatistic(with: backend.symmetricProduct(rankOne, transposed: false, alpha: 1), backend)
        side.updateRoot(backend)
        side.updateRoot(backend)
        #expect(side.record.rootFailures == 2)
        #expect(side.record.consecutiveRootFailures == 2)
        #expect(side.record.lastFailure?.hasPrefix("root: the eigenvalue -") == true)
        #expect(side.root(backend) == first)
        side.updateStatistic(with: .identity(64), backend)
        #expect(side.updates == 3 && side.updatesOfRoot == 1)
        side.updateRoot(backend)
        #expect(side.record.rootFailures == 2)
        #expect(side.record.consecutiveRootFailures == 0)
        #expect(side.updatesOfRoot == 3)
    }

    @Test func schemesThatCannotBeThrow() throws {
        let coding = try coding()
        func expectRefused(_ make: () throws -> PreconditionerScheme, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(throws: PreconditionerSchemeError.self, sourceLocation: sourceLocation) { try make() }
        }
        for value in [-0.1, 1.1, .nan] {
            expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, decay: value) }
            expectRefused {
                try PreconditionerScheme(statistic: .cholesky(coding), root: .exact, errorFeedbackDecay: value)
            }
        }
        for value in [0, -1, .nan, .infinity] {
            expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, damping: value) }
            expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, exponent: value) }
        }
        expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, exponent: 0.3) }
        expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, solver: .factored) }
        expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, errorFeedbackDecay: 0.9) }
        expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, updateRectificationSteps: -1) }
        expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, rootRectificationSteps: -1) }
        expectRefused { try PreconditionerScheme(statistic: .exact, root: .exact, iterations: 0) }
        for statistic in [StatisticStorage.exact, .symmetric(coding), .cholesky(coding)] {
            expectRefused {
                try PreconditionerScheme(statistic: statistic, root: .exact, updateDecomposition: .eigen)
            }
        }
        #expect(
            try PreconditionerScheme(statistic: .exact, root: .exact, exponent: 0.3, solver: .eigen).solver == .eigen)
    }

    @Test func schemesSurviveCoding() throws {
        for storage in try storages(bits: 4) {
            let scheme = try PreconditionerScheme(
                statistic: storage, root: .symmetric(coding(.dynamicTree, bits: 8, block: 32)), decay: 0.9)
            #expect(try JSONDecoder().decode(PreconditionerScheme.self, from: JSONEncoder().encode(scheme)) == scheme)
        }
    }
}
