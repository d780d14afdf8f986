import Compute
import Quantization

/// A storage that keeps a symmetric matrix by its entries, be it a statistic or a root.
protocol EntryStorage: StatisticDefinition, RootDefinition {
    /// Nil where the entries are kept as they are.
    var layout: EntryLayout? { get }
}

/// Which entries of a symmetric matrix are coded, and how.
struct EntryLayout: Sendable {
    let region: CodedRegion
    let coding: BlockCoding
    /// Whether the diagonal is kept in float32 beside the codes.
    let keepsDiagonal: Bool
    /// Whether the other triangle is the mirror image of the coded one.
    let isMirrored: Bool

    func form(order: Int) -> CodedForm {
        CodedForm(order: order, region: region, coding: coding, keepsDiagonal: keepsDiagonal)
    }
}

extension EntryStorage {
    func buffers(order: Int) -> BufferBytes {
        layout.map { BufferBytes(of: $0.form(order: order)) } ?? .entries(order: order)
    }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes { buffers(order: order) }

    func keep<Backend: MatrixBackend>(
        root: Backend.Tensor, _ backend: Backend
    ) throws(QuantizationError) -> (any KeptRoot<Backend>)? {
        try StoredMatrix(root, layout: layout, backend)
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        try EntryStatistic(source.matrix, layout: layout, backend)
    }
}

/// A statistic kept by its entries.
struct EntryStatistic<Backend: MatrixBackend>: KeptStatistic {
    let order: Int
    private let layout: EntryLayout?
    private var stored: StoredMatrix<Backend>

    /// - Throws: `QuantizationError.notFinite`.
    init(_ matrix: Backend.Tensor, layout: EntryLayout?, _ backend: Backend) throws(QuantizationError) {
        order = backend.shape(of: matrix).rows
        self.layout = layout
        stored = try StoredMatrix(matrix, layout: layout, backend)
    }

    var isCoded: Bool { layout != nil }
    var isExact: Bool { layout == nil }

    func decodedStatistic(rectificationSteps steps: Int, _ backend: Backend) -> DecodedStatistic<Backend> {
        .entries(stored.decoded(backend), isSymmetric: stored.isSymmetric)
    }

    @discardableResult
    mutating func update(
        with moment: Backend.Tensor, by scheme: PreconditionerScheme, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> StatisticUpdate<Backend>? {
        guard let a = try scheme.blended(stored.decoded(backend), of: self, with: moment, backend) else { return nil }
        stored = try StoredMatrix(a, layout: layout, backend)
        return StatisticUpdate(a)
    }

    mutating func retain(shift: Backend.Scalar, _ backend: Backend) { stored.retain(shift: shift, backend) }

    func byteCount(_ backend: Backend) -> Int { stored.byteCount(backend) }

    func archive(_ backend: Backend) -> StateArchive { stored.archive(backend) }

    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        try stored.read(archive, backend)
    }
}
