import CPUBackend
import Foundation
import LinearAlgebra
import MatrixCore
import Preconditioning
import Spectra
import TestSupport
import Testing

@testable import MatrixStudy

/// Roots of contracted statistics from one decomposition.
@Suite struct SharedDecompositionTests {
    private func basis(_ order: Int, seed: UInt64) -> Matrix<Double> {
        var generator = PhiloxGenerator(seed: seed)
        return haarOrthogonal(order: order, using: &generator)
    }

    private func studied(_ matrix: Matrix<Double>, damping: Double = 0) -> StudiedStatistic {
        StudiedStatistic(decoded: .entries(matrix, isSymmetric: true), damping: damping, orthogonalityDefect: nil)
    }

    /// |B|^(-p) by a decomposition of B.
    private func power(_ b: Matrix<Double>, _ exponent: Double) throws -> Matrix<Double> {
        let found = try symmetricEigen(b)
        let halves = found.values.map { pow($0.magnitude, -exponent / 2) }
        return LinearAlgebra.symmetricProduct(found.vectors.scalingColumns(by: halves))
    }

    private func difference(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Double {
        Matrix(rows: a.rows, columns: a.columns, elements: zip(a.elements, b.elements).map { $0 - $1 }).frobeniusNorm
    }

    private func moved(
        _ a: Matrix<Double>, _ scaling: ContractionScaling, by size: Double, seed: UInt64 = 7
    ) -> Matrix<Double> {
        let rounding = Matrix<Double>.random(rows: a.order, columns: 1, seed: seed).elements
        var b = Matrix(rows: a.rows, columns: a.columns, elements: a.elements.map { scaling.factor * $0 })
        for index in 0..<b.order { b[index, index] += scaling.shift + size * rounding[index] }
        return b
    }

    static let signs: [(negative: Int, least: Double)] = [(0, 0.02), (11, 0.02), (20, 0.3)]
    static let exponents = [0.25, 0.5, 0.9]

    /// What is left out is within the bound, and without the first order it would not be: with eigenvalues of one sign and of both.
    @Test(arguments: signs, exponents) func errorIsWithinTheBound(
        _ signs: (negative: Int, least: Double), _ exponent: Double
    ) throws {
        let order = 40
        let values = (0..<order).map { index in
            (index < signs.negative ? -1 : 1) * (signs.least + Double(index * index) / 1600)
        }
        let a = positiveDefinite(eigenvalues: values, basis: basis(order, seed: 2))
        let shared = try SharedDecomposition(a)
        let scaling = ContractionScaling(factor: 0.5, shift: signs.negative == 0 ? 0.125 : 0)
        for size in [0, 1e-8, 1e-6, 5e-6] {
            let b = moved(a, scaling, by: size)
            let found = try #require(shared.root(of: studied(b), scaling, exponent: exponent, rule: .absolute))
            let (root, exact) = (try #require(found.root), try power(b, exponent))
            let rounding = 30 * Double(order) * 0x1p-53 * exact.frobeniusNorm / signs.least
            expectBound(difference(root, exact), atMost: found.rootError + rounding, "size \(size)")
            #expect((size == 0) == (found.rootError == 0))
            let least = try symmetricEigen(b).values[0]
            expectBound(
                (try #require(found.minimumEigenvalue) / least - 1).magnitude,
                atMost: SharedDecomposition.tolerance + rounding)
            #expect(found.outcome == (least > 0 ? .ok : .indefinite))
            if size >= 1e-6 {
                let still = try power(moved(a, scaling, by: 0), exponent)
                #expect(difference(still, exact) > 3 * (found.rootError + rounding), "a change that nobody would miss")
            }
        }
    }

    /// An eigenvalue as near zero as the rounding, a difference off the diagonal, damping, a rule that looks at each eigenvalue, and
    /// exponents from 1 on have a decomposition of their own.
    @Test func whatTheBoundDoesNotReachIsRefused() throws {
        let order = 24
        let values = (0..<order).map { Double($0 - 5) / 8 + 1e-6 }
        let a = positiveDefinite(eigenvalues: values, basis: basis(order, seed: 4))
        let shared = try SharedDecomposition(a)
        func root(
            _ b: Matrix<Double>, _ scaling: ContractionScaling = .identity, damping: Double = 0, exponent: Double = 0.25,
            rule: IndefiniteRule = .absolute
        ) -> CaseRoot? { shared.root(of: studied(b, damping: damping), scaling, exponent: exponent, rule: rule) }
        #expect(root(moved(a, .identity, by: 1e-9)) != nil)
        #expect(root(moved(a, .identity, by: 1e-6)) == nil, "1e-6 from zero")
        let away = ContractionScaling(factor: 1, shift: 1)
        let b = moved(a, away, by: 1e-6)
        #expect(root(b, away) != nil && root(b, away, rule: .fail) != nil)
        #expect(root(b, away, damping: 1e-6) == nil && root(b, away, exponent: 1) == nil)
        #expect(root(moved(a, .identity, by: 1e-9), rule: .clamp) == nil)
        var other = b
        other[2, 5] += 1e-12
        other[5, 2] += 1e-12
        #expect(root(other, away) == nil)
    }

    /// A sweep gives what its contractions give one by one.
    @Test(arguments: [(1e2, UInt64(1)), (1e4, 2), (3e5, 3)]) func sweepsAreThoseOfSeparateCases(
        _ condition: Double, _ seed: UInt64
    ) async throws {
        let folder = try TemporaryFolder()
        var generator = PhiloxGenerator(seed: seed)
        let values = try Spectrum.geometric(conditionNumber: condition).eigenvalues(
            order: 60, largest: nil, reversed: false, using: &generator)
        let matrix = positiveDefinite(eigenvalues: values, basis: basis(60, seed: seed))
        try write([("a", matrix)], to: folder.file("in.h5"))
        func grid(_ contractions: [Double]) -> StudyPlan {
            StudyPlan(grids: [
                CaseGrid(statistic: [.offdiagonal, .symmetric, .full], bits: [4], contraction: contractions)
            ])
        }
        let contractions = (0...20).map { Double(-$0) }
        let together = try await rows(folder.file("in.h5"), grid(contractions))
        var shares = 0
        for (position, contraction) in contractions.enumerated() {
            let alone = try await rows(folder.file("in.h5"), grid([contraction]))
            for (row, expected) in zip(together[3 * position..<3 * position + 3], alone) {
                #expect(row.studyCase == expected.studyCase && row.outcome == expected.outcome)
                #expect(row.statisticBytes == expected.statisticBytes && row.conditionNumber == expected.conditionNumber)
                for measure in [
                    \StudyRow.comparison?.normwiseRelativeError, \.comparison?.angleDegrees, \.comparison?.offdiagonalError,
                    \.comparison?.offdiagonalAngleDegrees, \.minimumEigenvalue,
                ] {
                    #expect((row[keyPath: measure] == nil) == (expected[keyPath: measure] == nil), "\(row.studyCase)")
                    guard let a = row[keyPath: measure], let b = expected[keyPath: measure] else { continue }
                    expectBound((a / b - 1).magnitude, atMost: SharedDecomposition.tolerance, "\(row.studyCase)")
                    // Another decomposition has other roundings.
                    if measure == \.comparison?.normwiseRelativeError && a != b { shares += 1 }
                }
            }
        }
        #expect(shares >= 10, "\(shares) of \(together.count) rows came from the shared decomposition")
    }
}
