import Compute
import MatrixCore
import Preconditioning

/// What a preconditioner keeps for one side of a block, as dumps, shadows and logs see it.
public struct PreconditionerSide<Backend: MatrixBackend>: Sendable {
    public let place: BlockSidePlace
    public let matrices: [NamedMatrix<Backend>]
    /// Updates and roots that failed.
    public let record: PreconditionerRecord
    /// How the matrices are kept.
    public let scheme: PreconditionerScheme
    /// How far eigenvectors were from those of the statistic at the last update that asked.
    public let residual: Double?

    public init(
        _ place: BlockSidePlace, _ matrices: [NamedMatrix<Backend>], record: PreconditionerRecord,
        scheme: PreconditionerScheme, residual: Double? = nil
    ) {
        self.residual = residual
        self.place = place
        self.matrices = matrices
        self.record = record
        self.scheme = scheme
    }

    public subscript(name: NamedMatrix<Backend>.Name) -> NamedMatrix<Backend>? { matrices.first { $0.name == name } }
}

/// A matrix of a preconditioner, decoded when it is asked for.
public struct NamedMatrix<Backend: MatrixBackend>: Sendable {
    public enum Name: String, Sendable {
        /// As it was before it was coded, its symmetric part.
        case statistic
        /// The statistic as a root of it is taken.
        case decoded
        /// As gradients meet it.
        case root
    }

    public let name: Name
    /// The gradients that it has seen.
    public let updates: Int
    private let decode: @Sendable (Backend) throws(DecompositionError) -> Matrix<Backend.Scalar>

    public init(
        _ name: Name, updates: Int,
        _ decode: @escaping @Sendable (Backend) throws(DecompositionError) -> Matrix<Backend.Scalar>
    ) {
        self.name = name
        self.updates = updates
        self.decode = decode
    }

    /// Entry (i, j) in place (i, j).
    ///
    /// - Throws: `DecompositionError` where decoding is by a decomposition.
    public func matrix(_ backend: Backend) throws(DecompositionError) -> Matrix<Backend.Scalar> { try decode(backend) }
}

extension PreconditionerSide {
    /// Statistic and root of a side. The statistic of a coded one is missing where it is not kept beside its codes; that of
    /// an uncoded one is what the optimizer uses, and there is nothing decoded.
    init(_ place: BlockSidePlace, _ state: PreconditionerState<Backend>) {
        var matrices: [NamedMatrix<Backend>] = []
        if !state.statistic.isCoded {
            matrices.append(
                NamedMatrix(.statistic, updates: state.updates) { backend throws(DecompositionError) in
                    try state.statisticMatrix(backend).symmetrized
                })
        } else {
            if let uncoded = state.uncodedStatistic {
                matrices.append(NamedMatrix(.statistic, updates: state.updates) { $0.matrix(uncoded).symmetrized })
            }
            matrices.append(
                NamedMatrix(.decoded, updates: state.updates) { backend throws(DecompositionError) in
                    try state.statisticMatrix(backend)
                })
        }
        matrices.append(NamedMatrix(.root, updates: state.updatesOfRoot) { state.rootMatrix($0) })
        self.init(place, matrices, record: state.record, scheme: state.scheme, residual: state.residual)
    }
}
