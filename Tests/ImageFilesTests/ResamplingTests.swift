import Foundation
import ImageFiles
import Testing

/// Images in other sizes.
@Suite struct ResamplingTests {
    /// Red 28x, green 50y, blue 11xy + 37.
    private static let image = PixelImage(
        width: 9, height: 6,
        pixels: (0..<54).flatMap { place in
            let (x, y) = (place % 9, place / 9)
            return [28 * x, 50 * y, (11 * x * y + 37) % 256].map { UInt8($0) }
        })

    /// Smaller, larger and of a part: the pixels of Pillow 13.0.0, by `crop` and `resize` with BILINEAR.
    @Test(
        arguments: [
            (PixelRegion(x: 0, y: 0, width: 9, height: 6), 4, 3, "FyQrUCQ7kCROySRdF308UH1zkH2TyX1+F9ZMUNaOkNZXydZ+"),
            (PixelRegion(x: 2, y: 1, width: 7, height: 5), 3, 4, "UD9MjD9qyD+IUHlxjHmkyHmPULOWjLN6yLNVUO6RjO5IyO6a"),
            (PixelRegion(x: 1, y: 2, width: 2, height: 1), 1, 5, "KmRGKmRGKmRGKmRGKmRG"),
        ])
    func sizes(_ region: PixelRegion, width: Int, height: Int, expected: String) throws {
        let resized = Self.image.resized(region, width: width, height: height)
        #expect(resized.width == width && resized.height == height)
        #expect(resized.pixels == [UInt8](try #require(Data(base64Encoded: expected))))
    }

    @Test func theSameSizeIsACopy() {
        #expect(Self.image.resized(Self.image.region, width: 9, height: 6) == Self.image)
        let part = Self.image.resized(PixelRegion(x: 8, y: 4, width: 1, height: 2), width: 1, height: 2)
        #expect(part.pixels == [224, 200, 133, 224, 250, 221])
    }

    @Test func mirroredAndShifted() {
        #expect(Self.image.mirrored().pixels[..<3] == [224, 0, 37])
        #expect(Self.image.mirrored().mirrored() == Self.image)
        let shifted = Self.image.shifted(x: 8, y: -1)
        #expect(shifted.pixels[..<27].allSatisfy { $0 == 0 })
        #expect(shifted.pixels[27..<33] == [224, 0, 37, 0, 0, 0])
    }
}
