import CPUBackend
import GSLReference
import MatrixCore

/// Moments M = A^(1/2)·G·Gᵀ·A^(1/2)/r of a matrix A, G of order × r independent normal numbers: of rank r, and A in the mean.
struct MomentSequence {
    /// A^(1/2).
    private let root: Matrix<Double>
    private let rank: Int
    private var generator: PhiloxGenerator

    init(_ decomposition: SymmetricDecomposition, rank: Int, seed: UInt64) {
        let vectors = decomposition.eigenvectors
        var scaled = vectors
        for column in 0..<vectors.columns {
            let factor = max(decomposition.eigenvalues[column], 0).squareRoot()
            for row in 0..<vectors.rows { scaled[row, column] *= factor }
        }
        root = scaled
        self.rank = rank
        generator = PhiloxGenerator(seed: seed)
    }

    mutating func next(_ backend: CPUBackend<Double>) -> Matrix<Double> {
        backend.symmetricProduct(
            backend.multiply(root, normalMatrix(rows: root.columns, columns: rank, using: &generator)), transposed: false,
            alpha: 1 / Double(rank))
    }
}

/// Independent normal numbers.
func normalMatrix(rows: Int, columns: Int, using generator: inout PhiloxGenerator) -> Matrix<Double> {
    var elements: [Double] = []
    while elements.count < rows * columns {
        let pair = generator.normalPair()
        elements += [pair.0, pair.1]
    }
    return Matrix(rows: rows, columns: columns, elements: Array(elements.prefix(rows * columns)))
}
