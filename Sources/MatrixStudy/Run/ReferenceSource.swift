import CPUBackend
import GSLReference
import IndependentProduct
import LinearAlgebra
import MatrixCore
import Preconditioning

/// How the roots to measure against come from a matrix.
enum ReferenceSource: Sendable {
    /// One decomposition for all of them.
    case decomposition(Task<ReferenceDecomposition, any Error>, ReferenceSolver)
    /// The optimizer's iteration, one run for each. The subject's eigenvalues only describe the matrix.
    case iteration(Task<StudySubject, any Error>)

    /// A singular matrix has no root to measure against; its rows say so by their outcome.
    func target(
        _ key: MatrixReference.Key, leastEigenvalue: Double, _ permits: Permits
    ) async throws -> MatrixReference.Target {
        switch self {
        case .decomposition(let task, let solver):
            let whole = try await task.value
            return try await permits.holding {
                let contracted =
                    contractionFactor(key.contraction).map { whole.contracted(by: $0, toward: leastEigenvalue) } ?? whole
                return MatrixReference.Target(contracted, key, symmetricProduct: solver.symmetricProduct)
            }
        case .iteration(let task):
            let subject = try await task.value
            return try await permits.holding { MatrixReference.Target(iterating: subject, key) }
        }
    }
}

extension ReferenceSolver {
    /// Q·Diag(d)·Qᵀ: the judge's own product where it is independent, BLAS's where it is not and may be fast.
    fileprivate var symmetricProduct: @Sendable (Matrix<Double>, [Double]) -> Matrix<Double> {
        switch self {
        case .gsl: { independentSymmetricProduct($0, diagonal: $1) }
        case .lapack, .schurNewton:
            { LinearAlgebra.symmetricProduct($0.scalingColumns(by: $1.map { $0.squareRoot() })) }
        }
    }
}

extension MatrixReference.Target {
    fileprivate init(
        _ decomposition: ReferenceDecomposition, _ key: MatrixReference.Key,
        symmetricProduct: (Matrix<Double>, [Double]) -> Matrix<Double>
    ) {
        root = try? decomposition.inversePower(
            exponent: key.exponent, damping: key.damping, symmetricProduct: symmetricProduct)
        conditionNumber = decomposition.conditionNumber
        isIllConditioned = isSingularToWorkingPrecision(decomposition.decomposition.eigenvalues, damping: key.damping)
        residual = try? decomposition.residualBound(exponent: key.exponent, damping: key.damping)
        rateBound = RateBound(
            eigenvalues: decomposition.decomposition.eigenvalues, exponent: key.exponent, damping: key.damping)
    }

    /// Schur–Newton in float32 with the published arithmetic, whatever that of the cases. Its residual is ‖R^(1/p)·A' − I‖F/√n itself, by BLAS
    /// in double: ten steps leave small eigenvalues part of the way, and the row says how far.
    ///
    /// Source: the reference code of Wang et al. 2024, `ComputePower`, after Guo and Higham 2006, eq. 3.2.
    fileprivate init(iterating subject: StudySubject, _ key: MatrixReference.Key) {
        let eigenvalues = subject.eigenvalues(contraction: key.contraction)
        rateBound = nil
        let largest = eigenvalues.largestMagnitude
        conditionNumber = largest / eigenvalues.reduce(.infinity) { min($0, $1.magnitude) }
        isIllConditioned = isSingularToWorkingPrecision(eigenvalues, damping: key.damping)
        var matrix = subject.matrix(contraction: key.contraction)
        guard largest > 0, (try? requireSinglePrecision(matrix)) != nil else {
            (root, residual) = (nil, nil)
            return
        }
        var generator = PhiloxGenerator(seed: 0)
        let record = try? RootMethod(.schurNewton, exponent: key.exponent, damping: key.damping).root(
            of: .entries(Matrix<Float>(matrix), isSymmetric: false), using: &generator, CPUBackend<Float>())
        guard let found = record?.root, let order = rootOrder(exponent: key.exponent) else {
            (root, residual) = (nil, nil)
            return
        }
        let reference = Matrix<Double>(found)
        for index in 0..<matrix.order { matrix[index, index] += key.damping * largest }
        var product = (0..<order).reduce(matrix) { product, _ in multiply(reference, product) }
        for index in 0..<product.order { product[index, index] -= 1 }
        root = reference
        residual = product.frobeniusNorm / Double(product.order).squareRoot()
    }
}

extension ReferenceDecomposition {
    /// The storages' own decomposition as the reference, judged by the same library.
    init(judging subject: StudySubject) {
        self.init(
            subject.decomposed, of: subject.matrix, product: { multiply($0, $1) },
            gram: { symmetricProduct($0, transposed: true) })
    }
}
