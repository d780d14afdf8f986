import Foundation

/// What is free to choose of a data set of images.
public struct ImageOptions: Sendable, Equatable {
    /// The side of the images of `tiny-imagenet` and `images`; nil for 64 and 224.
    public var size: Int?
    public var corruptImages: CorruptImageRule
    /// That read images side by side; it changes no number.
    public var threads: Int

    public init(
        size: Int? = nil, corruptImages: CorruptImageRule = .refuse,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) {
        self.size = size
        self.corruptImages = corruptImages
        self.threads = threads
    }
}
