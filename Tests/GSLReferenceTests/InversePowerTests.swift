import Foundation
import GSLReference
import IndependentProduct
import MatrixCore
import Spectra
import TestSupport
import Testing

/// A matrix with the eigenvalues of a law in a random basis; `signs` makes every third eigenvalue negative.
struct KnownMatrix {
    let eigenvalues: [Double]
    let basis: Matrix<Double>
    let matrix: Matrix<Double>

    init(_ spectrum: Spectrum, order: Int, indefinite: Bool = false, seed: UInt64 = 11) throws {
        var generator = PhiloxGenerator(seed: seed)
        let values = try spectrum.eigenvalues(order: order, largest: nil, reversed: false, using: &generator)
        eigenvalues = values.enumerated().map { indefinite && $0 % 3 == 1 ? -$1 : $1 }
        basis = haarOrthogonal(order: order, using: &generator)
        matrix = positiveDefinite(eigenvalues: eigenvalues, basis: basis)
    }

    func judged() throws -> ReferenceDecomposition {
        ReferenceDecomposition(try GSLReference.decompose(matrix), of: matrix)
    }
}

private let laws: [@Sendable (Double) -> Spectrum] = [
    { .geometric(conditionNumber: $0) }, { .arithmetic(conditionNumber: $0) }, { .oneLarge(conditionNumber: $0) },
    { .oneSmall(conditionNumber: $0) }, { .logUniform(conditionNumber: $0) },
    { .twoLevel(ratio: $0, fractionLarge: 0.5) },
]

@Suite struct InversePowerTests {
    @Test(arguments: [1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14])
    func residualsStayWithinTheConditionNumber(condition: Double) throws {
        for law in laws {
            let known = try KnownMatrix(law(condition), order: 60)
            let judged = try known.judged()
            expectTestRatio(judged.decompositionResidual, scale: 1, order: 60, threshold: 10)
            expectTestRatio(judged.orthogonalityDefect, scale: 1, order: 60, threshold: 10)
            let bound = try judged.residualBound(exponent: 0.25, damping: 0)
            expectTestRatio(bound, scale: condition, order: 60, threshold: 10, "\(law(condition))")
            let root = try judged.inversePower(exponent: 0.25, damping: 0)
            #expect(root == root.transposed)
        }
    }

    /// A'^(−p) for the matrix of ones, J: eigenvalues n, once, and 0. With A' = J + εn·I,
    /// A'^(−p) = (εn)^(−p)·(I − J/n) + (n + εn)^(−p)·J/n.
    @Test(arguments: [0.25, 0.5, 1, 0.3])
    func dampingOfTheMatrixOfOnes(exponent: Double) throws {
        let n = 12
        let ones = Matrix<Double>(rows: n, columns: n, repeating: 1)
        let judged = ReferenceDecomposition(try GSLReference.decompose(ones), of: ones)
        let damping = 1e-3
        let small = pow(damping * Double(n), -exponent)
        let large = pow(Double(n) * (1 + damping), -exponent)
        var expected = Matrix<Double>(rows: n, columns: n, repeating: (large - small) / Double(n))
        for index in 0..<n { expected[index, index] += small }
        let found = try judged.inversePower(exponent: exponent, damping: damping)
        expectTestRatio(largestDifference(found, expected), scale: small / damping, order: n, threshold: 1)
        expectTestRatio(
            try judged.residualBound(exponent: exponent, damping: damping), scale: 1 / damping, order: n, threshold: 10)
    }

    @Test func matricesWithoutAnInverseAreToldApart() throws {
        let zero = Matrix<Double>(rows: 3, columns: 3)
        let judged = ReferenceDecomposition(try GSLReference.decompose(zero), of: zero)
        #expect(throws: InversePowerError.singular(eigenvalueIndex: 0)) {
            try judged.inversePower(exponent: 0.25, damping: 0.5)
        }
        let half = Matrix(diagonal: [0.0, 1])
        let halfJudged = ReferenceDecomposition(try GSLReference.decompose(half), of: half)
        #expect(throws: InversePowerError.singular(eigenvalueIndex: 0)) {
            try halfJudged.residualBound(exponent: 0.25, damping: 0)
        }
        #expect(try halfJudged.inversePower(exponent: 0.25, damping: 1) == Matrix(diagonal: [1, pow(2, -0.25)]))
        let tiny = Matrix(diagonal: [1e-200, 1])
        let tinyJudged = ReferenceDecomposition(try GSLReference.decompose(tiny), of: tiny)
        #expect(throws: InversePowerError.outOfRange(eigenvalueIndex: 0, damped: 1e-200, exponent: 2)) {
            try tinyJudged.inversePower(exponent: 2, damping: 0)
        }
    }

    /// The eigenvalues spread over 1e310, which no double holds: the bound is infinite, not NaN.
    @Test func hopelessSpreadsHaveNoBound() throws {
        let a = Matrix(diagonal: [1e-155, 1e155])
        let judged = ReferenceDecomposition(try GSLReference.decompose(a), of: a)
        #expect(try judged.residualBound(exponent: 0.25, damping: 0) == .infinity)
    }

    /// A(τ) formed from the known decomposition, decomposed on its own, has the same root.
    @Test(arguments: [0.5, 0x1p-6, 0x1p-20])
    func contractionsShareTheDecomposition(factor: Double) throws {
        let known = try KnownMatrix(.geometric(conditionNumber: 4e4), order: 40)
        let judged = try known.judged()
        let shared = judged.contracted(by: factor, toward: judged.decomposition.eigenvalues[0])
        let lowest = known.eigenvalues.min()!
        let contracted = positiveDefinite(
            eigenvalues: known.eigenvalues.map { factor * ($0 - lowest) + lowest }, basis: known.basis)
        let separate = ReferenceDecomposition(try GSLReference.decompose(contracted), of: contracted)
        let condition = 1 + factor * (4e4 - 1)
        let measured = shared.decomposition.eigenvalues.last! / shared.decomposition.eigenvalues.first!
        // The smallest eigenvalue is known to n·u·λmax, the more so the condition number before the contraction.
        expectTestRatio(measured / condition - 1, scale: 4e4, order: 40)
        let one = try shared.inversePower(exponent: 0.25, damping: 0)
        let other = try separate.inversePower(exponent: 0.25, damping: 0)
        expectTestRatio(largestDifference(one, other), scale: 4e4 * other.frobeniusNorm, order: 40)
        let bound = try shared.residualBound(exponent: 0.25, damping: 0)
        expectTestRatio(bound, scale: 4e4, order: 40, threshold: 10)
        expectBound(try separate.residualBound(exponent: 0.25, damping: 0), atMost: 100 * bound)
    }

    /// The residuals of a wrong decomposition, which are far above rounding, measured before and after forming
    /// A(τ) = τA + (1 − τ)·λmin·I.
    @Test(arguments: [2, 0.5, 0x1p-10])
    func residualsFollowTheContraction(factor: Double) throws {
        let known = try KnownMatrix(.geometric(conditionNumber: 100), order: 20)
        var wrong = try GSLReference.decompose(known.matrix)
        for index in 1..<20 { wrong.eigenvalues[index] *= 1.001 }
        let predicted = ReferenceDecomposition(wrong, of: known.matrix).contracted(
            by: factor, toward: wrong.eigenvalues[0])
        let lowest = wrong.eigenvalues[0]
        var contracted = known.matrix
        for index in contracted.elements.indices { contracted.elements[index] *= factor }
        for index in 0..<20 { contracted[index, index] += (1 - factor) * lowest }
        let measured = ReferenceDecomposition(predicted.decomposition, of: contracted)
        for (one, other) in zip(predicted.relativeResiduals, measured.relativeResiduals) {
            expectTestRatio((one - other).magnitude, scale: 1, order: 20)
        }
        expectBound(1e-6, atMost: predicted.relativeResiduals[19])
    }

    @Test func theContractionByOneIsTheMatrix() throws {
        let judged = try KnownMatrix(.geometric(conditionNumber: 1e5), order: 20).judged()
        #expect(judged.contracted(by: 1, toward: 1).decomposition == judged.decomposition)
        #expect(judged.contracted(by: 1, toward: 1).relativeResiduals == judged.relativeResiduals)
    }
}
