import Compute
import MatrixCore
import Quantization

/// A storage of statistics: what it says of itself before it keeps one, and how it keeps one.
///
/// A storage is a file of this folder with a definition and the `KeptStatistic` that it makes, a line in the table of names
/// and a line in the factory.
protocol StatisticDefinition: Sendable {
    static var traits: StorageTraits { get }
    static func with(_ settings: StorageSettings) -> Self

    /// The storage in its place below the smallest coded order.
    var uncoded: any StatisticDefinition { get }

    /// The buffers of a statistic of this order, without one being made.
    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes

    /// - Throws: `QuantizationError.notFinite`, `DecompositionError`.
    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend>
}

extension StatisticDefinition {
    var uncoded: any StatisticDefinition { ExactStorage() }
}

/// A storage that codes.
protocol CodedStatisticDefinition: StatisticDefinition {
    init(coding: BlockCoding)
}

extension CodedStatisticDefinition {
    static func with(_ settings: StorageSettings) -> Self {
        guard let coding = settings.coding else { preconditionFailure("\(Self.self) without a coding") }
        return Self(coding: coding)
    }
}
