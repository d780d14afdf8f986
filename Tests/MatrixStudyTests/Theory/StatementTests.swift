import CPUBackend
import Foundation
import GSLReference
import MatrixCore
import MatrixSources
import Preconditioning
import Quantization
import Spectra
import TestSupport
import Testing

@testable import MatrixStudy

/// A matrix with a random basis, and cases of storages for it.
private func subject(
    eigenvalues: [Double], _ grid: CaseGrid = CaseGrid(statistic: [.eigenvector]), updates: Int = 3,
    problem: (steps: Int, order: Int)? = nil
) throws -> TheorySubject {
    var generator = PhiloxGenerator(seed: 29)
    let matrix = positiveDefinite(
        eigenvalues: eigenvalues, basis: haarOrthogonal(order: eigenvalues.count, using: &generator))
    let cases = try grid.cases().map(\.statistic)
    return TheorySubject(
        subject: try StudySubject(decomposing: matrix), cases: cases.distinct,
        exponents: cases.map(\.exponent).distinct, sequence: SequenceSettings(updates: updates, seed: 3, problem: problem))
}

private func geometric(_ order: Int, condition: Double) -> [Double] {
    (0..<order).map { pow(condition, Double($0) / Double(order - 1)) }
}

/// Every statistic that codes a matrix, at a number of bits.
private func coded(bits: Int) -> CaseGrid {
    CaseGrid(
        statistic: [.full, .offdiagonal, .symmetric, .cholesky, .eigenvector, .householder, .inverseRoot], bits: [bits],
        block: [8])
}

@Suite struct StatementTests {
    /// All eigenvectors turned by θ in pairs: α = 2·sin(θ/2), β = 1 − cos θ; the power of a pair (a, b) changes by √2·|a − b|·sin θ.
    @Test(arguments: [0.01, 0.1, 0.5]) func turnedPairs(angle: Double) throws {
        let subject = try subject(eigenvalues: [1, 16, 81, 625])
        let basis = subject.subject.eigenvectors
        var turned = basis
        for first in [0, 2] {
            for row in 0..<4 {
                turned[row, first] = cos(angle) * basis[row, first] + sin(angle) * basis[row, first + 1]
                turned[row, first + 1] = cos(angle) * basis[row, first + 1] - sin(angle) * basis[row, first]
            }
        }
        // In another order and with other signs, as a storage may keep them.
        var kept = turned
        for (place, column) in [2, 0, 3, 1].enumerated() {
            for row in 0..<4 { kept[row, place] = (place == 1 ? -1 : 1) * turned[row, column] }
        }
        let found = try #require(try PerturbedBasis(kept, beside: subject))
        expectBound((found.largestDistance - 2 * sin(angle / 2)).magnitude, atMost: 1e-14)
        expectBound((found.leastProduct - cos(angle)).magnitude, atMost: 1e-14)
        expectBound((found.norm - 1).magnitude, atMost: 1e-14)
        let errors = try #require(found.errors(exponent: 0.25, subject))
        // λ^(-1/4) of 1, 16, 81, 625.
        let weights = [1, 1.0 / 2, 1.0 / 3, 1.0 / 5]
        let norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let change = 2.0.squareRoot() * sin(angle) * hypot(weights[0] - weights[1], weights[2] - weights[3])
        expectBound((errors.relative - change / norm).magnitude, atMost: 1e-13)
        // The norm stays, so that the cosine is 1 − ‖ΔB‖²/(2‖B‖²).
        expectBound((errors.cosine - (1 - change * change / (2 * norm * norm))).magnitude, atMost: 1e-13)
    }

    /// Two decoded vectors nearest to one eigenvector stand beside none.
    @Test func vectorsThatCannotBePaired() throws {
        let subject = try subject(eigenvalues: [1, 2, 3])
        let basis = subject.subject.eigenvectors
        #expect(try PerturbedBasis(subject.backend.selectColumns(basis, [0, 0, 2]), beside: subject) == nil)
    }

    /// Source: Wang et al. 2024, after proposition 1: at c = 1000 and s = −1/4 the error is 0.434 and the cosine 0.934 (21°).
    @Test func publishedValuesOfTheComparison() throws {
        let spectrum = try #require(TwoLevelSpectrum(ratio: 1000, order: 100, exponent: 0.25))
        expectBound((spectrum.relativeErrorAtLeastCosine(power: -0.25) - 0.434).magnitude, atMost: 0.0005)
        expectBound((spectrum.leastCosine(power: -0.25) - 0.934).magnitude, atMost: 0.0005)
        #expect((acos(spectrum.leastCosine(power: -0.25)) * 180 / .pi).rounded() == 21)
        // The cosine is least at l = (c/t)^s, which 1000 times as many eigenvalues come nearer to.
        let finer = try #require(TwoLevelSpectrum(ratio: 1000, order: 100_000, exponent: 0.25))
        expectBound(finer.cosine(power: -0.25) - finer.leastCosine(power: -0.25), atMost: 1e-8)
        #expect(spectrum.cosine(power: -0.25) >= spectrum.leastCosine(power: -0.25))
        #expect(TwoLevelSpectrum(ratio: 1000, order: 1, exponent: 0.25) == nil)
    }

    /// What is proved holds for every storage, whatever the bits; what is published holds where its premise does.
    @Test(arguments: [2, 3, 4, 8]) func nothingIsViolated(bits: Int) throws {
        let subject = try subject(
            eigenvalues: geometric(24, condition: 1e4), coded(bits: bits), problem: (steps: 12, order: 6))
        var names: Set<String> = []
        for statement in StatementTable.all {
            let found =
                try statement.evaluate(subject)
                + subject.cases.flatMap { statistic in
                    // A storage may refuse a sum of its own codes.
                    (try? statement.evaluate(subject, statistic)) ?? []
                }
            for evaluation in found {
                #expect(!evaluation.isViolated, "\(evaluation)")
                names.insert(statement.name)
            }
        }
        #expect(names == Set(StatementTable.names))
    }

    /// Reflectors give an orthonormal basis, so that the published premise is so; codes of eigenvectors do not.
    @Test func premiseOfTheLemma() throws {
        let subject = try subject(
            eigenvalues: geometric(16, condition: 1e4), CaseGrid(statistic: [.eigenvector, .householder]))
        for statistic in subject.cases {
            let rows = try BasisPerturbation.evaluate(subject, statistic)
            #expect(rows.count == 4)
            for row in rows where row.origin == .published {
                #expect(row.premiseHolds == (statistic.kind == .householder), "\(row)")
            }
        }
    }

    /// Codes of a matrix whose blocks are 1 and the middle of the codebook's widest gap attain the bound.
    @Test(arguments: CodebookName.allCases) func theBoundIsAttained(codebook: CodebookName) throws {
        let values = try Codebook(codebook, bits: 4).values.map { Double($0) }
        let gaps = zip(values, values.dropFirst()).map { $1 - $0 }
        // A distance from the end to the outermost value may be worse: then −1 attains it.
        let widest = gaps.indices.max { gaps[$0] < gaps[$1] }!
        let middle = values[0] + 1 > gaps[widest] / 2 ? -1 : (values[widest] + values[widest + 1]) / 2
        var matrix = Matrix<Double>.identity(2)
        (matrix[0, 1], matrix[1, 0]) = (middle, middle)
        let grid = CaseGrid(statistic: [.full], codebook: [codebook], bits: [4], block: [2])
        let subject = TheorySubject(
            subject: try StudySubject(decomposing: matrix), cases: try grid.cases().map(\.statistic), exponents: [0.25],
            sequence: SequenceSettings(updates: 1, seed: 0, problem: nil))
        let row = try #require(
            try CodebookBound.evaluate(subject).first { $0.statement.hasSuffix("an-entry") && $0.setting == "entries" })
        #expect(row.sides.holds)
        expectBound((row.sides.left - row.sides.right).magnitude, atMost: 0x1p-22, "\(codebook)")
    }

    /// Without the compensation a coded sum does not stay above the exact one: the statement says something.
    @Test func theCompensationMatters() throws {
        let subject = try subject(eigenvalues: geometric(16, condition: 1e4), CaseGrid(statistic: [.offdiagonal]))
        var trajectory = Trajectory(
            StartingStatistic(subject.subject, contraction: nil), try RecodeCourse(decay: 1, rank: 4, seed: 1))
        var sum = CodedSum(subject.cases[0], order: 16, subject.backend)
        var exact = Matrix<Double>(rows: 16, columns: 16)
        for update in 1...4 {
            trajectory.advance(to: update)
            try sum.add(trajectory.moment)
            exact = subject.backend.combine(1, exact, 1, trajectory.moment)
        }
        let difference = subject.backend.symmetrize(subject.backend.combine(1, sum.coded, -1, exact))
        #expect(try subject.backend.symmetricEigen(difference).values[0] < -1e-3 * sum.compensation)
    }

    /// The mean of many moments is the matrix: each entry's deviation is √((aᵢᵢaⱼⱼ + aᵢⱼ²)/(r·count)), five of which are taken.
    @Test func momentsAreTheMatrixInTheMean() throws {
        let subject = try subject(eigenvalues: [1, 2, 5])
        let a = subject.subject.matrix
        var trajectory = Trajectory(
            StartingStatistic(subject.subject, contraction: nil), try RecodeCourse(decay: 1, rank: 2, seed: 5))
        var sum = Matrix<Double>(rows: 3, columns: 3)
        for update in 1...4000 {
            trajectory.advance(to: update)
            sum = subject.backend.combine(1, sum, 1 / 4000.0, trajectory.moment)
        }
        for i in 0..<3 {
            for j in 0..<3 {
                let deviation = ((a[i, i] * a[j, j] + a[i, j] * a[i, j]) / 8000).squareRoot()
                expectBound((sum[i, j] - a[i, j]).magnitude, atMost: 5 * deviation, "\(i) \(j)")
            }
        }
    }

    /// Of exact statistics the compensation is rounding, and the bound that of Shampoo itself.
    @Test func regretOfExactStatistics() throws {
        let subject = try subject(
            eigenvalues: geometric(8, condition: 100), CaseGrid(statistic: [.exact]), problem: (steps: 40, order: 8))
        let row = try #require(try RegretBound.evaluate(subject, subject.cases[0]).first)
        #expect(row.sides.holds && row.sides.left > 0)
        // Looser than the bound of coded statistics it is not.
        let four = try self.regret(bits: 4)
        #expect(row.sides.right < four.sides.right)
    }

    private func regret(bits: Int) throws -> Evaluation {
        let subject = try subject(
            eigenvalues: geometric(8, condition: 100), CaseGrid(statistic: [.offdiagonal], bits: [bits]),
            problem: (steps: 40, order: 8))
        return try #require(try RegretBound.evaluate(subject, subject.cases[0]).first)
    }

    @Test func matricesThatAreNotPositiveDefinite() throws {
        let folder = try TemporaryFolder()
        try write([("a", Matrix(diagonal: [1, -1, 2]))], to: folder.file("a.h5"))
        let input = try StudyInput([SourceFormat.open(folder.file("a.h5"))], selecting: [])
        let found = try input.evaluations(
            of: input.matrices[0], statements: Set(StatementTable.names),
            cases: try CaseGrid(statistic: [.eigenvector]).cases().map(\.statistic),
            sequence: SequenceSettings(updates: 1, seed: 0, problem: nil))
        #expect(found.conditionNumber == nil)
        #expect(found.notes.filter { $0.contains("positive") }.count == 3)
        #expect(Set(found.evaluations.map(\.statement)).contains("bjorck-step"))
        #expect(!found.evaluations.contains { $0.statement.hasPrefix("lemma-1-") })
    }

    @Test func sidesAndTheirSlack() {
        #expect(Inequality.atMost(1, 2, rounding: 0).slack == 1)
        #expect(Inequality.atLeast(1, 2, rounding: 0.5).slack == -1 && !Inequality.atLeast(1, 2, rounding: 0.5).holds)
        #expect(Inequality.equal(1, 2, rounding: 1).slack == -1 && Inequality.equal(1, 2, rounding: 1).holds)
        #expect(!Inequality.atMost(.nan, 2, rounding: 1).holds)
    }
}
