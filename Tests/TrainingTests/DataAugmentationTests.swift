import MatrixCore
import TestSupport
import Testing

@testable import Training

/// Random crops and mirrorings of CIFAR's training images.
@Suite struct DataAugmentationTests {
    /// The shifts and the mirroring that make a drawn image of the one that `DataFolder.pixel` describes.
    private struct Placement: Hashable {
        let rowShift: Int
        let columnShift: Int
        let isMirrored: Bool

        /// - Parameter values: of image 0, one a (channel, byte), as the validation batch has them; 0 is the frame's byte.
        init?(_ image: ArraySlice<Float>, _ values: [[UInt8: Float]]) {
            for shifts in 0..<81 {
                for isMirrored in [false, true] {
                    let (rowShift, columnShift) = (shifts / 9 - 4, shifts % 9 - 4)
                    let agrees = (0..<1024).allSatisfy { position in
                        let row = position / 32 + rowShift
                        let column = (isMirrored ? 31 - position % 32 : position % 32) + columnShift
                        let isInside = row >= 0 && row < 32 && column >= 0 && column < 32
                        return (0..<3).allSatisfy { channel in
                            let byte = isInside ? DataFolder.pixel(0, channel, row, column) : 0
                            return image[image.startIndex + position * 3 + channel] == values[channel][byte]
                        }
                    }
                    if agrees {
                        self.rowShift = rowShift
                        self.columnShift = columnShift
                        self.isMirrored = isMirrored
                        return
                    }
                }
            }
            return nil
        }
    }

    /// Copies of one image, which validation holds too; and 200 drawn placements of it.
    private func placements(steps: ClosedRange<Int>, seed: UInt64) throws -> [Placement?] {
        try withDataFolder { folder in
            // A black image last, so that validation shows what the frame's byte becomes.
            try folder.writeCIFAR10(training: 20, validation: 2) { image, channel, row, column in
                image == 21 ? 0 : DataFolder.pixel(0, channel, row, column)
            }
            let data = try folder.open("cifar10", batchSize: 20)
            let shown = try #require(data.validationBatches(batchSize: 2)[0].images)
            var values = [[UInt8: Float]](repeating: [:], count: 3)
            for channel in 0..<3 {
                for position in 0..<1024 {
                    values[channel][DataFolder.pixel(0, channel, position / 32, position % 32)] = shown[channel, position]
                }
                values[channel][0] = shown[channel, 1024]
            }
            return try steps.flatMap { step in
                let drawn = try #require(data.trainingBatch(step: step, batchSize: 20, seed: seed).images).elements
                return (0..<20).map { Placement(drawn[$0 * 3072..<($0 + 1) * 3072], values) }
            }
        }
    }

    /// Every drawn image is the image shifted by −4…4 pixels, black outside, and mirrored or not: each equally often.
    @Test func imagesAreShiftedAndMirrored() throws {
        let placements = try placements(steps: 1...20, seed: 1)
        #expect(placements.count == 400)
        let found = placements.compactMap(\.self)
        #expect(found.count == 400)
        #expect(Set(found.map(\.rowShift)) == Set(-4...4))
        #expect(Set(found.map(\.columnShift)) == Set(-4...4))
        expectStatistical(found.map { Double($0.rowShift) }, mean: 0)
        expectStatistical(found.map { Double($0.columnShift) }, mean: 0)
        // The variance of a uniform integer in −4…4 is 20/3.
        expectStatistical(found.map { Double($0.rowShift * $0.rowShift) }, mean: 20.0 / 3)
        expectStatistical(found.map { Double($0.columnShift * $0.columnShift) }, mean: 20.0 / 3)
        expectStatistical(found.map { Double($0.rowShift * $0.columnShift) }, mean: 0)
        expectStatistical(found.map { $0.isMirrored ? 1 : 0 }, mean: 0.5)
    }

    @Test func placementsDependOnSeedAndStep() throws {
        let some = try placements(steps: 3...3, seed: 1)
        #expect(try placements(steps: 3...3, seed: 1) == some)
        #expect(try placements(steps: 3...3, seed: 2) != some)
        #expect(try placements(steps: 4...4, seed: 1) != some)
    }

    @Test func digitsAreLeftAsTheyAre() throws {
        try withDataFolder { folder in
            // Columns 0, 1, 2 in every row: shifting or mirroring would show.
            let pixels = (0..<40).flatMap { _ in [0, 100, 200, 0, 100, 200] as [UInt8] }
            for set in ["train", "t10k"] {
                try folder.write(DataFolder.idx([40, 2, 3], pixels), to: "\(set)-images-idx3-ubyte")
                try folder.write(DataFolder.idx([40], [UInt8](repeating: 0, count: 40)), to: "\(set)-labels-idx1-ubyte")
            }
            let data = try folder.open("mnist")
            let drawn = try data.trainingBatch(step: 1, batchSize: 40, seed: 1)
            #expect(try drawn == data.validationBatches(batchSize: 40)[0])
        }
    }
}
