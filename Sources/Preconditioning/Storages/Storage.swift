import Compute
import Quantization

/// How a matrix is kept: a storage by its name and, where it codes, the coding.
///
/// In a configuration it is one key, the name, over `_0`, the coding.
public struct Storage<Kind: StorageName>: Sendable, Equatable {
    public let kind: Kind
    /// Nil for a storage that does not code.
    public let coding: BlockCoding?

    /// - Precondition: there is a coding where the storage codes.
    public init(_ kind: Kind, _ coding: BlockCoding?) {
        precondition(coding != nil || !kind.traits.isCoded, "the storage \(kind.rawValue) without a coding")
        self.kind = kind
        self.coding = kind.traits.isCoded ? coding : nil
    }

    /// - Parameter coding: asked for where the storage codes.
    public init(_ kind: Kind, coding: () throws -> BlockCoding) rethrows {
        self.init(kind, kind.traits.isCoded ? try coding() : nil)
    }

    public var traits: StorageTraits { kind.traits }
}

/// How a statistic A (symmetric positive definite) is kept.
public typealias StatisticStorage = Storage<StatisticKind>

/// How a root A^(-p) is kept.
public typealias RootStorage = Storage<RootKind>

extension StatisticStorage {
    var definition: any StatisticDefinition { kind.definition.with(coding) }

    /// Keeps the matrix of a source.
    ///
    /// - Throws: `QuantizationError.notFinite`, `DecompositionError`.
    public func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        try definition.keep(source, for: use, backend)
    }

    /// The buffers of a statistic of this order; `exact` counts as float32.
    public func buffers(order: Int) -> BufferBytes { definition.buffers(order: order, hasErrorFeedback: false) }

    public func byteCount(order: Int) -> Int { buffers(order: order).total }
}

extension RootStorage {
    var definition: any RootDefinition { kind.definition.with(coding) }

    /// Keeps a root.
    ///
    /// - Returns: nil for `shared`, which keeps nothing.
    /// - Throws: `QuantizationError.notFinite`.
    public func keep<Backend: MatrixBackend>(
        _ root: Backend.Tensor, _ backend: Backend
    ) throws(QuantizationError) -> (any KeptRoot<Backend>)? {
        try definition.keep(root: root, backend)
    }

    /// The buffers of a root of this order; `exact` counts as float32.
    public func buffers(order: Int) -> BufferBytes { definition.buffers(order: order) }

    public func byteCount(order: Int) -> Int { buffers(order: order).total }
}

extension Storage: Codable {
    private struct Key: CodingKey {
        static var coding: Key { Key(stringValue: "_0") }

        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let names = try decoder.container(keyedBy: Key.self)
        guard let key = names.allKeys.first, names.allKeys.count == 1, let kind = Kind(rawValue: key.stringValue) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: names.codingPath, debugDescription: "no name of a storage"))
        }
        let values = try names.nestedContainer(keyedBy: Key.self, forKey: key)
        try self.init(kind) { try values.decode(BlockCoding.self, forKey: .coding) }
    }

    public func encode(to encoder: any Encoder) throws {
        var names = encoder.container(keyedBy: Key.self)
        var values = names.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: kind.rawValue))
        try values.encodeIfPresent(coding, forKey: .coding)
    }
}
