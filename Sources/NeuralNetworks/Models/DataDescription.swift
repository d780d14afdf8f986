/// What a network must know of its data.
public enum DataDescription: Sendable, Equatable {
    case images(channels: Int, height: Int, width: Int, classes: Int)
    /// `context` is the tokens of a sample.
    case tokens(vocabulary: Int, context: Int)

    var kind: String {
        switch self {
        case .images: "images"
        case .tokens: "tokens"
        }
    }
}

/// The sizes of an image.
public struct ImageShape: Sendable, Equatable {
    public let channels: Int
    public let height: Int
    public let width: Int

    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    var positions: Int { height * width }

    /// Whether networks that begin in another way on ImageNet do so here: images of CIFAR and Tiny-ImageNet have at most 64
    /// pixels a side.
    var isLarge: Bool { max(height, width) > 64 }

    /// The entries of an image.
    public var count: Int { channels * positions }
}
