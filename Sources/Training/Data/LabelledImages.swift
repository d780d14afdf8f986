import NeuralNetworks

/// Images as they are stored in files, one byte an entry, with their classes.
struct LabelledImages: Sendable {
    let shape: ImageShape
    /// Image after image; the channel runs fastest, then the column.
    private(set) var pixels: [UInt8] = []
    private(set) var labels: [UInt32] = []

    init(shape: ImageShape) { self.shape = shape }

    var count: Int { labels.count }

    mutating func reserve(_ images: Int) {
        pixels.reserveCapacity(pixels.count + images * shape.count)
        labels.reserveCapacity(labels.count + images)
    }

    /// Appends an image whose channels lie one after the other, row by row.
    mutating func append(planar: ArraySlice<UInt8>, label: UInt32) {
        precondition(planar.count == shape.count, "\(planar.count) bytes for an image of \(shape.count)")
        let (channels, plane) = (shape.channels, shape.height * shape.width)
        let start = pixels.count
        pixels.append(contentsOf: planar)
        for channel in 0..<channels where channels > 1 {
            let source = planar[(planar.startIndex + channel * plane)...]
            for (position, byte) in zip(0..<plane, source) { pixels[start + position * channels + channel] = byte }
        }
        labels.append(label)
    }

    /// The labels as most formats store them, in bytes; where one does not fit, as they are here.
    func combineLabels(_ combine: (UnsafeRawBufferPointer) -> Void) {
        if labels.allSatisfy({ $0 <= UInt8.max }) {
            labels.map { UInt8($0) }.withUnsafeBytes(combine)
        } else {
            labels.withUnsafeBytes(combine)
        }
    }
}
