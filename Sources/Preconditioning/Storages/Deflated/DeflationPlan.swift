import Foundation
import MatrixCore

/// Which eigenvectors of a root R = V·Diag(w)·Vᵀ become reflectors, and with which steps, for a target error ε.
///
/// With Δ = ε‖w‖√(12/(n(n−1))) a uniform step Δ in all entries off the diagonal gives the error ε. A pair of eigenvectors has the
/// weight p_ij = (w_i − w_j)² + a·w_hi²·min((w_hi/w_lo)^(1/p), 10¹²): the first term is what turning them into each other does to
/// R, and the second what it does after further updates of A, where the large eigenvalue leaks into the small one. Next comes,
/// again and again, the eigenvector with the largest mean weight to those that remain. The number k of reflectors is the one with
/// the fewest bits by the estimate: reflectors at Δ_k = Δ/√c_k, c_k that mean, and the triangle of what remains at
/// Δ_T = Δ·√(Σ(w_i − w_j)²/Σp_ij).
struct DeflationPlan {
    /// The eigenvectors in the order in which they are taken, and their mean weights to those behind them.
    let order: [Int]
    let meanWeights: [Double]
    /// k.
    let reflectorCount: Int
    /// Δ and Δ_T.
    let step: Double
    let triangleStep: Double
    let predictedBits: Double

    /// - Parameters:
    ///   - weights: w, positive.
    ///   - tiles: of R, for the estimate with no reflectors.
    ///   - leak: a.
    ///   - exponent: p.
    init(weights w: [Double], tiles: TileSquares, error: Double, leak: Double, exponent: Double) {
        let n = w.count
        // Of no eigenvalues the norm is of no consequence.
        let norm = n > 0 ? w.reduce(0) { $0 + $1 * $1 }.squareRoot() : 1
        let step = error * norm * (12 / Double(max(n * (n - 1), 1))).squareRoot()
        let pairs = PairWeights(weights: w, leak: leak, exponent: exponent)
        (order, meanWeights) = pairs.greedyOrder()
        let (squares, sums) = pairs.tailSums(order)
        // A leak asks for a finer step in the triangle as well.
        let finer = zip(squares, sums).map { (max($0, 1e-300) / max($1, 1e-300)).squareRoot() }
        var reflectorBits = 0.0
        var best = (count: 0, bits: Double.infinity)
        for k in 0..<n {
            let m = Double(n - k)
            let entries = m * (m - 1) / 2
            let variance = m > 1 ? squares[k] / entries / 2 / m : 0
            var bits = reflectorBits + entries * EntropyRate.bits(variance / (step * finer[k] * step * finer[k]))
            if k == 0 { bits = min(bits, tiles.bits(step: step * finer[0])) }
            if bits < best.bits { best = (k, bits) }
            let length = Double(n - 1 - k)
            reflectorBits += length * EntropyRate.bits(meanWeights[k] / max(length, 1) / (step * step)) + 56
        }
        reflectorCount = best.count
        self.step = step
        // A cluster of equal eigenvalues has nothing off its diagonal, whatever the step.
        let remaining = Double(n - best.count)
        let spread = n > 0 ? squares[best.count] / max(remaining * (remaining - 1) / 2, 1) : 0
        let isCluster = spread <= 1e-12 * (w.max() ?? 0) * (w.max() ?? 0)
        triangleStep = isCluster ? step : step * finer[best.count]
        predictedBits = best.bits
    }
}

/// The weights p_ij of pairs of eigenvectors.
private struct PairWeights {
    let weights: [Double]
    let leak: Double
    /// w^(1/p), so that a quotient of two is one of eigenvalues.
    let powers: [Double]

    init(weights: [Double], leak: Double, exponent: Double) {
        self.weights = weights
        self.leak = leak
        powers = leak > 0 ? weights.map { pow($0, 1 / exponent) } : weights
    }

    /// sums[i] + sign·p_ij for all i.
    private func add(_ j: Int, sign: Double, to sums: inout [Double]) {
        let (weight, power, leak) = (weights[j], powers[j], leak)
        sums.withUnsafeMutableBufferPointer { sums in
            weights.withUnsafeBufferPointer { w in
                powers.withUnsafeBufferPointer { v in
                    if leak == 0 {
                        for i in sums.indices { sums[i] += sign * ((w[i] - weight) * (w[i] - weight)) }
                        return
                    }
                    for i in sums.indices {
                        let high = max(w[i], weight)
                        let ratio = min(max(v[i], power) / min(v[i], power), 1e12)
                        sums[i] += sign * ((w[i] - weight) * (w[i] - weight) + leak * (high * high) * ratio)
                    }
                    sums[j] -= sign * leak * (weight * weight)
                }
            }
        }
    }

    func greedyOrder() -> (order: [Int], means: [Double]) {
        let n = weights.count
        var sums = [Double](repeating: 0, count: n)
        for j in 0..<n { add(j, sign: 1, to: &sums) }
        var isLeft = [Bool](repeating: true, count: n)
        var (order, means): ([Int], [Double]) = ([], [])
        for k in 0..<n {
            var best = -1
            for i in 0..<n where isLeft[i] && (best < 0 || sums[i] > sums[best]) { best = i }
            order.append(best)
            means.append(max(sums[best], 0) / Double(max(1, n - 1 - k)))
            isLeft[best] = false
            add(best, sign: -1, to: &sums)
        }
        return (order, means)
    }

    /// For every k the sums of (w_i − w_j)² and of p_ij over the pairs behind place k − 1 of an order.
    func tailSums(_ order: [Int]) -> (squares: [Double], weights: [Double]) {
        let n = order.count
        let w = order.map { weights[$0] }
        let v = order.map { powers[$0] }
        var (squares, sums) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
        var (square, sum) = (0.0, 0.0)
        for i in stride(from: n - 1, through: 0, by: -1) {
            var (own, leaked) = (0.0, 0.0)
            for j in i + 1..<max(n, i + 1) {
                own += (w[i] - w[j]) * (w[i] - w[j])
                if leak > 0 {
                    let high = max(w[i], w[j])
                    leaked += high * high * min(max(v[i], v[j]) / min(v[i], v[j]), 1e12)
                }
            }
            square += own
            sum += own + leak * leaked
            (squares[i], sums[i]) = (square, sum)
        }
        return (squares, sums)
    }
}

/// The sums of squares of the tiles of the strict lower triangle of a symmetric matrix, 32 by 32.
struct TileSquares {
    private var tiles: [(squares: Double, count: Double)] = []

    init(_ matrix: Matrix<Double>) {
        let n = matrix.rows
        for firstColumn in stride(from: 0, to: n, by: 32) {
            for firstRow in stride(from: firstColumn, to: n, by: 32) {
                var (sum, count) = (0.0, 0)
                for column in firstColumn..<min(firstColumn + 32, n) {
                    let rows = max(firstRow, column + 1)..<max(min(firstRow + 32, n), max(firstRow, column + 1))
                    count += rows.count
                    for row in rows { sum += matrix[row, column] * matrix[row, column] }
                }
                if count > 0 { tiles.append((sum, Double(count))) }
            }
        }
    }

    func bits(step: Double) -> Double {
        tiles.reduce(0) { $0 + $1.count * EntropyRate.bits($1.squares / $1.count / (step * step)) + 8 }
    }
}

/// The entropy of a rounded variable of the coder's distribution: bits of an entry by its variance in squared steps.
enum EntropyRate {
    private static let first = -8.0
    private static let spacing = 0.125
    private static let table: [Double] = (0...88).map { entropy(exp2(first + spacing * Double($0))) }

    static func bits(_ variance: Double) -> Double {
        let logarithm = log2(max(variance, 1e-30)) / 2
        let position = min(max((logarithm - first) / spacing, 0), 88)
        let below = min(Int(position), 87)
        let part = position - Double(below)
        return table[below] * (1 - part) + table[below + 1] * part + max(0, logarithm - 3)
    }

    private static func entropy(_ deviation: Double) -> Double {
        func distribution(_ x: Double) -> Double {
            0.5 * [0.5, 1.5].reduce(0) { $0 + 0.5 * (1 + erf(x / (deviation * $1.squareRoot()) / 2.0.squareRoot())) }
        }
        let last = Int(8 * deviation) + 4
        return (-last..<last).reduce(0) { sum, z in
            let p = distribution(Double(z) + 0.5) - distribution(Double(z) - 0.5)
            return p > 0 ? sum - p * log2(p) : sum
        }
    }
}
