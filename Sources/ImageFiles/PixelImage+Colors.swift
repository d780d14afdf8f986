extension PixelImage {
    /// Bytes from a threshold on, up to 256, become what is missing to 255.
    public func solarized(from threshold: Int) -> PixelImage { mapped { Int($0) < threshold ? $0 : 255 - $0 } }

    /// The upper bits of every byte.
    ///
    /// - Precondition: 0 to 8 bits.
    public func posterized(bits: Int) -> PixelImage {
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
        return mapped { $0 & mask }
    }

    /// Every channel stretched to 0…255; one of a single value stays.
    public func withFullContrast() -> PixelImage {
        mappedByChannel { counts in
            guard let least = counts.firstIndex(where: { $0 > 0 }), let most = counts.lastIndex(where: { $0 > 0 }),
                least < most
            else { return Array(0...255) }
            return (0...255).map { UInt8(clamping: ($0 - least) * 255 / (most - least)) }
        }
    }

    /// Every channel with a distribution as even as its steps allow: a byte becomes the number of those below it, over a 255th of
    /// the number that is not the largest byte's.
    public func equalized() -> PixelImage {
        mappedByChannel { counts in
            let last = counts.last { $0 > 0 } ?? 0
            let step = (counts.reduce(0, +) - last) / 255
            guard step > 0 else { return Array(0...255) }
            var below = step / 2
            return counts.map { count in
                defer { below += count }
                return UInt8(clamping: below / step)
            }
        }
    }

    /// The image against black, in 65,536ths: 0 gives black, 65,536 the image, more goes beyond it.
    public func brightened(_ factor: Int) -> PixelImage { mapped { PixelImage.blend(0, $0, factor) } }

    /// The image against its gray version, likewise.
    public func colored(_ factor: Int) -> PixelImage {
        var result = self
        for start in stride(from: 0, to: pixels.count, by: 3) {
            let gray = gray(at: start)
            for place in start..<start + 3 { result.pixels[place] = PixelImage.blend(gray, pixels[place], factor) }
        }
        return result
    }

    /// The image against its mean gray, likewise.
    public func contrasted(_ factor: Int) -> PixelImage {
        let count = width * height
        let sum = stride(from: 0, to: pixels.count, by: 3).reduce(0) { $0 + gray(at: $1) }
        let mean = (2 * sum + count) / (2 * count)
        return mapped { PixelImage.blend(mean, $0, factor) }
    }

    /// The image against a smoothed one, likewise: a pixel's weight is 5, its eight neighbors' is 1; the border stays.
    public func sharpened(_ factor: Int) -> PixelImage {
        guard width > 2 && height > 2 else { return self }
        var result = self
        let row = 3 * width
        for y in 1..<height - 1 {
            for place in y * row + 3..<(y + 1) * row - 3 {
                var sum = 4 * Int(pixels[place])
                for dy in [-row, 0, row] {
                    for dx in [-3, 0, 3] { sum += Int(pixels[place + dy + dx]) }
                }
                result.pixels[place] = PixelImage.blend((2 * sum + 13) / 26, pixels[place], factor)
            }
        }
        return result
    }

    /// ITU-R BT.601, in 65,536ths.
    private func gray(at start: Int) -> Int {
        (19595 * Int(pixels[start]) + 38470 * Int(pixels[start + 1]) + 7471 * Int(pixels[start + 2]) + 32768) >> 16
    }

    private static func blend(_ other: Int, _ byte: UInt8, _ factor: Int) -> UInt8 {
        UInt8(clamping: other + (factor * (Int(byte) - other)) >> 16)
    }

    private func mapped(_ map: (UInt8) -> UInt8) -> PixelImage {
        let table = (0...255).map { map(UInt8($0)) }
        return PixelImage(width: width, height: height, pixels: pixels.map { table[Int($0)] })
    }

    /// - Parameter table: of a channel of which so many bytes have each value.
    private func mappedByChannel(_ table: ([Int]) -> [UInt8]) -> PixelImage {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 3)
        for (place, byte) in pixels.enumerated() { counts[place % 3][Int(byte)] += 1 }
        let tables = counts.map(table)
        var result = self
        for place in pixels.indices { result.pixels[place] = tables[place % 3][Int(pixels[place])] }
        return result
    }
}
