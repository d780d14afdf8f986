import Compute
import MatrixCore

/// The networks: a network is its file and its line here.
public enum NetworkTable: NameTable {
    private static let networks: [any NetworkDefinition.Type] = [
        MultilayerPerceptronDefinition.self,
        ResidualNetwork20.self,
        ResidualNetwork34.self,
        ResidualNetwork50.self,
        PlainConvolutionalNetwork19.self,
        DenseNetwork121.self,
        VisionTransformerSmall.self,
        VisionTransformerBase32.self,
        ShiftedWindowTransformerTiny.self,
        GenerativeTransformerDefinition.self,
        RotaryTransformerDefinition.self,
    ]

    public static var entries: [(name: String, definition: any NetworkDefinition.Type)] { networks.map { ($0.name, $0) } }
}

/// A network by its name.
public typealias Model = TableName<NetworkTable>

extension Model {
    /// - Throws: `ModelError.unknown`.
    public init(named name: String) throws(ModelError) {
        guard let model = Model(rawValue: name) else {
            throw .unknown(model: name, known: Self.allCases.map(\.rawValue))
        }
        self = model
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
        return try definition.network(options.completed(by: definition.defaults), for: data, on: Backend.self)
    }

    /// Sizes and rates as a network of this name has them where only some are given.
    ///
    /// - Parameter context: of the data, where they have one.
    public func completed(_ options: ModelOptions, context: Int?) -> ModelOptions {
        var result = options.completed(by: definition.defaults)
        if definition.options.contains(.context) { result.context = options.context ?? context }
        // Of sizes that are out of range the network itself says so.
        if definition.options.contains(.hidden), let width = result.width {
            result.hidden = result.hidden ?? definition.hidden(ofWidth: width)
        }
        return result
    }
}
