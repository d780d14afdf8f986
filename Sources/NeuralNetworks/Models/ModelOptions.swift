/// The sizes and rates that a model may be given; nil takes the model's own.
public struct ModelOptions: Sendable, Equatable {
    /// Blocks of a transformer, hidden layers of a perceptron.
    public var layers: Int?
    /// Features of a transformer's stream, channels of a residual network's first stage.
    public var width: Int?
    public var heads: Int?
    /// The longest sequence.
    public var context: Int?
    /// The width of hidden layers.
    public var hidden: Int?
    /// The side of a vision transformer's patches.
    public var patch: Int?
    public var dropout: Double?
    public var stochasticDepth: Double?
    /// Whether a language model's last map is its token embedding.
    public var tiesHead: Bool?

    public init(
        layers: Int? = nil, width: Int? = nil, heads: Int? = nil, context: Int? = nil, hidden: Int? = nil,
        patch: Int? = nil, dropout: Double? = nil, stochasticDepth: Double? = nil, tiesHead: Bool? = nil
    ) {
        self.layers = layers
        self.width = width
        self.heads = heads
        self.context = context
        self.hidden = hidden
        self.patch = patch
        self.dropout = dropout
        self.stochasticDepth = stochasticDepth
        self.tiesHead = tiesHead
    }

    /// The options of the program, by the names in its errors.
    public enum Name: String, CaseIterable, Sendable {
        case layers, width, heads, context, hidden, patch, dropout
        case stochasticDepth = "stochastic depth"
        case tiesHead = "tied head"
    }

    /// The same with others in the place of what is not given.
    func completed(by defaults: ModelOptions) -> ModelOptions {
        ModelOptions(
            layers: layers ?? defaults.layers, width: width ?? defaults.width, heads: heads ?? defaults.heads,
            context: context ?? defaults.context, hidden: hidden ?? defaults.hidden, patch: patch ?? defaults.patch,
            dropout: dropout ?? defaults.dropout, stochasticDepth: stochasticDepth ?? defaults.stochasticDepth,
            tiesHead: tiesHead ?? defaults.tiesHead)
    }

    /// A value that was given, or is among the defaults of its network.
    func value<Value>(_ path: KeyPath<ModelOptions, Value?>) -> Value {
        guard let value = self[keyPath: path] else { preconditionFailure("no default for \(path)") }
        return value
    }

    /// The options that were given.
    public var given: [Name] {
        let values: [(Name, Any?)] = [
            (.layers, layers), (.width, width), (.heads, heads), (.context, context), (.hidden, hidden),
            (.patch, patch), (.dropout, dropout), (.stochasticDepth, stochasticDepth), (.tiesHead, tiesHead),
        ]
        return values.filter { $0.1 != nil }.map(\.0)
    }
}
