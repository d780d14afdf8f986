import Files
import ImageFiles
import MatrixCore
import NeuralNetworks

/// Images in files of their own, each read and decoded where a batch needs it.
///
/// Bytes are normalized by the means and deviations of ImageNet's images, as the published networks have it.
struct ImageFolderDataSet: DataSet {
    private let folder: String
    private let training: ImageList
    private let validation: ImageList
    private let classes: Int
    private let geometry: ImageGeometry
    private let options: ImageOptions
    private let order: ShuffledOrder
    private let broken = BrokenImages()
    private static let normalization = ChannelNormalization(
        means: [0.485, 0.456, 0.406].map { 255 * $0 }, deviations: [0.229, 0.224, 0.225].map { 255 * $0 })

    /// As many files are looked at before the first step, to name those that are none at once.
    static let checkedCount = 1 << 14

    /// - Precondition: both have images.
    /// - Throws: `DataError` where files have no image.
    init(
        folder: String, training: ImageList, validation: ImageList, classes: Int, geometry: ImageGeometry,
        _ options: ImageOptions
    ) throws(DataError) {
        precondition(training.count > 0 && validation.count > 0, "\(training.count) and \(validation.count) images")
        self.folder = folder
        self.training = training
        self.validation = validation
        self.classes = classes
        self.geometry = geometry
        self.options = options
        order = ShuffledOrder(count: training.count)
        if options.corruptImages == .refuse { try checkStarts() }
    }

    var description: DataDescription {
        .images(channels: 3, height: geometry.size, width: geometry.size, classes: classes)
    }

    var fingerprint: String {
        let hash = ContentHash()
        training.combine(into: hash)
        validation.combine(into: hash)
        return "\(training.count) and \(validation.count) images, XXH3 of their names \(hash.text)"
    }

    var notes: [String] { [broken.note].compactMap(\.self) }

    func batchesPerEpoch(batchSize: Int) -> Int { order.batchesPerEpoch(batchSize: batchSize) }

    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) throws(DataError) -> Batch {
        let epoch = order.epoch(step: step, batchSize: batchSize)
        let places = Array(order.places(step: step, batchSize: batchSize))
        return try batch(places.count) { position in
            trainingSample(place: places[position], epoch: epoch, seed: seed).map { index, image in
                // A stream a sample: which images are broken changes nothing of the others.
                let number = (step - 1) * batchSize + position
                var generator = PhiloxGenerator(seed: seed, for: .augmentation, number: number)
                let placed = geometry.trainingImage(image, &generator)
                return (index, options.augmented(placed, seed: seed, number: number), training.labels[index])
            }
        }
    }

    func validationBatches(batchSize: Int) -> BatchCollection {
        BatchCollection(samples: validation.count, batchSize: batchSize) { samples throws(DataError) in
            try batch(samples.count) { position in
                let index = samples.lowerBound + position
                return read(validation, index).map { (index, geometry.validationImage($0), validation.labels[index]) }
            }
        }
    }

    private typealias Sample = (index: Int, image: PixelImage, label: UInt32)

    /// What keeps a sample from being made.
    private enum Failure: Error {
        case broken(file: String, BrokenImage)
        case system(DataError)
    }

    private func read(_ list: ImageList, _ index: Int) -> Result<PixelImage, Failure> {
        do throws(DataError) {
            return try imageFile(list.path(index)).mapError { .broken(file: list.text(index), $0) }
        } catch {
            return .failure(.system(error))
        }
    }

    /// The image at a place of an epoch's order, or the next one that there is.
    private func trainingSample(
        place: Int, epoch: Int, seed: UInt64
    ) -> Result<(index: Int, image: PixelImage), Failure> {
        var last: Failure?
        for distance in 0..<min(training.count, 1000) {
            let index = order.sample(at: (place + distance) % training.count, epoch: epoch, seed: seed)
            switch read(training, index) {
            case .success(let image): return .success((index, image))
            case .failure(.broken(let file, let problem)) where options.corruptImages == .skip:
                broken.note(file, problem)
                last = .broken(file: file, problem)
            case .failure(let failure): return .failure(failure)
            }
        }
        return .failure(last ?? .system(DataError.damaged(folder, at: nil, "it has no images")))
    }

    /// Samples made side by side.
    private func batch(
        _ count: Int, _ sample: @Sendable (Int) -> Result<Sample, Failure>
    ) throws(DataError) -> Batch {
        let results = concurrentResults(count, threads: options.threads) { position in
            sample(position).map { (pixels: Self.normalization.normalized($0.image.pixels), label: $0.label) }
        }
        var (elements, targets): ([Float], [Int]) = ([], [])
        elements.reserveCapacity(count * 3 * geometry.size * geometry.size)
        var problems: [String: String] = [:]
        for result in results {
            switch result {
            case .success(let sample):
                elements += sample.pixels
                targets.append(Int(sample.label))
            case .failure(.broken(let file, let broken)): problems[file] = broken.problem
            case .failure(.system(let error)): throw error
            }
        }
        if !problems.isEmpty && (options.corruptImages == .refuse || targets.isEmpty) {
            throw BrokenImages.refusal(problems, folder: folder)
        }
        for (file, problem) in problems { broken.note(file, BrokenImage(problem: problem)) }
        let content = Matrix(rows: 3, columns: elements.count / 3, elements: elements)
        return Batch(content: .images(content), size: targets.count, targets: targets)
    }

    /// Looks at the first bytes of the files, if they are not too many: an empty file or a text in the place of an image is
    /// found now, and all of them together. What is damaged further inside is found when its batch is made.
    private func checkStarts() throws(DataError) {
        guard training.count + validation.count <= Self.checkedCount else { return }
        var problems: [String: String] = [:]
        for list in [training, validation] {
            for index in 0..<list.count {
                if case .failure(let broken) = try imageStart(list.path(index)) { problems[list.text(index)] = broken.problem }
            }
        }
        if !problems.isEmpty { throw BrokenImages.refusal(problems, folder: folder) }
    }
}
