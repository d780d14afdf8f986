import CPUBackend
import Foundation
import MatrixCore
import Preconditioning

/// The matrix of Lemma 2: the eigenvalue c, m times, and 1, n = l·m times, of which the small one becomes k = t·c.
///
/// A common factor of the eigenvalues is in no ratio of norms and in no angle.
struct TwoLevelSpectrum {
    /// c.
    let ratio: Double
    /// t of k = t·c.
    let replacement: Double
    /// m and n.
    let counts: (large: Int, small: Int)

    /// t = 0.02 stands for what 4 bits do to a small eigenvalue (the paper, appendix E).
    static let publishedReplacement = 0.02

    /// The spectrum of an order with l as near to (c/t)^s as counts allow, where the cosine is least.
    init?(ratio: Double, order: Int, exponent: Double) {
        guard order >= 2 else { return nil }
        self.ratio = ratio
        replacement = Self.publishedReplacement
        let least = pow(ratio / replacement, -exponent)
        let small = min(max((Double(order) * least / (1 + least)).rounded(), 1), Double(order - 1))
        counts = (order - Int(small), Int(small))
    }

    /// l.
    var multiplicity: Double { Double(counts.small) / Double(counts.large) }
    /// k.
    var replaced: Double { replacement * ratio }

    /// h₁(s, l) = √l·|k^s − 1|/√(c^(2s) + l): ‖ΔB‖F/‖B‖F.
    func relativeError(power s: Double) -> Double {
        multiplicity.squareRoot() * (pow(replaced, s) - 1).magnitude / (pow(ratio, 2 * s) + multiplicity).squareRoot()
    }

    /// h₂(l) = (l·t^s + c^s)/√((1 + l·t^(2s))(l + c^(2s))): the cosine between B and B + ΔB.
    func cosine(power s: Double) -> Double {
        (multiplicity * pow(replacement, s) + pow(ratio, s))
            / ((1 + multiplicity * pow(replacement, 2 * s)) * (multiplicity + pow(ratio, 2 * s))).squareRoot()
    }

    /// The least cosine over all l, at l = (c/t)^s: 2/√(2 + k^s + k^(-s)).
    func leastCosine(power s: Double) -> Double { 2 / (2 + pow(replaced, s) + pow(replaced, -s)).squareRoot() }

    /// ‖ΔB‖F/‖B‖F at l = (c/t)^s: |k^s − 1|/√(k^s + 1).
    func relativeErrorAtLeastCosine(power s: Double) -> Double {
        (pow(replaced, s) - 1).magnitude / (pow(replaced, s) + 1).squareRoot()
    }

    /// Error and cosine of the matrices themselves, in a basis.
    func measured(power s: Double, basis: Matrix<Double>, _ backend: CPUBackend<Double>) -> (relative: Double, cosine: Double) {
        let large = [Double](repeating: pow(ratio, s), count: counts.large)
        let powers = [1, replaced].map { large + [Double](repeating: pow($0, s), count: counts.small) }
        let matrices = powers.map {
            backend.multiply(backend.scaleColumns(basis, by: $0), transposed: false, basis, transposed: true, alpha: 1)
        }
        let product = zip(matrices[0].elements, matrices[1].elements).reduce(0) { $0 + $1.0 * $1.1 }
        let norms = matrices.map(\.frobeniusNorm)
        return (
            backend.combine(1, matrices[1], -1, matrices[0]).frobeniusNorm / norms[0], product / (norms[0] * norms[1])
        )
    }
}
