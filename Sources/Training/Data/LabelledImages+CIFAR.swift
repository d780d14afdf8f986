import NeuralNetworks

/// The binary formats of the CIFAR sets: records of labels and a 3 × 32 × 32 image, one byte an entry, red first.
///
/// Source: Krizhevsky, "The CIFAR-10 dataset", section "Binary version".
enum CIFARFormat: Sendable {
    /// One label.
    case cifar10
    /// A coarse and a fine label; the fine one is the class.
    case cifar100

    static let shape = ImageShape(channels: 3, height: 32, width: 32)

    /// Classes of every label of a record; the last label is the class.
    var classes: [Int] {
        switch self {
        case .cifar10: [10]
        case .cifar100: [20, 100]
        }
    }

    var trainingNames: [String] {
        switch self {
        case .cifar10: (1...5).map { "data_batch_\($0).bin" }
        case .cifar100: ["train.bin"]
        }
    }

    var validationName: String {
        switch self {
        case .cifar10: "test_batch.bin"
        case .cifar100: "test.bin"
        }
    }

    /// The folder in the published archive.
    var archiveFolder: String {
        switch self {
        case .cifar10: "cifar-10-batches-bin"
        case .cifar100: "cifar-100-binary"
        }
    }
}

extension LabelledImages {
    /// Appends the records of a file.
    ///
    /// - Throws: `DataError` where the file is not whole records or a label is out of range.
    mutating func append(_ format: CIFARFormat, _ path: String) throws(DataError) {
        let bytes = try readBytes(path, copies: 2)
        let record = format.classes.count + shape.count
        guard bytes.count.isMultiple(of: record) else {
            throw .damaged(
                path, at: bytes.count - bytes.count % record,
                "\(bytes.count) bytes are not whole records of \(record); the last has \(bytes.count % record)")
        }
        reserve(bytes.count / record)
        for start in stride(from: 0, to: bytes.count, by: record) {
            for (index, classes) in format.classes.enumerated() where bytes[start + index] >= classes {
                throw .damaged(
                    path, at: start + index,
                    "the label \(bytes[start + index]) of image \(start / record) is not below \(classes)",
                    advice: "check that it is the binary version of this set, or download it again")
            }
            let image = start + format.classes.count
            append(planar: bytes[image..<image + shape.count], label: UInt32(bytes[image - 1]))
        }
    }
}
