import Compute
import Quantization

/// A storage of roots: what it says of itself before it keeps one, and how it keeps one.
///
/// Storages by entries are storages of roots as they are; one of another form is a file of this folder with a definition and
/// the `KeptRoot` that it makes, a line in the table of names and a line in the factory.
protocol RootDefinition: Sendable {
    static var traits: StorageTraits { get }
    static func with(_ settings: StorageSettings) -> Self

    /// The storage in its place below the smallest coded order.
    var uncodedRoot: RootStorage { get }

    /// The buffers of a root of this order, without one being made.
    func buffers(order: Int) -> BufferBytes

    /// - Returns: nil where nothing is kept beside the statistic.
    /// - Throws: `QuantizationError.notFinite`, `DeflationError`, `DecompositionError`.
    func keep<Backend: MatrixBackend>(
        root: Backend.Tensor, _ backend: Backend
    ) throws -> (any KeptRoot<Backend>)?
}

extension RootDefinition {
    var uncodedRoot: RootStorage { .exact }
}

/// A root A^(-p) as a storage keeps it, in training and in a study.
public protocol KeptRoot<Backend>: Sendable {
    associatedtype Backend: MatrixBackend

    /// As gradients meet it; for storages with blocks along rows it is the transpose of the published matrix in memory, see
    /// `StoredMatrix`.
    func decoded(_ backend: Backend) -> Backend.Tensor

    /// The bytes of the buffers that keep the root.
    func byteCount(_ backend: Backend) -> Int

    /// Those buffers.
    func archive(_ backend: Backend) -> StateArchive

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError)
}
