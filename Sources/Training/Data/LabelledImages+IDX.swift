import NeuralNetworks

/// An array of unsigned bytes in the format of the MNIST files, plain or compressed by gzip.
///
/// Two zero bytes, the type (8: unsigned byte), the number of dimensions, the extents as big-endian 32-bit integers, then the
/// entries, the last dimension fastest.
///
/// Source: LeCun, Cortes, Burges, "The MNIST database", section "The IDX file format".
struct IDXArray {
    let path: String
    let extents: [Int]
    let headerSize: Int
    /// With the header.
    let bytes: [UInt8]

    /// - Throws: `DataError` where type, number of dimensions or length are not as they should be.
    init(_ path: String, dimensions: Int) throws(DataError) {
        let stored = try readBytes(path, copies: 2)
        let bytes = isGzip(stored) ? try gunzip(stored, path, limit: 1 << 31) : stored
        let headerSize = 4 + 4 * dimensions
        guard bytes.count >= headerSize else {
            throw .damaged(path, at: bytes.count, "\(bytes.count) bytes are too few for a header of \(headerSize)")
        }
        guard bytes.starts(with: [0, 0, 8, UInt8(dimensions)]) else {
            let found = bytes[..<4].map(String.init).joined(separator: " ")
            throw .damaged(
                path, at: 0, "it begins with the bytes \(found) instead of 0 0 8 \(dimensions)",
                advice: "give an IDX file of unsigned bytes in \(dimensions) dimension\(dimensions == 1 ? "" : "s")")
        }
        extents = stride(from: 4, to: headerSize, by: 4).map { start in
            bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        self.path = path
        self.headerSize = headerSize
        self.bytes = bytes
        try checkExtents()
    }

    private func checkExtents() throws(DataError) {
        let shape = extents.map(String.init).joined(separator: " × ")
        if let empty = extents.firstIndex(of: 0) {
            throw .damaged(path, at: 4 + 4 * empty, "an extent of 0 in \(shape)")
        }
        var count = 1
        for extent in extents {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            count = overflows ? .max : product
        }
        guard count == bytes.count - headerSize else {
            throw .damaged(
                path, at: 4, "the header says \(shape) bytes and \(bytes.count - headerSize) follow it")
        }
    }
}

extension LabelledImages {
    /// Images of one channel and their labels below `classes`.
    ///
    /// - Throws: `DataError` where the two files do not belong together, too.
    init(images: IDXArray, labels: IDXArray, classes: Int) throws(DataError) {
        let count = images.extents[0]
        guard labels.extents[0] == count else {
            throw .damaged(
                labels.path, at: 4, "\(labels.extents[0]) labels for the \(count) images of \(images.path)",
                advice: "give files that belong together")
        }
        self.init(shape: ImageShape(channels: 1, height: images.extents[1], width: images.extents[2]))
        reserve(count)
        for index in 0..<count {
            let label = labels.bytes[labels.headerSize + index]
            guard label < classes else {
                throw .damaged(
                    labels.path, at: labels.headerSize + index, "the label \(label) of image \(index) is not below \(classes)")
            }
            let start = images.headerSize + index * shape.count
            append(planar: images.bytes[start..<start + shape.count], label: UInt32(label))
        }
    }
}
