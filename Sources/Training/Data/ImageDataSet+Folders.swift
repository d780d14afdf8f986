extension ImageDataSet {
    /// The CIFAR files of a folder, or of the published archive's folder in it.
    ///
    /// - Throws: `DataError`.
    init(_ format: CIFARFormat, folder: String) throws(DataError) {
        let archive = "\(folder)/\(format.archiveFolder)"
        let folder = PathKind(archive) == .folder ? archive : folder
        let present = try imageFiles(of: folder, format.trainingNames, what: "training images")
        let validationFile = try imageFiles(of: folder, [format.validationName], what: "validation images")
        var training = LabelledImages(shape: CIFARFormat.shape)
        for path in present { try training.append(format, path) }
        var validation = LabelledImages(shape: CIFARFormat.shape)
        try validation.append(format, validationFile[0])
        self.init(
            training: training, validation: validation, classes: format.classes.last!,
            augmentation: .cropAndFlip(padding: 4))
    }

    /// The four MNIST files of a folder, or others of their names and format.
    ///
    /// - Throws: `DataError`.
    init(mnistFolder folder: String) throws(DataError) {
        func images(_ set: String, _ purpose: String) throws(DataError) -> LabelledImages {
            func file(_ kind: String, _ dimensions: Int) throws(DataError) -> IDXArray {
                let name = "\(set)-\(kind)-idx\(dimensions)-ubyte"
                let files = try imageFiles(of: folder, [name, name + ".gz"], what: "\(purpose) \(kind)")
                return try IDXArray(files[0], dimensions: dimensions)
            }
            return try LabelledImages(images: file("images", 3), labels: file("labels", 1), classes: 10)
        }
        let training = try images("train", "training")
        let validation = try images("t10k", "validation")
        guard training.shape == validation.shape else {
            throw .damaged(
                folder, at: nil,
                """
                training images of \(training.shape.height) × \(training.shape.width) pixels and validation images of \
                \(validation.shape.height) × \(validation.shape.width)
                """, advice: "give files that belong together")
        }
        self.init(training: training, validation: validation, classes: 10, augmentation: .none)
    }
}

/// The paths of those names that exist in a folder; one at least.
private func imageFiles(of folder: String, _ names: [String], what: String) throws(DataError) -> [String] {
    switch PathKind(folder) {
    case .folder: break
    case .absent:
        throw DataError(kind: .notFound, file: folder, problem: "there is no such folder", advice: "check the path")
    case .file:
        throw DataError(
            kind: .unreadable, file: folder, problem: "this is a file", advice: "give the folder of the data set's files")
    }
    let present = names.map { "\(folder)/\($0)" }.filter { PathKind($0) != .absent }
    guard !present.isEmpty else {
        throw DataError(
            kind: .notFound, file: folder, problem: "the folder has no \(what): no \(names.joined(separator: ", no "))",
            advice: "check the path, or download the data set")
    }
    return present
}
