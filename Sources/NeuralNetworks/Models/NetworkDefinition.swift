import Compute

/// A network as programs name it, with the sizes that it has where none are given.
public protocol NetworkDefinition: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    static var readsTokens: Bool { get }
    /// The options that it has.
    static var options: [ModelOptions.Name] { get }
    /// The sizes and rates that it has where none are given. A context is the data's, and a hidden width that stays nil follows
    /// from the width.
    static var defaults: ModelOptions { get }
    /// The hidden width of a width where none is given; of sizes that are out of range anything.
    static func hidden(ofWidth width: Int) -> Int
    /// How it is trained where nothing else is asked for.
    static var training: TrainingDefaults { get }

    /// - Parameter options: of those that it has, with the defaults in the place of what was not given.
    /// - Throws: `ModelError`, for sizes that contradict each other and data that it does not read.
    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, for data: DataDescription, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend>
}

extension NetworkDefinition {
    public static func hidden(ofWidth width: Int) -> Int { 4 &* width }
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
