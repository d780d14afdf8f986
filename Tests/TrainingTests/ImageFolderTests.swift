import Foundation
import ImageFiles
import MatrixCore
import NeuralNetworks
import TestSupport
import Testing

@testable import Training

/// Folders of image files: what is read, and what is refused by its name.
@Suite struct ImageFolderTests {
    private static let images = ImageOptions(size: 8, threads: 2)

    private func open(
        _ folder: DataFolder, _ options: ImageOptions = images, name: String = "images", batchSize: Int = 1
    ) throws(DataError) -> any DataSet {
        try DataSource.open(
            name: name, path: folder.path, batchSize: batchSize, context: nil, vocabulary: nil, seed: 0, images: options)
    }

    private func write(_ files: [String: [UInt8]], in folder: DataFolder) throws {
        for (name, bytes) in files {
            let parent = URL(fileURLWithPath: folder.path(name)).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            try folder.write(bytes, to: name)
        }
    }

    /// Of one color, which every crop keeps.
    private func image(_ red: UInt8, width: Int = 5, height: Int = 4) -> [UInt8] {
        pngFile(width: width, height: height, red: red, green: 20, blue: 30)
    }

    /// The byte of red that a batch's samples have throughout.
    private func reds(_ batch: Batch) throws -> [Int] {
        let images = try #require(batch.images)
        let positions = images.columns / batch.size
        return try (0..<batch.size).map { sample in
            let values = Set((0..<positions).map { images[0, sample * positions + $0] })
            let red = (Double(try #require(values.first)) * 0.229 + 0.485) * 255
            #expect(values.count == 1 && abs(red - red.rounded()) < 1e-3)
            return Int(red.rounded())
        }
    }

    /// Classes by name; capitals, a PNG that is named JPEG, folders in class folders and one pixel are all read, texts are not.
    @Test func whatIsRead() throws {
        try withDataFolder { folder in
            try write(
                [
                    "train/b/x.png": image(1), "train/b/y.JPEG": image(2),
                    "train/a/deep/er/z.PnG": image(3, width: 1, height: 1),
                    "train/a/notes.txt": [65], "train/a/.hidden.png": [0], "train/list.csv": [1], "train/a/png": [1],
                    "val/b/v.jpeg": image(4, width: 30, height: 2),
                ], in: folder)
            let data = try open(folder)
            #expect(data.description == .images(channels: 3, height: 8, width: 8, classes: 2))
            #expect(data.batchesPerEpoch(batchSize: 1) == 3)
            let batch = try data.trainingBatch(step: 1, batchSize: 3, seed: 5)
            #expect(Set(zip(try reds(batch), batch.targets).map { [$0, $1] }) == [[1, 1], [2, 1], [3, 0]])
            let validation = try data.validationBatches(batchSize: 4).all()
            #expect(validation.map(\.targets) == [[1]])
            #expect(try validation.flatMap { try reds($0) } == [4])
            #expect(data.notes == [])
        }
    }

    /// Spaces, a line feed, what is no UTF-8, and links to files; links to folders may lead in a circle.
    @Test func oddNamesAndLinks() throws {
        try withDataFolder { folder in
            try write(["train/ä b\n/-1.png": image(1), "val/ä b\n/ü.png": image(1)], in: folder)
            let name = Array("\(folder.path)/train/ä b\n/".utf8) + [0xFF, 0xFE] + Array(".png".utf8)
            let bytes = image(2)
            let descriptor = name.withCString { Foundation.open($0, O_CREAT | O_WRONLY, 0o600) }
            try #require(bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
            close(descriptor)
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: folder.path("train/ä b\n/l.png"), withDestinationPath: "-1.png")
            try manager.createSymbolicLink(atPath: folder.path("train/ä b\n/loop"), withDestinationPath: ".")
            try manager.createSymbolicLink(atPath: folder.path("train/z"), withDestinationPath: "ä b\n")
            let data = try open(folder)
            #expect(data.batchesPerEpoch(batchSize: 1) == 6)
            #expect(try reds(data.trainingBatch(step: 1, batchSize: 6, seed: 1)).sorted() == [1, 1, 1, 1, 2, 2])
            try manager.createSymbolicLink(atPath: folder.path("train/z/gone.png"), withDestinationPath: "nothing")
            expectError(.damaged, saying: "gone.png", "No such file") { try open(folder) }
        }
    }

    /// What does not begin as an image is found at once, all of it.
    @Test func filesThatAreNoImages() throws {
        try withDataFolder { folder in
            try write(
                [
                    "train/a/1.png": [], "train/a/2.jpg": Array("<html>".utf8), "train/a/3.png": image(3),
                    "val/a/4.png": Array("GIF89a".utf8),
                ], in: folder)
            expectError(
                .damaged, file: folder.path, saying: "3 files", "1.png: it is empty", "2.jpg", "4.png: it begins neither",
                "--corrupt-images skip"
            ) { try open(folder) }
        }
    }

    /// A file that is damaged further inside: refused when it is needed, or the next one takes its place.
    @Test func damagedImages() throws {
        try withDataFolder { folder in
            var files = Dictionary(uniqueKeysWithValues: (0..<6).map { ("train/a/\($0).png", image(UInt8($0))) })
            for index in 0..<3 { files["val/a/\(index).png"] = image(9) }
            for name in ["train/a/2.png", "val/a/1.png"] { files[name]?.removeLast(20) }
            try write(files, in: folder)
            let refusing = try open(folder)
            let error = #expect(throws: DataError.self) { try refusing.trainingBatch(step: 1, batchSize: 6, seed: 3) }
            #expect(error?.kind == .damaged && "\(error!)".contains("1 file holds no image: \(folder.path)/train/a/2.png"))
            #expect(throws: DataError.self) { try refusing.validationBatches(batchSize: 3).all() }

            var options = Self.images
            options.corruptImages = .skip
            let skipping = try open(folder, options, batchSize: 6)
            let order = ShuffledOrder(count: 6)
            for step in 1...4 {
                let samples = Array(order.samples(step: step, batchSize: 6, seed: 3))
                let expected = samples.indices.map { samples[$0] == 2 ? samples[($0 + 1) % 6] : samples[$0] }
                let batch = try skipping.trainingBatch(step: step, batchSize: 6, seed: 3)
                #expect(try reds(batch) == expected)
                #expect(try open(folder, options).trainingBatch(step: step, batchSize: 6, seed: 3) == batch)
            }
            #expect(try skipping.validationBatches(batchSize: 2).all().map(\.size) == [1, 1])
            let note = try #require(skipping.notes.first)
            #expect(note.hasPrefix("2 images") && note.contains("train/a/2.png") && note.contains("val/a/1.png"))
            // Nothing is left to take a place.
            for index in 0..<6 { try folder.write([0x89], to: "train/a/\(index).png") }
            #expect(throws: DataError.self) { try skipping.trainingBatch(step: 1, batchSize: 1, seed: 3) }
        }
    }

    /// The same numbers by any number of threads, made ahead or not.
    @Test func batchesDoNotDependOnThreads() throws {
        try withDataFolder { folder in
            var files = ["val/a/1.png": image(1)]
            for index in 0..<8 {
                let rows = (0..<7).map { row in (0..<27).map { UInt8(($0 * 9 + row * 30 + index) & 255) } }
                files["train/a/\(index).png"] = pngFile(width: 9, height: 7, rows)
            }
            try write(files, in: folder)
            let one = try open(folder, ImageOptions(size: 8, threads: 1))
            let ahead = PrefetchedDataSet(try open(folder, ImageOptions(size: 8, threads: 3)), lastStep: 5)
            for step in [1, 2, 3, 4, 5, 2, 5] {
                let batch = try ahead.trainingBatch(step: step, batchSize: 3, seed: 2)
                #expect(try batch == one.trainingBatch(step: step, batchSize: 3, seed: 2))
                #expect(Set(try #require(batch.images).elements).count > 100)
            }
        }
    }

    /// Of a ribbon the middle, of a size that fits the memory.
    @Test func ribbons() {
        for (width, height) in [(60000, 1), (1, 60000), (3, 40), (9, 1)] {
            let image = PixelImage(
                width: width, height: height, pixels: [UInt8](repeating: 7, count: 3 * width * height))
            let shown = ImageGeometry.resizedRegion(size: 16).validationImage(image)
            #expect(shown == PixelImage(width: 16, height: 16, pixels: [UInt8](repeating: 7, count: 3 * 256)))
        }
    }

    @Test func foldersThatDoNotFit() throws {
        try withDataFolder { folder in
            expectError(.notFound, file: folder.path, saying: "no folder train") { try open(folder) }
            try write(["train/a/1.png": image(1)], in: folder)
            expectError(.notFound, saying: "val or validation") { try open(folder) }
            try write(["val/1.png": image(1)], in: folder)
            expectError(.damaged, saying: "1 images and no class folders") { try open(folder) }
            try write(["val/a/1.png": image(1), "val/c/1.png": image(1)], in: folder)
            expectError(.damaged, saying: "1 class that training has not: c") { try open(folder) }
            try FileManager.default.removeItem(atPath: folder.path("val/c"))
            try FileManager.default.createDirectory(atPath: folder.path("train/b"), withIntermediateDirectories: true)
            expectError(.damaged, saying: "1 class folder without", "b") { try open(folder) }
            try FileManager.default.removeItem(atPath: folder.path("train/b"))
            _ = try open(folder)
            for size in [0, 7, 1025, .min] {
                expectError(.wrongOption, saying: "\(size) pixels") { try open(folder, ImageOptions(size: size)) }
            }
            expectError(.wrongOption, saying: "cannot be chosen") { try open(folder, name: "cifar10") }
            expectError(.notFound, saying: "no such folder") {
                try DataSource.open(
                    name: "images", path: folder.path("x"), batchSize: 1, context: nil, vocabulary: nil, seed: 0)
            }
        }
    }

    /// The public folder: boxes beside the images, classes of validation in a file.
    @Test func tinyImageNet() throws {
        try withDataFolder { folder in
            let root = "tiny-imagenet-200"
            let annotations = "v0.JPEG\tn2\t0\t0\t9\t9\r\nv1.JPEG\tn1\t0\t0\t9\t9\n"
            var files = [
                "\(root)/val/val_annotations.txt": Array(annotations.utf8), "\(root)/wnids.txt": Array("n2\nn1\n".utf8),
            ]
            for (index, name) in ["n1", "n2"].enumerated() {
                files["\(root)/train/\(name)/images/\(name)_0.JPEG"] = image(UInt8(index), width: 64, height: 64)
                files["\(root)/train/\(name)/\(name)_boxes.txt"] = [1]
                files["\(root)/val/images/v\(index).JPEG"] = image(UInt8(10 + index), width: 64, height: 64)
            }
            try write(files, in: folder)
            let data = try open(folder, ImageOptions(), name: "tiny-imagenet")
            #expect(data.description == .images(channels: 3, height: 64, width: 64, classes: 2))
            let validation = try data.validationBatches(batchSize: 2)[0]
            #expect(validation.targets == [1, 0])
            #expect(try reds(validation) == [10, 11])
            #expect(Set(try data.trainingBatch(step: 1, batchSize: 2, seed: 0).targets) == [0, 1])
            let cases = [
                ("v0.JPEG", "not an image's name"), ("v0.JPEG\tn3", "'n3'"), ("../x\tn1", "name"), ("\n", "no image"),
            ]
            for (line, word) in cases {
                try folder.write(Array(line.utf8), to: "\(root)/val/val_annotations.txt")
                expectError(.damaged, offset: word == "no image" ? nil : 0, saying: word) {
                    try open(folder, ImageOptions(), name: "tiny-imagenet")
                }
            }
        }
    }

    /// Regions lie in the image with the shares and ratios that are said; a ribbon has none, and gives its center.
    @Test func randomRegions() {
        var generator = PhiloxGenerator(seed: 1)
        var shares: [Double] = []
        for _ in 0..<2000 {
            // So large that every region of at most half of the area fits.
            let region = randomRegion(of: PixelRegion(x: 0, y: 0, width: 1000, height: 1000), &generator)
            #expect(region.x >= 0 && region.y >= 0 && region.x + region.width <= 1000 && region.y + region.height <= 1000)
            let ratio = Double(region.width) / Double(region.height)
            #expect(ratio > 0.745 && ratio < 1.342)
            let share = Double(region.width * region.height) / 1e6
            #expect(share > 0.079)
            if share <= 0.5 { shares.append(share) }
        }
        // Uniform in 0.08…0.5.
        expectStatistical(shares, mean: 0.29)
        let ribbon = randomRegion(of: PixelRegion(x: 0, y: 0, width: 900, height: 3), &generator)
        #expect(ribbon == PixelRegion(x: 448, y: 0, width: 4, height: 3))
        let pixel = randomRegion(of: PixelRegion(x: 0, y: 0, width: 1, height: 1), &generator)
        #expect(pixel == PixelRegion(x: 0, y: 0, width: 1, height: 1))
    }
}
