import Foundation
import MatrixCore
import TestSupport
import Testing

@Suite struct RootComparisonTests {
    /// Plain sums over a matrix small enough to follow by hand.
    @Test func matchesTheDefinitionByHand() throws {
        let r = Matrix<Double>(rows: 2, columns: 2, elements: [3, 1, 1, 4])
        let x = Matrix<Double>(rows: 2, columns: 2, elements: [3, 2, 1, 4])
        let result = compare(x, to: r)
        // ‖X − R‖ = 1, ‖R‖² = 27, ⟨X, R⟩ = 9 + 2 + 1 + 16 = 28, ‖X‖² = 30; off the diagonal 1/√2, 3/√(5·2).
        expectTestRatio(try #require(result.normwiseRelativeError) - 1 / 27.0.squareRoot(), scale: 1, order: 4)
        let angle = acos(28 / (27 * 30.0).squareRoot()) * 180 / .pi
        expectTestRatio(try #require(result.angleDegrees) - angle, scale: angle, order: 4)
        expectTestRatio(try #require(result.offdiagonalError) - 0.5.squareRoot(), scale: 1, order: 4)
        let offdiagonal = acos(3 / 10.0.squareRoot()) * 180 / .pi
        expectTestRatio(try #require(result.offdiagonalAngleDegrees) - offdiagonal, scale: offdiagonal, order: 4)
    }

    /// R and R + ε·B with ⟨R, B⟩ = 0 enclose the angle atan(ε‖B‖/‖R‖), however small.
    @Test(arguments: [1e-2, 1e-6, 1e-10])
    func smallAnglesKeepTheirDigits(epsilon: Double) throws {
        let r = Matrix<Double>(rows: 2, columns: 2, elements: [1, 1, 1, 1])
        let x = Matrix<Double>(rows: 2, columns: 2, elements: [1 + epsilon, 1 - epsilon, 1 - epsilon, 1 + epsilon])
        let angle = atan(epsilon) * 180 / .pi
        // The entries themselves are rounded: u/ε relative.
        expectBound(
            (try #require(compare(x, to: r).angleDegrees) - angle).magnitude, atMost: angle * (0x1p-50 + 4 * 0x1p-53 / epsilon))
    }

    @Test(arguments: [1e-300, 1e300])
    func scaleDoesNotMatter(scale: Double) throws {
        let r = Matrix<Double>.random(rows: 5, columns: 5, seed: 1)
        let x = Matrix<Double>.random(rows: 5, columns: 5, seed: 2)
        let plain = compare(x, to: r)
        let scaled = compare(
            Matrix(rows: 5, columns: 5, elements: x.elements.map { $0 * scale }),
            to: Matrix(rows: 5, columns: 5, elements: r.elements.map { $0 * scale }))
        let (a, b) = (try #require(plain.normwiseRelativeError), try #require(scaled.normwiseRelativeError))
        expectTestRatio(a - b, scale: a, order: 25)
    }

    @Test func undefinedMeasuresAreEmpty() {
        let zero = Matrix<Double>(rows: 2, columns: 2)
        #expect(compare(zero, to: zero).normwiseRelativeError == nil)
        let diagonal = Matrix<Double>(diagonal: [1, 2])
        let same = compare(diagonal, to: diagonal)
        #expect(same.normwiseRelativeError == 0 && same.angleDegrees == 0)
        #expect(same.offdiagonalError == nil && same.offdiagonalAngleDegrees == nil)
        var broken = diagonal
        broken[0, 1] = .nan
        #expect(compare(broken, to: diagonal).normwiseRelativeError == nil)
    }
}
