import Foundation
import IndependentProduct
import MatrixCore

extension ReferenceDecomposition {
    /// R = Q·Diag(λ'^(−p))·Qᵀ with λ' = |λ| + ε·max |λ|, exactly symmetric.
    ///
    /// It stands for A'^(−p), where A' = |A| + ε·‖A‖₂·I, and |A| is A with the magnitudes of its eigenvalues: the
    /// convention of the paper for matrices that are not positive definite. For a positive definite A, |A| = A.
    ///
    /// - Parameters:
    ///   - exponent: p > 0.
    ///   - damping: ε ≥ 0, relative.
    ///   - symmetricProduct: Q·Diag(d)·Qᵀ, exactly symmetric.
    /// - Throws: when λ' is zero or λ'^(−p) is outside the normal doubles.
    /// Source: Wang et al., "4-bit Shampoo", NeurIPS 2024, section 2 (notation): A^s = U·Λ^s·Uᵀ by singular values.
    public func inversePower(
        exponent: Double, damping: Double,
        symmetricProduct: (Matrix<Double>, [Double]) -> Matrix<Double> = {
            independentSymmetricProduct($0, diagonal: $1)
        }
    ) throws(InversePowerError) -> Matrix<Double> {
        let (_, powers) = try dampedPowers(exponent: exponent, damping: damping)
        return symmetricProduct(decomposition.eigenvectors, powers)
    }

    /// An upper bound, to first order in the rounding unit, of ‖R^(1/p)·A' − I‖F/√n for the R of `inversePower`.
    ///
    /// Derivation, with r = 1/p, d = λ'^(−p), D = Diag(d), E = QᵀQ − I, δ = ‖E‖F, and R = QDQᵀ + F, F the rounding
    /// error of the product. Three terms:
    ///
    /// 1. *The decomposition.* Let sᵢ = ‖A qᵢ − λᵢqᵢ‖. Also ‖A'qᵢ − λ'ᵢqᵢ‖ ≤ sᵢ: in the eigenbasis of A the residual
    ///    has components (μⱼ − λᵢ)cⱼ, and | |μⱼ| − |λᵢ| | ≤ |μⱼ − λᵢ|; the damping cancels. With
    ///    S = QᵀA' − Λ'Qᵀ, Q·Λ'⁻¹·Qᵀ·A' − I = Q·Λ'⁻¹·S + (QQᵀ − I), whose norm is at most √(1+δ)·√(Σ (sᵢ/λ'ᵢ)²) + δ.
    /// 2. *Q is not orthogonal.* (QDQᵀ)^r = Q·D^½·(D^½QᵀQD^½)^(r−1)·D^½·Qᵀ differs from QΛ'⁻¹Qᵀ, after multiplication
    ///    by A', by eᵢⱼ·(x^r − x)/(x − 1) in the eigenbasis, x = dᵢ/dⱼ; the factor is monotone in x, so it is largest
    ///    in magnitude at one of the extreme ratios.
    /// 3. *R is rounded.* The derivative of R ↦ R^r takes fᵢⱼ to fᵢⱼ·(dᵢ^r − dⱼ^r)/(dᵢ − dⱼ), times λ'ⱼ = dⱼ^(−r) at
    ///    most max(r, (κ^r − 1)/(κ − 1))/dmin with κ = dmax/dmin. Each partial sum of an entry belongs to a matrix of
    ///    norm at most ‖D‖F, so ‖F‖F ≤ (n + 2√n)·u·‖D‖F, and (√n + 2)·u·‖D‖F for roundings independent of each other,
    ///    which is what is used: the certain bound is √n times what is seen.
    ///
    /// A wrong eigenvalue or eigenvector makes the first term large, however well it is orthonormalized. Values near 1
    /// and above, or infinity, say that R has no correct digit in some direction; the sum is no longer a bound there.
    ///
    /// Complexity: O(n).
    public func residualBound(exponent: Double, damping: Double) throws(InversePowerError) -> Double {
        let (damped, powers) = try dampedPowers(exponent: exponent, damping: damping)
        guard let largest = powers.max(), let smallest = powers.min() else { return 0 }
        let scale = largestMagnitude
        let ratios = zip(relativeResiduals, damped).map { $0 == 0 ? 0 : $0 * (scale / $1) }
        let root = 1 / exponent
        let order = Double(powers.count)
        let defect = orthogonalityDefect
        let spread = largest / smallest
        let inDecomposition = (1 + defect).squareRoot() * Self.norm(ratios) + defect
        let amplification = [spread, 1 / spread].map { (Self.dividedDifference($0, root) - 1).magnitude }.max()!
        let rounding =
            (order.squareRoot() + 2) * 0x1p-53 * Self.norm(powers.map { $0 / smallest })
            * max(root, Self.dividedDifference(spread, root))
        let bound = (inDecomposition + defect * amplification + rounding) / order.squareRoot()
        // 0·∞ where the spread of the powers leaves the range of double.
        return bound.isNaN ? .infinity : bound
    }

    /// (x^r − 1)/(x − 1), and its limit r near x = 1, where the quotient would be of two rounding errors.
    private static func dividedDifference(_ x: Double, _ r: Double) -> Double {
        (x - 1).magnitude < 0x1p-20 ? r : (pow(x, r) - 1) / (x - 1)
    }

    private static func norm(_ values: [Double]) -> Double {
        Matrix(rows: values.count, columns: 1, elements: values).frobeniusNorm
    }

    /// λ' and λ'^(−p).
    private func dampedPowers(
        exponent: Double, damping: Double
    ) throws(InversePowerError) -> (damped: [Double], powers: [Double]) {
        precondition(exponent > 0 && exponent.isFinite, "an inverse power with exponent \(exponent)")
        precondition(damping >= 0 && damping.isFinite, "a damping of \(damping)")
        let shift = damping * largestMagnitude
        let damped = decomposition.eigenvalues.map { $0.magnitude + shift }
        let powers = damped.map { pow($0, -exponent) }
        for index in powers.indices where !(powers[index].isNormal && powers[index] < 0x1p1000) {
            if damped[index] == 0 { throw .singular(eigenvalueIndex: index) }
            throw .outOfRange(eigenvalueIndex: index, damped: damped[index], exponent: exponent)
        }
        return (damped, powers)
    }
}
