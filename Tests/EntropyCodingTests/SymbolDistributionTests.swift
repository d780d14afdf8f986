import Foundation
import Testing

@testable import EntropyCoding

@Suite struct SymbolDistributionTests {
    /// The mixture of two Gaussians of variance ½ and 3⁄2 of σ², half each.
    private func distribution(_ x: Double, _ deviation: Double) -> Double {
        var sum = 0.0
        for variance in [0.5, 1.5] {
            let width: Double = deviation * (2 * variance).squareRoot()
            sum += 0.25 * (1 + erf(x / width))
        }
        return sum
    }

    /// The integers of the tables from the mixture: the probability of a bin times 4096, rounded and at least 1; the rest goes to
    /// zero.
    @Test(arguments: 1...28) func frequencies(index: Int) {
        let deviation = exp2((Double(index) - 17) / 4)
        let largest = max(1, Int((4.5 * deviation).rounded(.up)))
        func share(_ probability: Double) -> Int { max(1, Int((4096 * probability + 0.5).rounded(.down))) }
        var half = (0...largest).map { z in
            share(distribution(Double(z) + 0.5, deviation) - distribution(Double(z) - 0.5, deviation))
        }
        let escape = share(2 * (1 - distribution(Double(largest) + 0.5, deviation)))
        half[0] += 4096 - (half[0] + 2 * half.dropFirst().reduce(0, +) + escape)
        let expected = half.dropFirst().reversed() + half + [escape]
        let tables = SymbolDistribution.tables
        let start = (index - 1) * SymbolDistribution.places
        #expect(tables.largest[index - 1] == Int32(largest))
        #expect(Array(tables.frequencies[start..<start + expected.count]) == expected.map { UInt32($0) })
    }

    /// ρ = E[x·z]/E[z²] of x from the mixture and z = round(x), in 65536ths; the integral over a bin of x times a Gaussian is a
    /// difference of Gaussians.
    @Test(arguments: 1...28) func shrinking(index: Int) {
        let deviation = exp2((Double(index) - 17) / 4)
        var (xz, zz) = (0.0, 0.0)
        for z in 1...12 * max(1, Int(deviation.rounded(.up))) + 1 {
            let (low, high) = (Double(z) - 0.5, Double(z) + 0.5)
            zz += Double(z * z) * (distribution(high, deviation) - distribution(low, deviation))
            for variance in [0.5, 1.5] {
                let s = deviation * variance.squareRoot()
                xz +=
                    Double(z) * 0.5 * s / (2 * Double.pi).squareRoot()
                    * (exp(-0.5 * (low / s) * (low / s)) - exp(-0.5 * (high / s) * (high / s)))
            }
        }
        #expect(SymbolDistribution.shrinking(index) == min(1, (xz / zz * 65536).rounded() / 65536))
    }

    /// A value lies in the bin of its symbol, towards zero.
    @Test func valuesStayInTheirBins() {
        for index in 0...SymbolDistribution.largestIndex {
            for z in [0, 1, 2, 5, 31, 1000, 100_000] as [Int32] {
                let value = SymbolDistribution.value(of: z, index: index)
                #expect(value <= Double(z) && value >= Double(z) - 0.5 && value >= 0)
                #expect(SymbolDistribution.value(of: -z, index: index) == -value)
            }
        }
    }
}
