/// An image of red, green and blue bytes, pixel after pixel, row by row.
public struct PixelImage: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public var pixels: [UInt8]

    /// - Precondition: three bytes a pixel.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(
            width >= 1 && height >= 1 && pixels.count == 3 * width * height,
            "\(pixels.count) bytes for \(height) × \(width) pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
