import Foundation
import ImageFiles
import MatrixCore

/// What is free to choose of a data set of images.
public struct ImageOptions: Sendable, Equatable {
    /// The side of the images of `tiny-imagenet` and `images`; nil for 64 and 224.
    public var size: Int?
    public var corruptImages: CorruptImageRule
    public var randAugment: RandAugment?
    public var mixing: BatchMixing?
    /// That read images side by side; it changes no number.
    public var threads: Int

    public init(
        size: Int? = nil, corruptImages: CorruptImageRule = .refuse, randAugment: RandAugment? = nil,
        mixing: BatchMixing? = nil, threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) {
        self.size = size
        self.corruptImages = corruptImages
        self.randAugment = randAugment
        self.mixing = mixing
        self.threads = threads
    }

    /// - Parameter number: of the sample among all of the run.
    func augmented(_ image: PixelImage, seed: UInt64, number: Int) -> PixelImage {
        guard let randAugment else { return image }
        var generator = PhiloxGenerator(seed: seed, for: .randAugment, number: number)
        return randAugment.augmented(image, &generator)
    }
}
