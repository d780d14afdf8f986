/// How a square image of pixels is cut into square windows, after it was moved up and to the left.
struct ShiftedWindows: Sendable {
    /// The windows of an image.
    let count: Int
    /// The pixels of a window.
    let area: Int
    /// The pixels of the image, window after window.
    let order: [Int]
    /// For every query and key of a window, the keys of a query one after another, the number of their distance.
    let distances: [Int]
    /// The distances that there are: (2·window − 1)².
    let distanceCount: Int
    /// For every window and query whether it sees a key; nil where all see all.
    let mask: [Bool]?

    /// - Parameters:
    ///   - resolution: the pixels of a side.
    ///   - window: the pixels of a window's side.
    /// - Precondition: the window divides the resolution, and is larger than the shift.
    init(resolution: Int, window: Int, shift: Int) {
        precondition(resolution % window == 0 && 0..<window ~= shift, "windows of \(window) in \(resolution), shift \(shift)")
        let side = resolution / window
        count = side * side
        area = window * window
        let places = (0..<area).map { (row: $0 / window, column: $0 % window) }
        let moved = (0..<side * side).flatMap { index -> [(row: Int, column: Int)] in
            let (top, left) = (index / side * window, index % side * window)
            return places.map { (row: top + $0.row, column: left + $0.column) }
        }
        order = moved.map { place -> Int in
            let (row, column) = ((place.row + shift) % resolution, (place.column + shift) % resolution)
            return row * resolution + column
        }
        let span = 2 * window - 1
        distanceCount = span * span
        distances = places.flatMap { query in
            places.map { key -> Int in
                let down: Int = query.row - key.row + window - 1
                let right: Int = query.column - key.column + window - 1
                return down * span + right
            }
        }
        if shift == 0 {
            mask = nil
            return
        }
        // Three stripes each way: what stayed together, and in the last windows what came from the other side.
        func stripe(_ place: Int) -> Int { place < resolution - window ? 0 : place < resolution - shift ? 1 : 2 }
        let regions = moved.map { 3 * stripe($0.row) + stripe($0.column) }
        mask = (0..<regions.count).flatMap { [area] query -> [Bool] in
            let first: Int = query / area * area
            return (first..<first + area).map { regions[$0] == regions[query] }
        }
    }
}
