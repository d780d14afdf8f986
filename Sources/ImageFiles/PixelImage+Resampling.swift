/// A part of an image, in whole pixels.
public struct PixelRegion: Sendable, Equatable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

extension PixelImage {
    public var region: PixelRegion { PixelRegion(x: 0, y: 0, width: width, height: height) }

    /// A part of the image in another size, by linear interpolation, over as many pixels as a new one covers where it becomes
    /// smaller.
    ///
    /// Every new row, then every new column, is a weighted mean of old ones: the weights fall linearly from the new pixel's
    /// center to 0 at a distance of one new pixel, or one old pixel where that is more, and are 22-bit fractions; both means are
    /// rounded to bytes. So it is the same on every machine, and the same as the images of Pillow, with which the published
    /// accuracies on ImageNet were measured.
    ///
    /// - Precondition: the region lies in the image, and the new size is positive.
    public func resized(_ region: PixelRegion, width newWidth: Int, height newHeight: Int) -> PixelImage {
        precondition(
            region.x >= 0 && region.y >= 0 && region.width >= 1 && region.height >= 1 && newWidth >= 1 && newHeight >= 1
                && region.x + region.width <= width && region.y + region.height <= height,
            "\(region) of \(height) × \(width) pixels to \(newHeight) × \(newWidth)")
        if newWidth == region.width && newHeight == region.height { return cropped(region) }
        let narrow = resizedRows(region, ResamplingWeights(from: region.width, to: newWidth))
        return narrow.resizedColumns(ResamplingWeights(from: region.height, to: newHeight))
    }

    public func cropped(_ region: PixelRegion) -> PixelImage {
        if region == self.region { return self }
        var result: [UInt8] = []
        result.reserveCapacity(3 * region.width * region.height)
        for row in region.y..<region.y + region.height {
            let start = 3 * (row * width + region.x)
            result += pixels[start..<start + 3 * region.width]
        }
        return PixelImage(width: region.width, height: region.height, pixels: result)
    }

    private func resizedRows(_ region: PixelRegion, _ weights: ResamplingWeights) -> PixelImage {
        let newWidth = weights.spans.count
        var result = [UInt8](repeating: 0, count: 3 * newWidth * region.height)
        pixels.withUnsafeBufferPointer { source in
            for row in 0..<region.height {
                let start = 3 * ((region.y + row) * width + region.x)
                for (column, span) in weights.spans.enumerated() {
                    var sums = SIMD4<Int32>(repeating: ResamplingWeights.half)
                    for (offset, weight) in span.weights.enumerated() {
                        let place = start + 3 * (span.first + offset)
                        let pixel = SIMD4(Int32(source[place]), Int32(source[place + 1]), Int32(source[place + 2]), 0)
                        sums &+= pixel &* weight
                    }
                    let target = 3 * (row * newWidth + column)
                    for channel in 0..<3 { result[target + channel] = ResamplingWeights.byte(sums[channel]) }
                }
            }
        }
        return PixelImage(width: newWidth, height: region.height, pixels: result)
    }

    private func resizedColumns(_ weights: ResamplingWeights) -> PixelImage {
        let row = 3 * width
        var result: [UInt8] = []
        result.reserveCapacity(row * weights.spans.count)
        var sums = [Int32](repeating: 0, count: row)
        pixels.withUnsafeBufferPointer { source in
            for span in weights.spans {
                for place in 0..<row { sums[place] = ResamplingWeights.half }
                for (offset, weight) in span.weights.enumerated() {
                    let start = (span.first + offset) * row
                    for place in 0..<row { sums[place] &+= Int32(source[start + place]) &* weight }
                }
                result += sums.lazy.map { ResamplingWeights.byte($0) }
            }
        }
        return PixelImage(width: width, height: weights.spans.count, pixels: result)
    }
}

/// What every entry of a resampled line is the weighted mean of.
private struct ResamplingWeights {
    private static let bits = 22
    static let half = Int32(1) << Int32(bits - 1)

    /// The first old entry, and the weights of it and of those behind it.
    let spans: [(first: Int, weights: [Int32])]

    init(from old: Int, to new: Int) {
        let scale = Double(old) / Double(new)
        let reach = max(1, scale)
        spans = (0..<new).map { index in
            let center = (Double(index) + 0.5) * scale
            let first = max(0, Int(center - reach + 0.5))
            let end = min(old, Int(center + reach + 0.5))
            let parts = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / reach)) }
            let sum = parts.reduce(0, +)
            return (first, parts.map { Int32($0 / sum * Double(1 << Self.bits) + 0.5) })
        }
    }

    static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> Int32(bits)) }
}
