import Compute
import Quantization

/// How a matrix is kept: a storage by its name and what it is told.
///
/// In a configuration it is one key, the name, over `_0`, the coding, and the other settings that apply, `loop` and `goal`.
public struct Storage<Kind: StorageName>: Sendable, Equatable {
    public let kind: Kind
    /// What does not apply to the storage is nil.
    public let settings: StorageSettings

    /// - Parameter settings: those that do not apply to the storage are left out, a loop that is not given is closed, and a goal
    ///   the standard one.
    /// - Precondition: there is a coding where the storage codes.
    public init(_ kind: Kind, _ settings: StorageSettings) {
        let traits = kind.traits
        precondition(settings.coding != nil || !traits.isCoded, "the storage \(kind.rawValue) without a coding")
        self.kind = kind
        self.settings = StorageSettings(
            coding: traits.isCoded ? settings.coding : nil,
            reflectorLoop: traits.codesReflectors ? settings.reflectorLoop ?? .closed : nil,
            deflation: traits.hasVariableLength ? settings.deflation ?? .standard : nil)
    }

    public init(_ kind: Kind, _ coding: BlockCoding?) { self.init(kind, StorageSettings(coding: coding)) }

    /// Nil for a storage that does not code.
    public var coding: BlockCoding? { settings.coding }

    public var traits: StorageTraits { kind.traits }
}

/// How a statistic A (symmetric positive definite) is kept.
public typealias StatisticStorage = Storage<StatisticKind>

/// How a root A^(-p) is kept.
public typealias RootStorage = Storage<RootKind>

extension StatisticStorage {
    var definition: any StatisticDefinition { kind.definition.with(settings) }

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
    var definition: any RootDefinition { kind.definition.with(settings) }

    /// Keeps a root.
    ///
    /// - Returns: nil for `shared`, which keeps nothing.
    /// - Throws: `QuantizationError.notFinite`, `DeflationError`, `DecompositionError`.
    public func keep<Backend: MatrixBackend>(
        _ root: Backend.Tensor, _ backend: Backend
    ) throws -> (any KeptRoot<Backend>)? {
        try definition.keep(root: root, backend)
    }

    /// The buffers of a root of this order; `exact` counts as float32.
    public func buffers(order: Int) -> BufferBytes { definition.buffers(order: order) }

    public func byteCount(order: Int) -> Int { buffers(order: order).total }
}

extension Storage: Codable {
    private struct Key: CodingKey {
        static var coding: Key { Key(stringValue: "_0") }
        static var loop: Key { Key(stringValue: "loop") }
        static var goal: Key { Key(stringValue: "goal") }

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
        let traits = kind.traits
        self.init(
            kind,
            StorageSettings(
                coding: traits.isCoded ? try values.decode(BlockCoding.self, forKey: .coding) : nil,
                // As written by versions that had no other.
                reflectorLoop: try values.decodeIfPresent(ReflectorLoop.self, forKey: .loop) ?? .open,
                deflation: try values.decodeIfPresent(DeflationGoal.self, forKey: .goal)))
    }

    public func encode(to encoder: any Encoder) throws {
        var names = encoder.container(keyedBy: Key.self)
        var values = names.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: kind.rawValue))
        try values.encodeIfPresent(settings.coding, forKey: .coding)
        try values.encodeIfPresent(settings.reflectorLoop, forKey: .loop)
        try values.encodeIfPresent(settings.deflation, forKey: .goal)
    }
}
