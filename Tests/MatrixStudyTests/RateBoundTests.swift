import CPUBackend
import Foundation
import MatrixCore
import Preconditioning
import Spectra
import TestSupport
import Testing

@testable import MatrixStudy

/// Shannon's bound for roots in a random basis.
@Suite struct RateBoundTests {
    /// λ of which λ^(-1/4) are these.
    private func bound(_ weights: [Double]) throws -> RateBound {
        try #require(RateBound(eigenvalues: weights.map { pow($0, -4) }, exponent: 0.25, damping: 0))
    }

    private func norm(_ weights: [Double]) -> Double { weights.reduce(0) { $0 + $1 * $1 }.squareRoot() }

    /// Of order 2, R runs through a circle of radius |w₁ − w₂|/√2, and of order n with one w apart through a projective space, half
    /// of the sphere Sⁿ⁻¹ with √2·|w₁ − w₂| for a unit of length: Shannon's lower bound is log₂ of its volume less that of a
    /// Gaussian error.
    @Test(arguments: [0.2, 1e-3, 1e-6]) func circlesAndProjectiveSpaces(_ error: Double) throws {
        let gap = 0.75
        let circle = log2(2 * .pi * gap / 2.0.squareRoot())
        // 4π/2 of the unit sphere in three dimensions, 2π²/2 in four.
        let (plane, space) = (log2(2 * .pi * 2 * gap * gap), log2(.pi * .pi * pow(2 * gap * gap, 1.5)))
        for (order, volume) in [(2, circle), (3, plane), (4, space)] {
            let weights = [1.75] + [Double](repeating: 1, count: order - 1)
            let dimensions = Double(order - 1)
            let distortion = pow(error * norm(weights), 2)
            let expected = volume - dimensions / 2 * log2(2 * .pi * M_E * distortion / dimensions)
            let entries = Double(order * (order + 1) / 2 - 1) / 2 * log2(gap * gap * dimensions / Double(order) / distortion)
            let found = try #require(try bound(weights).bits(relativeError: error))
            expectTestRatio(found - max(0, min(expected, entries)), scale: expected.magnitude + 1, order: 8)
        }
    }

    /// Gaussian entries have eigenvalues on a semicircle, and take N/2·log₂(N·s/D) bits, s = 2 of a pair with entries of variance 1.
    /// Finite orders differ by their last eigenvalues, of which there are n among n²/2 pairs.
    @Test(arguments: [100, 400]) func semicirclesAreGaussianEntries(_ order: Int) throws {
        let radius = 2 * Double(order).squareRoot()
        // The quantiles of the semicircle: x = sin α, α + sin α·cos α = π(2q − 1)/2.
        let weights = (0..<order).map { index -> Double in
            let share = (Double(index) + 0.5) / Double(order)
            var (low, high) = (-Double.pi / 2, Double.pi / 2)
            for _ in 0..<60 {
                let middle = (low + high) / 2
                if middle + sin(middle) * cos(middle) < .pi * (share - 0.5) { low = middle } else { high = middle }
            }
            return 2 * radius + radius * sin(low)
        }
        let pairs = Double(order * (order - 1)) / 2
        for error in [0.05, 1e-3] {
            let expected = pairs / 2 * log2(pairs * 2 / pow(error * norm(weights), 2))
            let found = try #require(try bound(weights).bits(relativeError: error))
            expectBound((found - expected).magnitude / pairs, atMost: 2 * log2(Double(order)) / Double(order))
        }
    }

    static let spectra: [[Double]] = [
        even(40, from: 1, step: 0.1), even(30, from: 0, step: 0.1).map { pow(10, $0) },
        // Clusters of 12 and 17, one eigenvalue apart, and two near each other.
        even(12, from: 1, step: 0) + even(17, from: 3, step: 0) + [7, 7.0001, 20],
        // Narrow, and not equal.
        even(16, from: 1, step: 1e-5) + even(16, from: 5, step: 1e-4),
    ]

    private static func even(_ count: Int, from first: Double, step: Double) -> [Double] {
        (0..<count).map { first + step * Double($0) }
    }

    /// Against the definition: the volume of spheres by their recursion, all pairs in a list, the level by bisection.
    @Test(arguments: spectra) func pairsAreFilledAsDefined(_ weights: [Double]) throws {
        let n = weights.count
        let multiplicities = Dictionary(grouping: weights, by: \.self).values.map(\.count)
        func volume(_ m: Int) -> Double { (1...m).reduce(0) { $0 + log(sphere($1)) } }
        func sphere(_ k: Int) -> Double {
            if k <= 2 { return k == 1 ? 2 : 2 * Double.pi }
            return 2 * Double.pi / Double(k - 2) * sphere(k - 2)
        }
        var squares: [Double] = []
        for i in 0..<n { for j in 0..<i where weights[i] != weights[j] { squares.append(pow(weights[i] - weights[j], 2)) } }
        let total = volume(n) - multiplicities.reduce(0) { $0 + volume($1) }
        let angle = exp(2 / Double(squares.count) * total) / (2 * .pi * M_E)
        let variances = squares.map { 2 * angle * $0 }
        let energy = squares.reduce(0, +) / Double(n)
        for error in [0.3, 0.1, 0.01, 1e-4, 1e-7] {
            let distortion = pow(error * norm(weights), 2)
            var (low, high) = (-200.0, 200.0)
            for _ in 0..<200 {
                let middle = exp2((low + high) / 2)
                let isLow = variances.reduce(0, { $0 + min($1, middle) }) < distortion
                if isLow { low = log2(middle) } else { high = log2(middle) }
            }
            let filled = variances.reduce(0) { $0 + max(0, log2($1) - low) / 2 }
            let entries = Double(n * (n + 1) / 2 - 1) / 2 * max(0, log2(energy / distortion))
            let found = try #require(try bound(weights).bits(relativeError: error))
            // Differences of neighbouring weights keep 1e-12 of the digits that λ = w^-4 has.
            expectBound((found - min(filled, entries)).magnitude, atMost: 1e-8 * (1 + filled), "error \(error)")
        }
    }

    /// No bits for an error as large as the spread, more and more for less, and the same for the same matrix in other units.
    @Test func laws() throws {
        for weights in Self.spectra {
            let (bound, scaled) = (try bound(weights), try bound(weights.map { $0 * 0x1p-30 }))
            #expect(bound.bits(relativeError: 1) == 0 && bound.bits(relativeError: 0) == nil)
            var last = 0.0
            for error in stride(from: 0.9, to: 1e-3, by: -0.01) {
                let bits = try #require(bound.bits(relativeError: error))
                #expect(bits >= last)
                last = bits
                let other = try #require(scaled.bits(relativeError: error))
                expectTestRatio(other - bits, scale: bits + 1, order: weights.count)
            }
        }
        #expect(try bound([2, 2, 2]).bits(relativeError: 1e-3) == 0, "a multiple of I is known before it is coded")
        #expect(try bound([5]).bits(relativeError: 1e-3) == 0)
        #expect(RateBound(eigenvalues: [0, 1], exponent: 0.25, damping: 0) == nil)
        #expect(RateBound(eigenvalues: [0, 1], exponent: 0.25, damping: 1e-3) != nil)
    }

    /// VᵀBV of contractions B by sums.
    @Test func residualsAreThoseOfTheDefinition() throws {
        let n = 9
        let a = Matrix<Double>.random(rows: n, columns: n, seed: 3).symmetrized
        let v = Matrix<Double>.random(rows: n, columns: n, seed: 4)
        let basis = DecodedBasis(v, of: a, CPUBackend<Double>())
        for scaling in [ContractionScaling.identity, ContractionScaling(factor: 0.125, shift: -2.5)] {
            var (off, all) = (0.0, 0.0)
            for i in 0..<n {
                for j in 0..<n {
                    var entry = 0.0
                    for k in 0..<n {
                        for l in 0..<n {
                            entry += v[k, i] * (scaling.factor * a[k, l] + (k == l ? scaling.shift : 0)) * v[l, j]
                        }
                    }
                    all += entry * entry
                    if i != j { off += entry * entry }
                }
            }
            let found = try #require(basis.offdiagonalResidual(scaling))
            expectTestRatio(found - (off / all).squareRoot(), scale: 1, order: n, unitRoundoff: 0x1p-24)
        }
        let large = DecodedBasis(
            v, of: Matrix(rows: n, columns: n, elements: a.elements.map { $0 * 0x1p700 }), CPUBackend<Double>())
        #expect(large.offdiagonalResidual(.identity) == basis.offdiagonalResidual(.identity))
        #expect(DecodedBasis(v, of: Matrix(rows: n, columns: n), CPUBackend<Double>()).offdiagonalResidual(.identity) == nil)
    }
}
