import CPUBackend
import MatrixCore
import Preconditioning

/// The eigenvectors of a storage beside those of the matrix.
struct PerturbedBasis {
    /// max ‖Δuᵢ‖₂.
    let largestDistance: Double
    /// min ⟨uᵢ, uᵢ + Δuᵢ⟩.
    let leastProduct: Double
    /// ‖U + ΔU‖₂.
    let norm: Double
    /// max |VᵀV − I| of V = U + ΔU.
    let defect: Double
    /// V, a column beside each of U.
    private let matched: Matrix<Double>

    /// α and β, in words.
    var setting: String { "alpha=\(largestDistance) beta=\(1 - leastProduct)" }

    /// The decoded vectors of a case; nil for a storage that keeps no eigenvectors, and where two would stand beside one.
    ///
    /// - Throws: what the storage throws, `DecompositionError`.
    init?(_ statistic: StatisticCase, _ subject: TheorySubject) throws {
        guard let kept = try statistic.kept(subject.subject, subject.backend).factored else { return nil }
        try self.init(
            kept.vectors(rectificationSteps: statistic.rectificationSteps ?? 0, subject.backend), beside: subject)
    }

    /// Each vector beside the eigenvector with which its product is largest; nil where two would stand beside one.
    ///
    /// - Throws: `DecompositionError`.
    init?(_ vectors: Matrix<Double>, beside subject: TheorySubject) throws(DecompositionError) {
        let backend = subject.backend
        let basis = subject.subject.eigenvectors
        let order = subject.order
        let products = backend.multiply(basis, transposed: true, vectors, transposed: false, alpha: 1)
        // A storage may keep the vectors in an order of its own, and decode one with the other sign.
        var places = [Int?](repeating: nil, count: order)
        var signs = [Double](repeating: 1, count: order)
        for column in 0..<order {
            let place = (0..<order).max { products[$0, column].magnitude < products[$1, column].magnitude } ?? 0
            guard places[place] == nil else { return nil }
            places[place] = column
            signs[place] = products[place, column] < 0 ? -1 : 1
        }
        let ordered = backend.selectColumns(vectors, places.compactMap { $0 })
        matched = backend.scaleColumns(ordered, by: signs)
        let differences = backend.squaredColumnNorms(backend.combine(1, matched, -1, basis))
        largestDistance = (differences.max() ?? 0).squareRoot()
        leastProduct = backend.columnProducts(basis, matched).min() ?? 1
        let gram = backend.symmetricProduct(matched, transposed: true, alpha: 1)
        norm = (try backend.symmetricEigen(gram).values.max() ?? 1).squareRoot()
        defect = backend.distanceFromIdentity(gram)[0]
    }

    /// The error of V·Λ^(-p)·Vᵀ against U·Λ^(-p)·Uᵀ, relative to its norm, and the cosine between the two.
    func errors(exponent: Double, _ subject: TheorySubject) -> (relative: Double, cosine: Double)? {
        let backend = subject.backend
        let eigenvalues = subject.subject.eigenvalues
        let roots = [subject.subject.eigenvectors, matched].map {
            factoredRoot(vectors: $0, eigenvalues: eigenvalues, exponent: exponent, damping: 0, backend)
        }
        guard let root = roots[0], let perturbed = roots[1] else { return nil }
        let difference = backend.combine(1, perturbed, -1, root)
        let product = zip(root.elements, perturbed.elements).reduce(0) { $0 + $1.0 * $1.1 }
        return (
            difference.frobeniusNorm / root.frobeniusNorm, product / (root.frobeniusNorm * perturbed.frobeniusNorm)
        )
    }
}
