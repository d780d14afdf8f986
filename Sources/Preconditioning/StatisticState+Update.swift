import Compute
import MatrixCore
import Quantization

extension StatisticState {
    /// A ← βA + (1 − β)M, decoded, updated and coded again; with β = 1, A ← A + M.
    ///
    /// Factored storages renew their eigenvectors by the scheme's `updateDecomposition`. What would vanish stays as it is
    /// (see `vanishingMagnitude`).
    ///
    /// - Parameters:
    ///   - moment: M = GGᵀ or GᵀG, symmetric.
    ///   - generator: for the start of a power iteration, where a λmax is needed.
    /// - Returns: the new A, before it was coded; nil where it would vanish.
    /// - Throws: `QuantizationError.notFinite` or `DecompositionError`; the state is then as before.
    @discardableResult
    public mutating func update(
        with moment: Backend.Tensor, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> Backend.Tensor? {
        switch kept {
        case .entries(let stored):
            guard let a = try blended(stored.decoded(backend), with: moment, backend) else { return nil }
            kept = .entries(try StoredMatrix(a, storage: entryStorage, backend: backend))
            return a
        case .basis, .eigenvector, .householder:
            guard let (a, vectors) = try updatedFactors(with: moment, backend) else { return nil }
            switch scheme.updateDecomposition {
            case .subspace: kept = try keeping(Preconditioning.subspaceStep(a, from: vectors, backend), backend)
            case .eigen:
                let (eigenvalues, vectors) = try backend.symmetricEigen(a)
                // As in a subspace step.
                kept = try keeping(eigenvalues: eigenvalues.map { max($0, 0) }, vectors: vectors, backend)
            }
            return a
        case .cholesky(let statistic, let error):
            guard let a = try blended(statistic.decoded(backend), with: moment, backend) else { return nil }
            kept = try factorized(a, error: error, using: &generator, backend)
            return a
        }
    }

    private func keeping(_ step: SubspaceStep<Backend>, _ backend: Backend) throws(QuantizationError) -> Kept {
        guard case .householder = kept, storedOrder(step.eigenvalues) == Array(0..<order) else {
            return try keeping(eigenvalues: step.eigenvalues, vectors: step.vectors, backend)
        }
        // The step's own reflectors: its order is the one to store in, and another factorization is saved.
        return .householder(
            try HouseholderStatistic(
                eigenvalues: step.eigenvalues, reflectors: step.reflectors, scalars: step.scalars,
                negative: [Bool](repeating: false, count: order), coding: coding, backend: backend))
    }

    private func keeping(
        eigenvalues: [Backend.Scalar], vectors: Backend.Tensor, _ backend: Backend
    ) throws(QuantizationError) -> Kept {
        switch kept {
        case .basis: .basis(eigenvalues: try singlePrecision(eigenvalues), vectors: vectors)
        case .eigenvector:
            .eigenvector(
                try EigenvectorStatistic(
                    eigenvalues: eigenvalues, vectors: signed(vectors, backend), coding: coding, backend: backend))
        case .householder:
            .householder(
                try HouseholderStatistic(
                    eigenvalues: eigenvalues, vectors: vectors, order: storedOrder(eigenvalues), coding: coding,
                    backend: backend))
        case .entries, .cholesky: preconditionFailure("eigenvectors for a statistic kept by its entries")
        }
    }

    /// Eigenvectors with the sign that makes their largest entry positive, where the codebook lacks −1: a QR step gives
    /// −eₖ as often as eₖ, and dynamic-tree would code it a tenth too short.
    private func signed(_ vectors: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        guard coding.codebook.values[0] > -1 else { return vectors }
        var matrix = backend.matrix(vectors)
        matrix.makeLargestEntriesPositive()
        return backend.tensor(matrix)
    }

    private func storedOrder(_ eigenvalues: [Backend.Scalar]) -> [Int] {
        reflectorOrder(eigenvalues: eigenvalues, exponent: scheme.exponent, damping: scheme.damping)
    }

    private func blended(
        _ a: Backend.Tensor, with moment: Backend.Tensor, _ backend: Backend
    ) throws(QuantizationError) -> Backend.Tensor? {
        try followed(
            backend.combine(Backend.Scalar(scheme.decay), a, Backend.Scalar(scheme.momentWeight), moment), backend)
    }

    /// A, before it is kept or LAPACK meets it; nil where it vanishes.
    ///
    /// - Throws: `QuantizationError.notFinite`.
    private func followed(_ a: Backend.Tensor, _ backend: Backend) throws(QuantizationError) -> Backend.Tensor? {
        let largest = backend.largestMagnitude(a)
        guard !largest.isFinite else { return largest < vanishingMagnitude ? nil : a }
        let matrix = backend.matrix(a)
        let index = matrix.elements.firstIndex { !$0.isFinite } ?? 0
        throw .notFinite(
            row: index % matrix.rows, column: index / matrix.rows, value: Float(matrix.elements[index]))
    }

    /// The new A and the eigenvectors of the old one, from which a subspace step starts.
    ///
    /// `householder` iterates with the columns in descending order of eigenvalue, in which the step converges best, and
    /// stores in another; `eigenvector` goes on in the order it is in, as published.
    private func updatedFactors(
        with moment: Backend.Tensor, _ backend: Backend
    ) throws(QuantizationError) -> (a: Backend.Tensor, vectors: Backend.Tensor)? {
        var (eigenvalues, vectors) = factors(rectificationSteps: scheme.updateRectificationSteps, backend)
        if case .householder = scheme.statistic {
            let descending = eigenvalues.indices.sorted {
                eigenvalues[$0] != eigenvalues[$1] ? eigenvalues[$0] > eigenvalues[$1] : $0 < $1
            }
            vectors = backend.selectColumns(vectors, descending)
            eigenvalues = descending.map { eigenvalues[$0] }
        }
        let a = updatedStatistic(
            vectors: vectors, eigenvalues: eigenvalues, decay: scheme.decay, moment: moment,
            weight: scheme.momentWeight, backend)
        return try followed(a, backend).map { ($0, vectors) }
    }

    /// C ← Cholesky(A + δI) of the new A, δ by the scheme's shift; with error feedback C̄ = Q(C + E) and
    /// E ← βe·E + (1 − βe)·(C + E − D(C̄)).
    ///
    /// Source: arXiv 2412.10663, as quoted in secondary sources.
    private func factorized(
        _ a: Backend.Tensor, error: Backend.CodedTensor?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> Kept {
        var shift = Backend.Scalar(scheme.damping)
        if !scheme.shiftsAbsolutely {
            shift *= largestEigenvalue(a, order: order, iterations: scheme.iterations, using: &generator, backend)
        }
        let factor = try backend.choleskyFactor(backend.addToDiagonal(a, shift))
        guard let error, let decay = scheme.errorFeedbackDecay else {
            return .cholesky(try CholeskyStatistic(factor: factor, coding: coding, backend: backend), error: nil)
        }
        let previous = backend.decode(error)
        let target = backend.combine(1, factor, 1, previous)
        let next = try CholeskyStatistic(factor: target, coding: coding, backend: backend)
        let residual = backend.combine(1, target, -1, next.decodedFactor(backend))
        let feedback = backend.combine(Backend.Scalar(decay), previous, Backend.Scalar(1 - decay), residual)
        return .cholesky(
            next, error: try backend.encode(feedback, region: .strictUpper, coding: coding, keepingDiagonal: false))
    }

    private var entryStorage: RootStorage {
        guard order >= scheme.smallestCodedOrder else { return .exact }
        return switch scheme.statistic {
        case .full(let coding): .full(coding)
        case .offdiagonal(let coding): .offdiagonal(coding)
        case .symmetric(let coding): .symmetric(coding)
        case .exact, .eigenvector, .householder, .cholesky: .exact
        }
    }

    private var coding: BlockCoding {
        guard let coding = scheme.statistic.coding else { preconditionFailure("the coding of an exact statistic") }
        return coding
    }
}
