import CPUBackend
import Foundation
import LinearAlgebra
import MatrixCore
import Preconditioning

/// The decomposition of a decoded statistic B₀, from which roots of other decoded statistics come: of B = αB₀ + βI + E with a
/// small diagonal E. Such are those of the contractions A(τ) = τA + (1 − τ)·λmin·I whose codes off the diagonal are the same: E
/// is the rounding of the kept diagonal to float32.
///
/// With B₀ = V·Diag(d)·Vᵀ, l = αd + β and f(x) = |x|^(-p), 0 < p < 1, the root is taken to first order in E (Daleckii and Krein):
///
///     f(B) ≈ V·(Diag(f(l)) + f[l]∘(VᵀEV))·Vᵀ, f[l] the divided differences of f, on the diagonal f′(l).
///
/// **What it leaves out**, with M = V·Diag(l)·Vᵀ, g = min |l| and q = ‖M⁻¹E‖F = (Σ ‖E·vₖ‖²/lₖ²)^½:
///
///     ‖remainder‖F ≤ c·½·Β((1 − p)/2, p/2)·g^(-p)·q²/(1 − q), c = (2/π)·sin(πp/2), where q < 1.
///
/// For |x|^(-p) = c·∫ s^(-p)·Im (x − is)⁻¹ ds over s > 0, of either sign of x. With S = (M − is)⁻¹ and T = (M + E − is)⁻¹,
/// T = S − SES + SESET. The second term is the first order; the third has the norm ‖SE‖F²·‖T‖₂ at most, where ‖SE‖F ≤ q
/// for every s, and T = (I + SE)⁻¹S gives ‖T‖₂ ≤ (g² + s²)^(-½)/(1 − q). What is left is the integral of
/// s^(-p)·(g² + s²)^(-½), half a beta function. With q < 1 no eigenvalue of B crosses zero, either.
///
/// **Rounding.** The first-order term off the diagonal of VᵀEV is computed in float32, three products of length n. Their errors are
/// at most (n + 6)·u·√(aₖaₗ) an entry of VᵀEV, aₖ = Σ |eᵢ|·vᵢₖ² (Cauchy–Schwarz), and (n + 3)·u·√n of the norm for each of the
/// others, ‖|V|‖₂ ≤ √n; u = 2^-24. They are added to the bound. What a decomposition leaves, n·u·‖B‖ in double, is left out of it
/// as a decomposition of B itself leaves as much.
struct SharedDecomposition: Sendable {
    private let matrix: Matrix<Double>
    private let eigenvalues: [Double]
    private let vectors: Matrix<Double>
    private let singleVectors: Matrix<Float>

    /// Relative changes of a row that nobody sees.
    static let tolerance = 1e-6

    /// - Parameter matrix: B₀, finite; where it is not symmetric, its symmetric part is meant.
    /// - Throws: `DecompositionError`.
    init(_ matrix: Matrix<Double>) throws(DecompositionError) {
        let found = try symmetricEigen(matrix.symmetrized)
        self.matrix = matrix
        eigenvalues = found.values
        vectors = found.vectors
        singleVectors = Matrix<Float>(found.vectors)
    }

    /// The root of a case, its error (`CaseRoot.rootError`) bounded as above.
    ///
    /// - Parameter scaling: α and β.
    /// - Returns: nil where the statistic is no such B, the rule for eigenvalues or the damping would have to know B's own
    ///   eigenvalues, or the least one is not known to the tolerance: a decomposition of its own is wanted.
    func root(
        of studied: StudiedStatistic, _ scaling: ContractionScaling, exponent: Double, rule: IndefiniteRule
    ) -> CaseRoot? {
        guard case .entries(let entries, _) = studied.decoded, studied.damping == 0, exponent < 1,
            let rounding = diagonalDifference(entries, scaling)
        else { return nil }
        let values = eigenvalues.map { scaling.factor * $0 + scaling.shift }
        let perturbation = Perturbation(vectors, eigenvalues: values, diagonal: rounding)
        guard perturbation.isSmall, values[0] > 0 || rule == .absolute,
            perturbation.isRegular(values, rule: rule), let least = perturbation.leastEigenvalue(values)
        else { return nil }
        let first = firstOrder(values, exponent, rounding, perturbation)
        return CaseRoot(
            root: first.root, minimumEigenvalue: least, outcome: least <= 0 ? .indefinite : .ok,
            rootError: first.error + perturbation.remainder(values, exponent: exponent))
    }

    /// The diagonal of B − (αB₀ + βI) where nothing is off it; otherwise nil.
    private func diagonalDifference(_ b: Matrix<Double>, _ scaling: ContractionScaling) -> [Double]? {
        let order = matrix.order
        let factor = scaling.factor
        var isDiagonal = true
        matrix.elements.withUnsafeBufferPointer { base in
            b.elements.withUnsafeBufferPointer { other in
                for column in 0..<order {
                    var differences = 0
                    for index in column * order..<(column + 1) * order {
                        differences += factor * base[index] == other[index] ? 0 : 1
                    }
                    let place = column * (order + 1)
                    isDiagonal = isDiagonal && differences <= (factor * base[place] == other[place] ? 0 : 1)
                }
            }
        }
        guard isDiagonal else { return nil }
        return (0..<order).map { b[$0, $0] - (factor * matrix[$0, $0] + scaling.shift) }
    }

    /// The root to first order, and the bound of the rounding errors in float32.
    private func firstOrder(
        _ values: [Double], _ exponent: Double, _ rounding: [Double], _ perturbation: Perturbation
    ) -> (root: Matrix<Double>, error: Double) {
        let order = values.count
        let powers = values.map { pow($0.magnitude, -exponent) }
        let slopes = zip(powers, values).map { -exponent * $0 / $1 }
        let onDiagonal = (0..<order).map { powers[$0] + slopes[$0] * perturbation.shifts[$0] }
        var root = symmetricProduct(vectors.scalingColumns(by: onDiagonal.map { $0.squareRoot() }))
        let largest = rounding.largestMagnitude
        guard largest > 0 else { return (root, 0) }
        let backend = CPUBackend<Float>()
        // In units in which float32 has room.
        let unit = slopes.largestMagnitude * largest
        var term = backend.multiply(
            scalingRows(singleVectors, by: rounding.map { Float($0 / largest) }), transposed: true, singleVectors)
        let norms = multiplyByDifferences(&term, values, powers, slopes, perturbation.magnitudes, scale: largest / unit)
        let change = backend.multiply(
            backend.multiply(singleVectors, term), transposed: false, singleVectors, transposed: true, alpha: 1)
        root.elements.withUnsafeMutableBufferPointer { target in
            change.elements.withUnsafeBufferPointer { source in
                for index in target.indices { target[index] += unit * Double(source[index]) }
            }
        }
        let (n, u) = (Double(order), 0x1p-24)
        let products = 2.1 * (n + 3) * u * n.squareRoot() + 1e-5
        return (root, (n + 6) * u * norms.entries + products * unit * norms.term)
    }

    /// The entries off the diagonal times divided differences; zero on it.
    ///
    /// - Returns: ‖f[l]∘√(aaᵀ)‖F, and the norm of the term in its units.
    private func multiplyByDifferences(
        _ term: inout Matrix<Float>, _ values: [Double], _ powers: [Double], _ slopes: [Double], _ magnitudes: [Double],
        scale: Double
    ) -> (entries: Double, term: Double) {
        let order = values.count
        var (entries, squares) = (0.0, 0.0)
        term.elements.withUnsafeMutableBufferPointer { term in
            for column in 0..<order {
                let (value, power, slope) = (values[column], powers[column], slopes[column])
                var (ownEntries, ownSquares) = (0.0, 0.0)
                for row in 0..<order where row != column {
                    let distance = values[row] - value
                    // Nearer ones would leave few digits, and the derivative is off by 2e-6 of itself at most.
                    let isNear = distance.magnitude <= 1e-6 * value.magnitude
                    let quotient = isNear ? slope : (powers[row] - power) / distance
                    ownEntries += quotient * quotient * magnitudes[row]
                    let entry = scale * quotient * Double(term[row + column * order])
                    ownSquares += entry * entry
                    term[row + column * order] = Float(entry)
                }
                term[column * (order + 1)] = 0
                entries += ownEntries * magnitudes[column]
                squares += ownSquares
            }
        }
        return (entries.squareRoot(), squares.squareRoot())
    }

    /// Whether an error of this norm changes no measure of X against R by more than the tolerance: half of it, for what is of
    /// second order.
    static func isNegligible(_ error: Double, _ x: Matrix<Double>, against r: Matrix<Double>) -> Bool {
        if error == 0 { return true }
        let comparison = compare(x, to: r)
        let norms = [x, r].map { matrix -> (whole: Double, offdiagonal: Double) in
            var rest = matrix
            for index in 0..<rest.order { rest[index, index] = 0 }
            return (matrix.frobeniusNorm, rest.frobeniusNorm)
        }
        let lengths = [
            comparison.normwiseRelativeError.map { $0 * norms[1].whole },
            comparison.offdiagonalError.map { $0 * norms[1].offdiagonal },
            comparison.angleDegrees.map { $0 * .pi / 180 * norms[0].whole },
            comparison.offdiagonalAngleDegrees.map { $0 * .pi / 180 * norms[0].offdiagonal },
        ]
        return lengths.allSatisfy { $0.map { error <= tolerance / 2 * $0 } ?? false }
    }
}

/// What a small diagonal E is in a basis of eigenvectors.
private struct Perturbation {
    /// vₖᵀEvₖ, Σ |eᵢ|·vᵢₖ², and ‖Evₖ‖².
    let shifts: [Double]
    let magnitudes: [Double]
    private let squares: [Double]
    /// ‖M⁻¹E‖F and ‖E‖₂.
    private let relative: Double
    private let largest: Double

    init(_ vectors: Matrix<Double>, eigenvalues: [Double], diagonal: [Double]) {
        let order = diagonal.count
        var sums: (shifts: [Double], magnitudes: [Double], squares: [Double]) = ([], [], [])
        vectors.elements.withUnsafeBufferPointer { vectors in
            for column in 0..<order {
                var (shift, magnitude, square) = (0.0, 0.0, 0.0)
                for row in 0..<order {
                    let share = vectors[row + column * order] * vectors[row + column * order]
                    shift += diagonal[row] * share
                    magnitude += diagonal[row].magnitude * share
                    square += diagonal[row] * diagonal[row] * share
                }
                sums.shifts.append(shift)
                sums.magnitudes.append(magnitude)
                sums.squares.append(square)
            }
        }
        (shifts, magnitudes, squares) = sums
        relative = zip(squares, eigenvalues).reduce(0) { $0 + $1.0 / ($1.1 * $1.1) }.squareRoot()
        largest = diagonal.largestMagnitude
    }

    /// Whether q is so small that the first order is one; not where an eigenvalue is zero.
    var isSmall: Bool { relative < 0.1 }

    /// Whether no eigenvalue is near where outcome or rule change: singular to working precision, or raised.
    func isRegular(_ eigenvalues: [Double], rule: IndefiniteRule) -> Bool {
        let magnitudes = eigenvalues.map(\.magnitude)
        let (least, most) = (magnitudes.min() ?? 0, magnitudes.max() ?? 0)
        let limit = max(Double(eigenvalues.count) * 0x1p-53, rule == .clamp ? 0x1p-24 : 0)
        return least > 2 * limit * most
    }

    /// λmin + v₁ᵀEv₁, where Temple's inequality says that it is the least eigenvalue to the tolerance: it is above that, by at most
    /// ‖Ev₁‖² over the distance to the second one, of which Weyl's says that E moves it by ‖E‖₂ at most.
    func leastEigenvalue(_ eigenvalues: [Double]) -> Double? {
        let least = eigenvalues[0] + shifts[0]
        guard eigenvalues.count > 1, largest > 0 else { return least }
        let distance = eigenvalues[1] - largest - least
        let isKnown = distance > 0 && squares[0] <= SharedDecomposition.tolerance / 2 * least.magnitude * distance
        return isKnown ? least : nil
    }

    /// The bound of what the first order leaves out.
    func remainder(_ eigenvalues: [Double], exponent p: Double) -> Double {
        let gap = eigenvalues.reduce(.infinity) { min($0, $1.magnitude) }
        let beta = tgamma((1 - p) / 2) * tgamma(p / 2) / tgamma(0.5)
        return sin(.pi * p / 2) / .pi * beta * pow(gap, -p) * relative * relative / (1 - relative)
    }
}

/// Row i times `factors[i]`.
private func scalingRows(_ matrix: Matrix<Float>, by factors: [Float]) -> Matrix<Float> {
    var result = matrix
    let rows = matrix.rows
    result.elements.withUnsafeMutableBufferPointer { entries in
        factors.withUnsafeBufferPointer { factors in
            for start in stride(from: 0, to: entries.count, by: max(rows, 1)) {
                for row in 0..<rows { entries[start + row] *= factors[row] }
            }
        }
    }
    return result
}
