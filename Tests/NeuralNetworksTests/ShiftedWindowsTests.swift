import Testing

@testable import NeuralNetworks

/// How images are cut into shifted windows, by the definition with images that are moved.
@Suite struct ShiftedWindowsTests {
    @Test(arguments: [(6, 3, 0), (6, 3, 1), (8, 4, 2), (4, 4, 0)])
    func windowsAreThoseOfTheMovedImage(resolution: Int, window: Int, shift: Int) {
        let windows = ShiftedWindows(resolution: resolution, window: window, shift: shift)
        #expect(windows.order.sorted() == Array(0..<resolution * resolution))
        #expect((windows.mask == nil) == (shift == 0))
        let side = resolution / window
        for index in 0..<windows.count {
            let pixels = windows.order[index * windows.area..<(index + 1) * windows.area].map { pixel in
                // Where the pixel is after the image moved up and to the left.
                (
                    row: (pixel / resolution + resolution - shift) % resolution,
                    column: (pixel % resolution + resolution - shift) % resolution, pixel: pixel
                )
            }
            for (query, a) in pixels.enumerated() {
                #expect(a.row / window == index / side && a.column / window == index % side)
                for (key, b) in pixels.enumerated() {
                    // Neighbours in the window are neighbours in the image unless the move tore them apart.
                    let together =
                        a.row - b.row == a.pixel / resolution - b.pixel / resolution
                        && a.column - b.column == a.pixel % resolution - b.pixel % resolution
                    if let mask = windows.mask {
                        #expect(mask[(index * windows.area + query) * windows.area + key] == together)
                    }
                    let (down, right) = (a.row - b.row, a.column - b.column)
                    let number = (down + window - 1) * (2 * window - 1) + right + window - 1
                    #expect(windows.distances[query * windows.area + key] == number)
                }
            }
        }
        #expect(windows.distances.max() == windows.distanceCount - 1)
    }
}
