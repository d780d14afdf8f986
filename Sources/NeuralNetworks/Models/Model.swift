import Compute

/// The networks by name.
public struct Model: RawRepresentable, CaseIterable, Sendable, Hashable {
    /// The table: a network is its file and its line here.
    private static let table: [any NetworkDefinition.Type] = [
        MultilayerPerceptronDefinition.self,
        ResidualNetwork20.self,
        ResidualNetwork34.self,
        VisionTransformerSmall.self,
        GenerativeTransformerDefinition.self,
    ]

    public static var allCases: [Model] { table.map { Model($0) } }

    public let rawValue: String
    private let definition: any NetworkDefinition.Type

    /// Nil for a name that is not in the table.
    public init?(rawValue: String) {
        guard let definition = Model.table.first(where: { $0.name == rawValue }) else { return nil }
        self.init(definition)
    }

    /// - Throws: `ModelError.unknown`.
    public init(named name: String) throws(ModelError) {
        guard let model = Model(rawValue: name) else {
            throw .unknown(model: name, known: Self.allCases.map(\.rawValue))
        }
        self = model
    }

    private init(_ definition: any NetworkDefinition.Type) {
        self.definition = definition
        rawValue = definition.name
    }

    /// Whether its samples are tokens; else they are images.
    public var readsTokens: Bool { definition.readsTokens }

    /// The network of this name for the data.
    ///
    /// - Throws: `ModelError`, for sizes that contradict each other, options that do not apply, and data that the model
    ///   does not read.
    public func network<Backend: NeuralBackend>(
        _ options: ModelOptions = ModelOptions(), for data: DataDescription, on backend: Backend
    ) throws(ModelError) -> any Network<Backend> {
        for option in options.given where !definition.options.contains(option) {
            throw .optionDoesNotApply(
                model: rawValue, option: option.rawValue, applicable: definition.options.map(\.rawValue))
        }
        return try definition.network(options, for: data, on: Backend.self)
    }

    public static func == (a: Model, b: Model) -> Bool { a.rawValue == b.rawValue }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

/// A network as programs name it, with the sizes that it has where none are given.
protocol NetworkDefinition: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    static var readsTokens: Bool { get }
    /// The options that it has.
    static var options: [ModelOptions.Name] { get }

    /// - Parameter options: of those that it has.
    /// - Throws: `ModelError`, for sizes that contradict each other and data that it does not read.
    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, for data: DataDescription, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend>
}

/// A network on images.
protocol ImageNetworkDefinition: NetworkDefinition {
    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend>
}

extension ImageNetworkDefinition {
    static var readsTokens: Bool { false }

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, for data: DataDescription, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        guard case .images(let channels, let height, let width, let classes) = data else {
            throw .wrongData(model: name, reads: "images", given: data.kind)
        }
        return try network(
            options, ImageShape(channels: channels, height: height, width: width), classes: classes, on: Backend.self)
    }
}

/// A network on sequences of tokens.
protocol TokenNetworkDefinition: NetworkDefinition {
    /// - Parameter context: the tokens of a sample.
    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, vocabulary: Int, context: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend>
}

extension TokenNetworkDefinition {
    static var readsTokens: Bool { true }

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, for data: DataDescription, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        guard case .tokens(let vocabulary, let context) = data else {
            throw .wrongData(model: name, reads: "tokens", given: data.kind)
        }
        return try network(options, vocabulary: vocabulary, context: context, on: Backend.self)
    }
}
