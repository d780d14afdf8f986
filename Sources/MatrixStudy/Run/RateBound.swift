import Foundation

/// The fewest bits from which a root can come back with a squared error: Shannon's R(D) for the ensemble of a spectrum.
///
/// **Ensemble.** R = V·Diag(w)·Vᵀ of order n, where w = (|λ| + ε·max |λ|)^(-p) is known to both sides and V is orthogonal at
/// random, by Haar's measure. A code that gives X of R with E‖X − R‖F² ≤ D on the mean over the ensemble takes at least R(D) bits,
/// whatever it keeps: a statistic, its factors or the root, X is made of its bits. It is a bound for the ensemble, not for one
/// matrix: a basis with a structure (blocks, zeros) can be coded in less.
///
/// **Derivation.** Turning eigenvectors i and j into each other by a small angle θ moves R by θ·(wᵢ − wⱼ)·(vᵢvⱼᵀ + vⱼvᵢᵀ), whose
/// squared norm is 2(wᵢ − wⱼ)²θ². So R lies on a manifold of N = #{i < j : wᵢ ≠ wⱼ} dimensions with the volume
/// Vol(O(n))/∏Vol(O(m)) · ∏√2·|wᵢ − wⱼ|, m the multiplicities of equal w, and Vol(O(n)) = ∏ 2π^(k/2)/Γ(k/2), k = 1…n, in the
/// angles. Shannon's lower bound, log₂ Vol − N/2·log₂(2πe·D/N), to which R(D) tends as D → 0, is the rate of N independent
/// Gaussian variables of the variances
///
///     sᵢⱼ = 2v·(wᵢ − wⱼ)², ln(2πe·v) = 2/N·ln(Vol(O(n))/∏Vol(O(m))), v → √e/n for distinct w,
///
/// and in that form it is taken for every D, by reverse water-filling: D = Σ min(sᵢⱼ, θ), bits = Σ ½·log₂(sᵢⱼ/θ) over sᵢⱼ > θ.
///
/// A large D is more than small angles tell. There a second form is less, which no ensemble of this variance exceeds: R varies about
/// its mean tr(w)/n·I in M = n(n + 1)/2 − 1 dimensions, in all directions alike, by E = Σ(wᵢ − wⱼ)²/n over i < j in total, and
/// Gaussian entries of the triangle take M/2·log₂(E/D) bits. What is given is the lesser of the two. Both agree as n → ∞ where w is
/// spread like the eigenvalues of Gaussian entries, on a semicircle, since that spread has the largest ∏|wᵢ − wⱼ| of all of
/// its variance. Elsewhere, and where D is a good part of E, it is above R(D): of a projector of rank one, for which R(D) =
/// −n/2·log₂(1 − √(1 − D)) as n → ∞, by a hundredth at D = 0.1 and an eighth at D = 0.5. Few bits can then undercut it.
///
/// **Numerics.** Eigenvalues that are closer than n·2^-52·max |λ|, the accuracy of an eigensolver, count as equal. Where two
/// clusters are narrow beside √D and not equal, the first form is above R(D) by N/2·½ bits at most, an eighth of a bit an n²
/// entry: it counts turns within the clusters that nobody sees.
///
/// Source: C. E. Shannon, IRE Nat. Conv. Rec. 7 (1959); reverse water-filling: Cover and Thomas, Elements of Information Theory,
/// 2nd ed., theorem 10.3.3. The volume: that of the spheres S^(k−1) which the columns of V run through.
struct RateBound: Sendable {
    /// w, ascending, of the largest of them; equal ones exactly equal.
    private let weights: [Double]
    /// 2v.
    private let scale: Double
    /// ‖w‖² and E in those units.
    private let squaredNorm: Double
    private let energy: Double

    /// - Returns: nil where a w is not a positive number.
    init?(eigenvalues: [Double], exponent: Double, damping: Double) {
        let n = eigenvalues.count
        let magnitudes = eigenvalues.map(\.magnitude).sorted(by: >)
        let largest = magnitudes.first ?? 0
        let powers = magnitudes.map { pow($0 + damping * largest, -exponent) }
        guard let unit = powers.last, powers.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
        var clusters: [Range<Int>] = []
        let resolution = Double(n) * 0x1p-52 * largest
        for index in 0..<n {
            let isEqual = index > 0 && magnitudes[index - 1] - magnitudes[index] <= resolution
            let first = isEqual ? clusters.removeLast().lowerBound : index
            clusters.append(first..<index + 1)
        }
        weights = clusters.flatMap { cluster in
            let mean = powers[cluster].reduce(0) { $0 + $1 / unit } / Double(cluster.count)
            return [Double](repeating: mean, count: cluster.count)
        }
        let mean = weights.reduce(0, +) / Double(n)
        squaredNorm = weights.reduce(0) { $0 + $1 * $1 }
        energy = weights.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        scale = 2 * Self.angularVariance(order: n, multiplicities: clusters.map(\.count))
    }

    /// v; 0 where all w are equal.
    private static func angularVariance(order: Int, multiplicities: [Int]) -> Double {
        let pairs = Double(order * order - multiplicities.reduce(0) { $0 + $1 * $1 }) / 2
        guard pairs > 0 else { return 0 }
        // ln Vol(O(m)) for m up to the order.
        var logarithms = [0.0]
        for k in 1...order {
            let half: Double = Double(k) / 2
            let doubled: Double = logarithms[k - 1] + log(2)
            logarithms.append(doubled + half * log(Double.pi) - lgamma(half))
        }
        let volume = multiplicities.reduce(logarithms[order]) { $0 - logarithms[$1] }
        return exp(2 / pairs * volume - 1) / (2 * .pi)
    }

    /// The bits of all of R for an error ‖X − R‖F/‖R‖F; nil where it is 0, which takes infinitely many.
    func bits(relativeError: Double) -> Double? {
        let distortion = relativeError * relativeError * squaredNorm
        guard distortion > 0 else { return nil }
        let n = Double(weights.count)
        let asEntries = (n * (n + 1) / 2 - 1) / 2 * log2(max(energy / distortion, 1))
        return min(asEntries, fillingBits(distortion))
    }

    private func fillingBits(_ distortion: Double) -> Double {
        // Σ(wᵢ − wⱼ)² over i < j is n·E.
        guard scale * Double(weights.count) * energy > distortion else { return 0 }
        var filling = WaterFilling(weights: weights, scale: scale)
        return filling.bits(distortion)
    }
}

/// Reverse water-filling over the pairs i < j of ascending weights, of the variances scale·(wᵢ − wⱼ)².
///
/// Each weight's partners under the water are those next to it, and with a rising level they only become more: all levels
/// together meet each pair once.
private struct WaterFilling {
    let weights: [Double]
    let scale: Double
    /// Of each weight: the first partner above the water.
    private var firstAbove: [Int]

    init(weights: [Double], scale: Double) {
        self.weights = weights
        self.scale = scale
        firstAbove = weights.indices.map { $0 + 1 }
    }

    mutating func bits(_ distortion: Double) -> Double {
        let n = weights.count
        var (above, drowned) = (n * (n - 1) / 2, 0.0)
        var level = 0.0
        while true {
            // The level, if no further pair is under it, is no higher than the one sought.
            level = (distortion - drowned) / Double(above)
            let before = above
            for index in 0..<n {
                var partner = firstAbove[index]
                while partner < n {
                    let gap = weights[partner] - weights[index]
                    guard scale * gap * gap < level else { break }
                    drowned += scale * gap * gap
                    partner += 1
                }
                above -= partner - firstAbove[index]
                firstAbove[index] = partner
            }
            if above == before || above == 0 { break }
        }
        return logarithms(above: level)
    }

    /// Σ log₂(√variance/√level) over the pairs above the level. Factors of 1 and more are multiplied before a logarithm is taken of
    /// their product.
    private func logarithms(above level: Double) -> Double {
        let factor = (scale / level).squareRoot()
        var (sum, product) = (0.0, 1.0)
        for index in weights.indices {
            for partner in firstAbove[index]..<max(weights.count, firstAbove[index]) {
                product *= (weights[partner] - weights[index]) * factor
                if product > 0x1p500 { (sum, product) = (sum + log2(product), 1) }
            }
        }
        return sum + log2(product)
    }
}
