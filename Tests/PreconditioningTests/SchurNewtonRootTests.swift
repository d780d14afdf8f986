import CPUBackend
import Foundation
import LinearAlgebra
import MatrixCore
import Preconditioning
import Spectra
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

@Suite struct SchurNewtonRootTests {
    /// With M = X^p·A in exact arithmetic, X = A^(-1/p)·M^(1/p): the relative distance to the root is at most
    /// ‖M^(1/p) − I‖₂ ≤ (‖M − I‖₂/p)/(1 − ‖M − I‖₂), ‖M − I‖₂ ≤ n·residual. Rounding adds a multiple of n·u·cond.
    @Test(arguments: [1, 2, 4], [2.0, 1e2, 1e4])
    func agreesWithTheEigendecomposition(p: Int, condition: Double) throws {
        for order in [1, 2, 17, 64] {
            let known = try KnownStatistic(.geometric(conditionNumber: condition), order: order)
            let record = schurNewtonRoot(known.matrix, p: p, shift: 0, iterations: 40, backend)
            #expect(record.hasConverged && record.residual <= 1e-6 && record.iterations < 40)
            let expected = try #require(
                try eigenRoot(known.matrix, exponent: 1 / Double(p), damping: 0, rule: .fail, backend).root)
            let residual = Double(order) * record.residual
            let rounding = 10 * Double(order) * 0x1p-53 * condition
            expectBound(
                difference(record.root, expected).frobeniusNorm / expected.frobeniusNorm,
                atMost: residual / Double(p) / (1 - residual) + rounding, "order \(order)")
        }
    }

    /// On a diagonal matrix the iteration acts entry by entry: its formulas in plain numbers, step by step.
    @Test(arguments: [1, 2, 3, 4, 5, 8], [0, 0.25])
    func theIterationInScalars(p: Int, shift: Double) {
        let diagonal = [4, 1, 0.5, 3, 0.05]
        let damped = diagonal.map { $0 + shift }
        let norm = damped.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let z = Double(1 + p) / (2 * norm)
        var roots = [Double](repeating: pow(z, 1 / Double(p)), count: 5)
        var coupled = damped.map { z * $0 }
        for steps in 0...6 {
            let record = schurNewtonRoot(
                Matrix(diagonal: diagonal), p: p, shift: shift, iterations: steps, tolerance: 0, backend)
            #expect(record.iterations == steps)
            #expect(record.root == Matrix(diagonal: record.root.diagonal))
            // Each step rounds a few times for every factor of T^p.
            let bound = Double((steps + 1) * (4 * p + 8)) * 0x1p-53
            for index in 0..<5 {
                expectBound((record.root[index, index] / roots[index] - 1).magnitude, atMost: bound, "step \(steps)")
            }
            let residual = coupled.map { ($0 - 1).magnitude }.max()!
            expectBound((record.residual - residual).magnitude, atMost: bound * (1 + residual) * 4)
            for index in 0..<5 {
                let factor = 1 + (1 - coupled[index]) / Double(p)
                roots[index] *= factor
                coupled[index] *= pow(factor, Double(p))
            }
        }
    }

    /// The statistic of one gradient G of 5 × 200 in float32, and G·X against the iteration's own formulas in double, applied to
    /// the eigenvalues: what 10 iterations give where they do not converge, and 30 where they do.
    ///
    /// T·Tᵀ in place of T² with M left as it comes is off by 6e-4 at 10 iterations and by 0.3 at 30.
    @Test(arguments: [10, 30], 0..<4 as Range<UInt64>) func symmetryIsKept(iterations: Int, seed: UInt64) throws {
        let floats = CPUBackend<Float>()
        let gradient = gaussian(rows: 5, columns: 200, seed: seed)
        var statistic = floats.symmetricProduct(gradient, transposed: true, alpha: 0.05)
        statistic = floats.addToDiagonal(statistic, 0.95e-6)
        let shift = 1e-6 * Double(try symmetricEigen(Matrix<Double>(statistic)).values.last!)
        let record = schurNewtonRoot(
            statistic, p: 4, shift: Float(shift), isSymmetric: true, iterations: iterations, floats)
        #expect(record.root == record.root.transposed)
        #expect(record.hasConverged == (iterations == 30))
        let damped = floats.addToDiagonal(statistic, Float(shift))
        let eigen = try symmetricEigen(Matrix<Double>(damped))
        let z = 2.5 / Double(damped.frobeniusNorm)
        let roots = eigen.values.map { value in
            var (root, coupled) = (pow(z, 0.25), z * value)
            for _ in 0..<record.iterations {
                let factor = 1 + (1 - coupled) / 4
                root *= factor
                coupled *= pow(factor, 4)
            }
            return root
        }
        let expected = backend.multiply(
            Matrix<Double>(gradient), positiveDefinite(eigenvalues: roots, basis: eigen.vectors))
        let found = backend.multiply(Matrix<Double>(gradient), Matrix<Double>(record.root))
        // X has entries up to κ^(1/4) = 32 times what G meets of it, each rounded in every step.
        expectBound(
            difference(found, expected).frobeniusNorm / expected.frobeniusNorm, atMost: iterations == 10 ? 2e-5 : 1e-4)
    }

    private func gaussian(rows: Int, columns: Int, seed: UInt64) -> Matrix<Float> {
        var generator = PhiloxGenerator(seed: seed)
        let pairs = (0..<(rows * columns + 1) / 2).flatMap { _ in
            let (radius, angle) = ((-2 * log(1 - generator.uniform())).squareRoot(), 2 * Double.pi * generator.uniform())
            return [Float(radius * cos(angle)), Float(radius * sin(angle))]
        }
        return Matrix(rows: rows, columns: columns, elements: Array(pairs.prefix(rows * columns)))
    }

    /// diag(1, −1) with p = 4: z = 2.5/√2 = 1.77, M = diag(1.77, −1.77); a step makes the second −14.5, so the first X stays.
    @Test func growthStopsTheIteration() {
        let record = schurNewtonRoot(Matrix(diagonal: [1.0, -1]), p: 4, shift: 0, backend)
        let z = 2.5 / 2.0.squareRoot()
        #expect(!record.hasConverged && record.iterations == 0)
        expectBound((record.residual - (1 + z)).magnitude, atMost: 8 * 0x1p-53)
        expectBound(
            largestDifference(record.root, Matrix(diagonal: [pow(z, 0.25), pow(z, 0.25)])), atMost: 4 * 0x1p-53)
    }

    /// A slightly negative eigenvalue: |M − I| creeps up by less than 1.2 a step at first, then the guard closes. The
    /// starts are close enough that one of them crosses between factors of 1.1 and 1.2, one between 1.2 and 1.3.
    @Test(arguments: [0.0010, 0.0012, 0.0014, 0.0017, 0.0020, 0.0023])
    func slowGrowthStopsLater(negative: Double) {
        let record = schurNewtonRoot(
            Matrix(diagonal: [1, -negative]), p: 4, shift: 0, iterations: 100, backend)
        // The negative entry of M alone: y grows to y·(1 + (1 + y)/4)^4 while (1 + y′) ≤ 1.2·(1 + y).
        var (y, steps) = (negative * 2.5 / (1 + negative * negative).squareRoot(), 0)
        while true {
            let next = y * pow(1 + (1 + y) / 4, 4)
            if steps > 0 && 1 + next > 1.2 * (1 + y) { break }
            (y, steps) = (next, steps + 1)
        }
        #expect(!record.hasConverged && record.iterations == steps && steps > 3)
        // y is multiplied by up to 5 a step, a few roundings each.
        expectBound((record.residual / (1 + y) - 1).magnitude, atMost: Double(30 * steps) * 0x1p-53)
    }

    @Test func theShiftMakesItDefinite() {
        let record = schurNewtonRoot(Matrix(diagonal: [1.0, -0.001]), p: 4, shift: 0.101, iterations: 30, backend)
        #expect(record.hasConverged)
        let expected = [pow(1.101, -0.25), pow(0.1, -0.25)]
        let bound = record.residual / 4 / (1 - record.residual) + 100 * 0x1p-53
        for index in 0..<2 {
            expectBound((record.root[index, index] / expected[index] - 1).magnitude, atMost: bound)
        }
    }

    /// The published ten iterations reach what a factor of (1 + 1/p)^p a step allows, and say so where they do not.
    @Test func tenIterationsAreNotAlwaysEnough() {
        let record = schurNewtonRoot(Matrix(diagonal: [1.0, 1e-8]), p: 4, shift: 0, backend)
        #expect(!record.hasConverged && record.iterations == 10 && record.residual > 0.9)
        let good = schurNewtonRoot(Matrix(diagonal: [1.0, 0.1]), p: 4, shift: 0, backend)
        #expect(good.hasConverged && good.iterations < 10)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func nonFiniteEntriesEndIt(value: Double) {
        for (row, column) in [(0, 0), (1, 2)] {
            var a = Matrix<Double>.identity(3)
            (a[row, column], a[column, row]) = (value, value)
            let record = schurNewtonRoot(a, p: 4, shift: 0, iterations: 1_000_000, backend)
            #expect(!record.hasConverged && record.iterations == 0)
        }
    }

    @Test func zeroHasNoRoot() {
        let record = schurNewtonRoot(Matrix<Double>(rows: 2, columns: 2), p: 4, shift: 0, backend)
        #expect(!record.hasConverged && record.residual == .infinity && record.root == .identity(2))
    }

    @Test(arguments: [1, 2, 4])
    func singlePrecision(p: Int) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 50), order: 30)
        let record = schurNewtonRoot(
            Matrix<Float>(known.matrix), p: p, shift: 0, iterations: 20, tolerance: 1e-4, CPUBackend<Float>())
        #expect(record.hasConverged)
        let expected = known.power(-1 / Double(p))
        let residual = 30 * Double(record.residual)
        expectBound(
            difference(Matrix<Double>(record.root), expected).frobeniusNorm / expected.frobeniusNorm,
            atMost: residual / Double(p) / (1 - residual) + 10 * 30 * 0x1p-24 * 50)
    }
}
