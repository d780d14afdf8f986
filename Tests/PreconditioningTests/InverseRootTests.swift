import CPUBackend
import Foundation
import MatrixCore
import Preconditioning
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

/// (A + ε·λmax·I)^(-p) of [[a, b], [b, a]]: eigenvalues a ± b on the diagonals of the square.
private func twoByTwo(_ a: Double, _ b: Double, exponent p: Double, damping: Double) -> Matrix<Double> {
    let shift = damping * (a + b.magnitude)
    let (sum, difference) = (pow(a + b + shift, -p), pow(a - b + shift, -p))
    let (diagonal, off) = ((sum + difference) / 2, (sum - difference) / 2)
    return Matrix(rows: 2, columns: 2, elements: [diagonal, off, off, diagonal])
}

@Suite struct IndefiniteRuleTests {
    @Test func absolute() {
        #expect(IndefiniteRule.absolute.apply(to: [-3.0, 0, 2], backend) == [3, 0, 2])
        #expect(IndefiniteRule.absolute.apply(to: [Double](), backend) == [])
    }

    /// Raised to 2^-24 of the largest magnitude, of whichever sign.
    @Test func clamp() {
        #expect(IndefiniteRule.clamp.apply(to: [-0.5, 0, 0x1p-30, 1], backend) == [0x1p-24, 0x1p-24, 0x1p-24, 1])
        #expect(IndefiniteRule.clamp.apply(to: [-2, 1, 4 * 0x1p-24], CPUBackend<Float>()) == [0x1p-23, 1, 0x1p-22])
        #expect(IndefiniteRule.clamp.apply(to: [0.0, 0], backend) == [0, 0])
    }

    @Test func fail() {
        #expect(IndefiniteRule.fail.apply(to: [1e-300, 2], backend) == [1e-300, 2])
        #expect(IndefiniteRule.fail.apply(to: [0.0, 2], backend) == nil)
        #expect(IndefiniteRule.fail.apply(to: [-1e-30, 2], backend) == nil)
    }

    @Test func namesOfTheInterface() {
        #expect(IndefiniteRule.allCases.map(\.rawValue) == ["absolute", "clamp", "fail"])
    }
}

@Suite struct InverseRootTests {
    @Test(arguments: [0.25, 0.5, 1, 0.125, 0.3, 2], [0, 1e-6, 0.1])
    func diagonalMatrices(exponent: Double, damping: Double) throws {
        let diagonal = [3, 1e-3, 0.5, 40, 1]
        let expected = diagonal.map { pow($0 + damping * 40, -exponent) }
        let found = try eigenRoot(
            Matrix(diagonal: diagonal), exponent: exponent, damping: damping, rule: .fail, backend)
        let root = try #require(found.root)
        #expect(found.eigenvalues == diagonal.sorted())
        #expect(root == Matrix(diagonal: root.diagonal))
        for (value, reference) in zip(root.diagonal, expected) {
            // The power of half the exponent, rounded, and its square.
            expectBound((value / reference - 1).magnitude, atMost: 8 * 0x1p-53)
        }
        let factored = try #require(
            factoredRoot(vectors: .identity(5), eigenvalues: diagonal, exponent: exponent, damping: damping, backend))
        expectBound((0..<5).map { (factored[$0, $0] / expected[$0] - 1).magnitude }.max()!, atMost: 8 * 0x1p-53)
        let single = try eigenRoot(
            Matrix<Float>(diagonal: diagonal.map { Float($0) }), exponent: exponent, damping: damping, rule: .fail,
            CPUBackend<Float>())
        for (value, reference) in zip(try #require(single.root).diagonal, expected) {
            // The entry itself is rounded to float32, which the power carries on.
            expectBound((Double(value) / reference - 1).magnitude, atMost: (4 + exponent) * 2 * 0x1p-24)
        }
    }

    @Test(arguments: [0.25, 0.5, 1, 0.3], [0, 1e-6, 0.1])
    func twoByTwoMatrices(exponent: Double, damping: Double) throws {
        for (a, b) in [(2.0, 1.0), (5, -4), (1, 0.999), (1e10, 3e9), (1e-10, -5e-11)] {
            let expected = twoByTwo(a, b, exponent: exponent, damping: damping)
            let found = try eigenRoot(
                Matrix(rows: 2, columns: 2, elements: [a, b, b, a]), exponent: exponent, damping: damping,
                rule: .fail, backend)
            let root = try #require(found.root)
            #expect(root == root.transposed)
            // A small eigenvalue errs by u·λmax, hence its power by p·cond·u.
            let condition = (a + b.magnitude) / (a - b.magnitude)
            expectTestRatio(
                largestDifference(root, expected), scale: expected.largestMagnitude * condition, order: 2, threshold: 10)
        }
    }

    @Test(arguments: [1e2, 1e6, 1e10], [0, 1e-4])
    func knownSpectra(condition: Double, damping: Double) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: condition), order: 60)
        let largest = known.eigenvalues.max()!
        for exponent in [0.25, 0.5] {
            let expected = KnownStatistic.power(
                known.eigenvalues.map { $0 + damping * largest }, -exponent, vectors: known.vectors)
            let found = try eigenRoot(known.matrix, exponent: exponent, damping: damping, rule: .absolute, backend)
            let scale = expected.frobeniusNorm * min(condition, 1 / max(damping, 1e-300))
            expectTestRatio(largestDifference(try #require(found.root), expected), scale: scale, order: 60)
            let factored = try #require(
                factoredRoot(
                    vectors: known.vectors, eigenvalues: known.eigenvalues, exponent: exponent, damping: damping, backend))
            expectTestRatio(largestDifference(factored, expected), scale: expected.frobeniusNorm, order: 60)
        }
    }

    /// Eigenvalues 3 and −1: |λ| gives the root of diag(3, 1) in the same basis, the clamp of 2^-24·3, the third none.
    @Test func indefiniteMatrices() throws {
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, 2, 2, 1])
        let (large, small) = (pow(3.0, -0.25), 1.0)
        let absolute = try eigenRoot(a, exponent: 0.25, damping: 0, rule: .absolute, backend)
        let off = (large - small) / 2
        let diagonal = (large + small) / 2
        expectTestRatio(
            largestDifference(
                try #require(absolute.root), Matrix(rows: 2, columns: 2, elements: [diagonal, off, off, diagonal])),
            scale: 1, order: 2)
        expectTestRatio((absolute.eigenvalues[0] + 1).magnitude, scale: 3, order: 2)
        let clamped = try #require(try eigenRoot(a, exponent: 0.25, damping: 0, rule: .clamp, backend).root)
        // The power of the floor, 2^6/3^(1/4), on the antidiagonal vector.
        let raised = 64 * large
        expectTestRatio((clamped[0, 0] - (large + raised) / 2).magnitude, scale: raised, order: 2)
        expectTestRatio((clamped[0, 1] - (large - raised) / 2).magnitude, scale: raised, order: 2)
        let failed = try eigenRoot(a, exponent: 0.25, damping: 0, rule: .fail, backend)
        #expect(failed.root == nil)
        #expect(failed.eigenvalues.count == 2)
    }

    @Test func powersThatDoNotExist() throws {
        for rule in IndefiniteRule.allCases {
            #expect(
                try eigenRoot(Matrix<Double>(rows: 3, columns: 3), exponent: 0.25, damping: 1, rule: rule, backend).root == nil)
        }
        #expect(try eigenRoot(Matrix(diagonal: [0.0, 1]), exponent: 0.25, damping: 0, rule: .absolute, backend).root == nil)
        #expect(try eigenRoot(Matrix(diagonal: [0.0, 1]), exponent: 0.25, damping: 0.5, rule: .absolute, backend).root != nil)
        #expect(try eigenRoot(Matrix(diagonal: [1e-200, 1]), exponent: 2, damping: 0, rule: .absolute, backend).root == nil)
        let single = CPUBackend<Float>()
        #expect(
            try eigenRoot(Matrix(diagonal: [1e-30 as Float, 1]), exponent: 2, damping: 0, rule: .absolute, single).root == nil)
        let empty = try eigenRoot(Matrix<Double>(rows: 0, columns: 0), exponent: 0.25, damping: 0, rule: .fail, backend)
        #expect(empty.root?.elements == [] && empty.eigenvalues.isEmpty)
    }
}
