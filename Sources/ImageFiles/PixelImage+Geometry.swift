extension PixelImage {
    /// Left and right exchanged.
    public func mirrored() -> PixelImage {
        var result = pixels
        for row in 0..<height {
            for column in 0..<width {
                let (target, source) = (3 * (row * width + column), 3 * (row * width + width - 1 - column))
                for channel in 0..<3 { result[target + channel] = pixels[source + channel] }
            }
        }
        return PixelImage(width: width, height: height, pixels: result)
    }

    /// The window of the image's size that begins `x` columns and `y` rows further, black outside of the image.
    public func shifted(x: Int, y: Int) -> PixelImage {
        mapped { column, row in (column + x, row + y) }
    }

    /// Every pixel of a place of this image, black where it lies outside.
    func mapped(_ place: (_ x: Int, _ y: Int) -> (x: Int, y: Int)) -> PixelImage {
        var result = [UInt8](repeating: 0, count: pixels.count)
        var target = 0
        for row in 0..<height {
            for column in 0..<width {
                let (x, y) = place(column, row)
                if (0..<width).contains(x) && (0..<height).contains(y) {
                    let source = 3 * (y * width + x)
                    for channel in 0..<3 { result[target + channel] = pixels[source + channel] }
                }
                target += 3
            }
        }
        return PixelImage(width: width, height: height, pixels: result)
    }
}
