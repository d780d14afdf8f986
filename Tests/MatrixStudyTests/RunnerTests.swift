import Foundation
import MatrixCore
import MatrixStudy
import Spectra
import TestSupport
import Testing

@Suite struct RunnerTests {
    private func geometric(order: Int, condition: Double, seed: UInt64 = 1) throws -> Matrix<Double> {
        var generator = PhiloxGenerator(seed: seed)
        let values = try Spectrum.geometric(conditionNumber: condition).eigenvalues(
            order: order, largest: nil, reversed: false, using: &generator)
        return positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: order, using: &generator))
    }

    /// cond(τ) = 1 + τ(cond − 1) (Wang et al. 2024, appendix D.1).
    @Test func contractionChangesTheConditionNumberAsPublished() async throws {
        let folder = try TemporaryFolder()
        try write([("a", geometric(order: 50, condition: 1e4))], to: folder.file("in.h5"))
        let grid = CaseGrid(statistic: [.offdiagonal], contraction: [0, -1, -10, -20])
        let results = try await rows(folder.file("in.h5"), StudyPlan(grids: [grid]))
        #expect(results.count == 4)
        for row in results {
            let tau = exp2(row.studyCase.statistic.contraction ?? 0)
            let expected = 1 + tau * (1e4 - 1)
            // λmin has an absolute error of n·u·λmax, a relative one of n·u·cond.
            expectTestRatio((row.conditionNumber ?? .nan) - expected, scale: expected * 1e4, order: 50)
        }
    }

    /// The two references agree within the condition number's bound; the platform's measurements are 0.01 to 0.3 of cond·u.
    @Test(arguments: [1e2, 1e6, 1e10, 1e12])
    func bothReferencesAgreeWithinTheConditionNumber(condition: Double) async throws {
        let folder = try TemporaryFolder()
        try write([("a", geometric(order: 80, condition: condition))], to: folder.file("in.h5"))
        let plan = StudyPlan(grids: [CaseGrid(statistic: [.exact], root: [.exact])], reference: .gsl)
        let row = try #require(try await rows(folder.file("in.h5"), plan).first)
        // exact/exact sets LAPACK's root, which the storages use, against GSL's.
        let error = try #require(row.comparison?.normwiseRelativeError)
        expectTestRatio(error, scale: condition, order: 80)
        expectBound(1e-17, atMost: error, "two independent solvers never agree exactly")
        expectTestRatio(try #require(row.referenceResidual), scale: condition, order: 80)
    }

    /// Householder factors are orthogonal, so the factored root is the exact power of what they decode to.
    @Test func bothSolversAgreeOnHouseholderStatistics() async throws {
        let folder = try TemporaryFolder()
        try write([("a", geometric(order: 65, condition: 1e3))], to: folder.file("in.h5"))
        let plan = StudyPlan(grids: [
            CaseGrid(statistic: [.householder, .eigenvector], bits: [4, 8], rectify: [8], solver: [.eigen, .factored])
        ])
        let results = try await rows(folder.file("in.h5"), plan)
        #expect(results.count == 8)
        for pair in stride(from: 0, to: results.count, by: 2) {
            let (a, b) = (results[pair], results[pair + 1])
            let (x, y) = (a.comparison?.normwiseRelativeError ?? .nan, b.comparison?.normwiseRelativeError ?? .nan)
            // Eight Björck steps leave a defect at rounding level too.
            expectTestRatio(x - y, scale: 1e3 * x, order: 65, "\(a.studyCase)")
        }
    }

    /// Damping is relative and in the reference too: an exact statistic has no error under any damping.
    @Test func dampingIsInTheReferenceToo() async throws {
        let folder = try TemporaryFolder()
        try write([("a", geometric(order: 40, condition: 1e4))], to: folder.file("in.h5"))
        var grid = CaseGrid(statistic: [.exact], root: [.exact], exponent: [0.25, 0.5, 1, 0.3])
        grid.damping = [0, 1e-6, 0.1]
        let results = try await rows(folder.file("in.h5"), StudyPlan(grids: [grid]))
        #expect(results.count == 4 * 3)
        for row in results {
            expectTestRatio(
                row.comparison?.normwiseRelativeError ?? .nan, scale: 1e4, order: 40, "\(row.studyCase.statistic)")
        }
    }

    @Test func resumedAndWholeRunsGiveTheSameRows() async throws {
        let folder = try TemporaryFolder()
        let matrices = try (1...3).map { ("m\($0)", try geometric(order: 20 + $0, condition: 100, seed: UInt64($0))) }
        try write(matrices.map { (name: $0.0, matrix: $0.1) }, to: folder.file("in.h5"))
        let plan = StudyPlan(grids: Preset.default.grids)
        func timeless(_ rows: [StudyRow]) -> [StudyRow] {
            rows.map { row in
                var row = row
                row.seconds = 0
                return row
            }
        }
        let whole = timeless(try await rows(folder.file("in.h5"), plan, threads: 2))
        let single = timeless(try await rows(folder.file("in.h5"), plan, threads: 1))
        #expect(whole == single, "the number of threads changes nothing")
        for start in [1, 17, whole.count - 1] {
            let rest = timeless(try await rows(folder.file("in.h5"), plan, range: start..<whole.count))
            #expect(rest == Array(whole[start...]))
        }
    }

    /// Proposition 1 of Wang et al. 2024 in the case that it is about: two eigenvalues, c = 1000, the small ones a
    /// fraction that makes quantizing A worst. Coded eigenvectors then have at most half the error of a coded A.
    @Test func codingEigenvectorsBeatsCodingTheMatrix() async throws {
        let folder = try TemporaryFolder()
        var generator = PhiloxGenerator(seed: 5)
        let values = try Spectrum.twoLevel(ratio: 1000, fractionLarge: 0.9375).eigenvalues(
            order: 256, largest: nil, reversed: false, using: &generator)
        let matrix = positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: 256, using: &generator))
        try write([("a", matrix)], to: folder.file("in.h5"))
        let plan = StudyPlan(grids: [CaseGrid(statistic: [.offdiagonal, .eigenvector])])
        let results = try await rows(folder.file("in.h5"), plan)
        let naive = try #require(results[0].comparison?.normwiseRelativeError)
        let eigenvector = try #require(results[1].comparison?.normwiseRelativeError)
        expectBound(2 * eigenvector, atMost: naive)
    }
}
