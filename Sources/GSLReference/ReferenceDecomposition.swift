import IndependentProduct
import MatrixCore

/// A decomposition together with what is needed to state the error of every inverse power taken from it: one matrix is
/// judged once, by two matrix products, whatever the number of exponents, dampings and contractions.
///
/// It does not matter which solver the decomposition comes from.
public struct ReferenceDecomposition: Sendable {
    public let decomposition: SymmetricDecomposition

    /// ‖A·qᵢ − λᵢ·qᵢ‖₂ / max |λ|, one for each eigenvector.
    public let relativeResiduals: [Double]

    /// ‖QᵀQ − I‖F, which equals ‖QQᵀ − I‖F as Q is square.
    public let orthogonalityDefect: Double

    /// Judges a decomposition of A; the residuals are taken from A itself, by products that no BLAS has a part in unless
    /// others are given.
    ///
    /// Numerics: the evaluation adds to each residual a rounding error of the order √n·u·‖A‖₂ at most, so the residuals
    /// of a good decomposition are overstated a little.
    ///
    /// Complexity: 3n³ operations.
    ///
    /// - Parameters:
    ///   - product: A·B.
    ///   - gram: AᵀA.
    public init(
        _ decomposition: SymmetricDecomposition, of a: Matrix<Double>,
        product: (Matrix<Double>, Matrix<Double>) -> Matrix<Double> = { independentProduct($0, $1) },
        gram: (Matrix<Double>) -> Matrix<Double> = { independentGramMatrix($0) }
    ) {
        precondition(a.isSquare && a.rows == decomposition.order, "decomposition of another order")
        let vectors = decomposition.eigenvectors
        self.decomposition = decomposition
        relativeResiduals = Self.relativeResiduals(decomposition, of: a, product)
        var defect = gram(vectors)
        for index in 0..<decomposition.order { defect[index, index] -= 1 }
        orthogonalityDefect = defect.frobeniusNorm
    }

    private init(_ decomposition: SymmetricDecomposition, relativeResiduals: [Double], orthogonalityDefect: Double) {
        self.decomposition = decomposition
        self.relativeResiduals = relativeResiduals
        self.orthogonalityDefect = orthogonalityDefect
    }

    private static func relativeResiduals(
        _ decomposition: SymmetricDecomposition, of a: Matrix<Double>,
        _ product: (Matrix<Double>, Matrix<Double>) -> Matrix<Double>
    ) -> [Double] {
        // In units of a power of two near the largest entry, lest squares of entries near 1e±200 leave the range.
        let exponent = scalingExponent(a)
        let scaled = Matrix(rows: a.rows, columns: a.columns, elements: a.elements.map { scaling($0, by: -exponent) })
        let values = decomposition.eigenvalues.map { scaling($0, by: -exponent) }
        let largest = values.reduce(0) { max($0, $1.magnitude) }
        let vectors = decomposition.eigenvectors
        let images = product(scaled, vectors)
        return values.indices.map { index in
            let difference = zip(images.column(index), vectors.column(index)).map { $0 - values[index] * $1 }
            let norm = sumOfProducts(difference, difference).squareRoot()
            return norm == 0 ? 0 : norm / largest
        }
    }

    /// ‖A·Q − Q·Λ‖F / ‖Λ‖F.
    public var decompositionResidual: Double {
        let largest = largestMagnitude
        guard largest > 0 else { return relativeResiduals.contains { $0 > 0 } ? .infinity : 0 }
        let relative = decomposition.eigenvalues.map { $0 / largest }
        return (sumOfProducts(relativeResiduals, relativeResiduals) / sumOfProducts(relative, relative)).squareRoot()
    }

    /// The decomposition of A(τ) = τA + (1 − τ)·λmin·I, which pulls the spectrum together towards its lower end: the
    /// same eigenvectors, eigenvalues τ(λ − λmin) + λmin, and residuals A(τ)q − λ(τ)q = τ(Aq − λq).
    ///
    /// - Parameters:
    ///   - factor: τ > 0; 1 gives A itself, bit for bit.
    ///   - least: the λmin with which A(τ) was made; by another solver than this one, its last digits differ.
    /// Source: Wang et al., "4-bit Shampoo", NeurIPS 2024, figure 6: h(λ) = τ(λ − λmin) + λmin.
    public func contracted(by factor: Double, toward least: Double) -> ReferenceDecomposition {
        precondition(factor > 0 && factor.isFinite, "a contraction by \(factor)")
        if factor == 1 { return self }
        let contracted = SymmetricDecomposition(
            eigenvalues: decomposition.eigenvalues.map { factor * ($0 - least) + least },
            eigenvectors: decomposition.eigenvectors)
        let before = largestMagnitude
        let after = contracted.eigenvalues.reduce(0) { max($0, $1.magnitude) }
        return ReferenceDecomposition(
            contracted, relativeResiduals: relativeResiduals.map { $0 == 0 ? 0 : $0 * factor * (before / after) },
            orthogonalityDefect: orthogonalityDefect)
    }

    /// max |λ| / min |λ|, infinite for a singular matrix.
    public var conditionNumber: Double {
        largestMagnitude / decomposition.eigenvalues.reduce(.infinity) { min($0, $1.magnitude) }
    }

    /// max |λ|.
    var largestMagnitude: Double { decomposition.eigenvalues.reduce(0) { max($0, $1.magnitude) } }
}
