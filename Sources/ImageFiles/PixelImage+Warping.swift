extension PixelImage {
    /// The image under a linear map about a point, black where it comes from outside: every pixel is the one that its center is
    /// mapped into, x′ = a·x + b·y and y′ = c·x + d·y from the point, in 2^20ths.
    ///
    /// - Parameter center: twice the point's coordinates, 0, 0 the upper left corner.
    public func warped(_ map: LinearPixelMap, about center: (x: Int, y: Int)) -> PixelImage {
        mapped { column, row in
            // Twice the distances: centers of pixels lie at halves.
            let (x, y) = (2 * column + 1 - center.x, 2 * row + 1 - center.y)
            let one = 1 << LinearPixelMap.bits
            return (
                (map.a * x + map.b * y + center.x * one) >> (LinearPixelMap.bits + 1),
                (map.c * x + map.d * y + center.y * one) >> (LinearPixelMap.bits + 1)
            )
        }
    }
}

/// From the places of a new image to those of an old one, in 2^20ths, so that it is the same on every machine.
public struct LinearPixelMap: Sendable, Equatable {
    static let bits = 20

    let a: Int
    let b: Int
    let c: Int
    let d: Int

    public init(_ a: Double, _ b: Double, _ c: Double, _ d: Double) {
        func rounded(_ value: Double) -> Int { Int((value * Double(1 << Self.bits)).rounded()) }
        (self.a, self.b, self.c, self.d) = (rounded(a), rounded(b), rounded(c), rounded(d))
    }
}
