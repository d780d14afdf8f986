import Files
import ImageFiles
import MatrixCore
import NeuralNetworks

/// Images for classification, kept as bytes and normalized by the training images' own means and deviations when a
/// batch is drawn.
struct ImageDataSet: DataSet {
    /// Random changes of training images.
    enum Augmentation: Sendable {
        case none
        /// A window of the image's size at a random place of the image in a frame of black pixels, then mirrored with
        /// probability 1/2.
        ///
        /// Source: He, Zhang, Ren, Sun, "Deep residual learning", CVPR 2016, section 4.2, with a frame of 4. Black rather
        /// than 0 after normalization, as most code has it since.
        case cropAndFlip(padding: Int)
    }

    private let training: LabelledImages
    private let validation: LabelledImages
    private let classes: Int
    private let augmentation: Augmentation
    /// Where it has RandAugment; what else is chosen there is not of these images.
    var options = ImageOptions()
    private let order: ShuffledOrder
    let normalization: ChannelNormalization

    /// - Precondition: both are of the same shape and not empty.
    init(training: LabelledImages, validation: LabelledImages, classes: Int, augmentation: Augmentation) {
        precondition(
            training.shape == validation.shape && training.count > 0 && validation.count > 0,
            "\(training.count) images of \(training.shape) and \(validation.count) of \(validation.shape)")
        self.training = training
        self.validation = validation
        self.classes = classes
        self.augmentation = augmentation
        order = ShuffledOrder(count: training.count)
        normalization = ChannelNormalization(training)
    }

    var fingerprint: String {
        let hash = ContentHash()
        for images in [training, validation] {
            images.pixels.withUnsafeBytes { hash.combine($0) }
            images.combineLabels { hash.combine($0) }
        }
        return "\(training.count) and \(validation.count) images, XXH3 \(hash.text)"
    }

    var description: DataDescription {
        let shape = training.shape
        return .images(channels: shape.channels, height: shape.height, width: shape.width, classes: classes)
    }

    func batchesPerEpoch(batchSize: Int) -> Int { order.batchesPerEpoch(batchSize: batchSize) }

    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) -> Batch {
        let samples = order.samples(step: step, batchSize: batchSize, seed: seed)
        var generator = PhiloxGenerator(seed: seed, for: .augmentation, number: step)
        let placed = samples.map { ($0, Placement(augmentation, &generator)) }
        return batch(training, placed) { position, pixels in
            guard options.randAugment != nil else { return pixels }
            let image = PixelImage(width: training.shape.width, height: training.shape.height, pixels: pixels)
            return options.augmented(image, seed: seed, number: (step - 1) * batchSize + position).pixels
        }
    }

    func validationBatches(batchSize: Int) -> BatchCollection {
        BatchCollection(samples: validation.count, batchSize: batchSize) { samples throws(DataError) in
            batch(validation, samples.map { ($0, Placement()) }) { $1 }
        }
    }

    /// - Parameter change: of the pixels of the sample at a position of the batch.
    private func batch(
        _ images: LabelledImages, _ samples: [(index: Int, placement: Placement)],
        _ change: (_ position: Int, _ pixels: [UInt8]) -> [UInt8]
    ) -> Batch {
        var elements: [Float] = []
        elements.reserveCapacity(samples.count * images.shape.count)
        for (position, sample) in samples.enumerated() {
            elements += normalization.normalized(change(position, placed(images, sample.index, sample.placement)))
        }
        let content = Matrix(
            rows: images.shape.channels, columns: samples.count * images.shape.height * images.shape.width,
            elements: elements)
        return Batch(
            content: .images(content), size: samples.count, targets: samples.map { Int(images.labels[$0.index]) })
    }

    private func placed(_ images: LabelledImages, _ index: Int, _ placement: Placement) -> [UInt8] {
        let (channels, height, width) = (images.shape.channels, images.shape.height, images.shape.width)
        var pixels = [UInt8](repeating: 0, count: images.shape.count)
        var target = 0
        for row in 0..<height {
            let sourceRow = row + placement.rowShift
            for column in 0..<width {
                let sourceColumn = (placement.isMirrored ? width - 1 - column : column) + placement.columnShift
                let isInside = (0..<height).contains(sourceRow) && (0..<width).contains(sourceColumn)
                let source = ((index * height + sourceRow) * width + sourceColumn) * channels
                if isInside {
                    for channel in 0..<channels { pixels[target + channel] = images.pixels[source + channel] }
                }
                target += channels
            }
        }
        return pixels
    }
}

/// Where an augmented image's pixels come from.
private struct Placement {
    var rowShift = 0
    var columnShift = 0
    var isMirrored = false

    init() {}

    init(_ augmentation: ImageDataSet.Augmentation, _ generator: inout PhiloxGenerator) {
        guard case .cropAndFlip(let padding) = augmentation else { return }
        rowShift = generator.below(2 * padding + 1) - padding
        columnShift = generator.below(2 * padding + 1) - padding
        isMirrored = generator.below(2) == 1
    }
}
