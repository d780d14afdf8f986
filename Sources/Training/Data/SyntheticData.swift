import MatrixCore
import NeuralNetworks

/// Images of known structure, for runs without a file.
///
/// A class is a pattern of 8 × 8 pixel squares, each square of each channel with a brightness uniform in 96…159. An
/// image is its class's pattern plus noise uniform in −96…95, independent at every entry. Classes take turns.
struct SyntheticImages {
    var classes = 10
    var shape = ImageShape(channels: 3, height: 32, width: 32)
    var trainingCount = 4096
    var validationCount = 1024

    func dataSet(seed: UInt64) -> ImageDataSet {
        var generator = PhiloxGenerator(seed: seed, for: .syntheticImages, number: 0)
        let patterns = (0..<classes).map { _ in pattern(&generator) }
        let training = images(trainingCount, patterns, seed: seed, stream: 1)
        let validation = images(validationCount, patterns, seed: seed, stream: 2)
        return ImageDataSet(training: training, validation: validation, classes: classes, augmentation: .none)
    }

    /// Channel after channel, row by row.
    private func pattern(_ generator: inout PhiloxGenerator) -> [Int] {
        let (rows, columns) = ((shape.height + 7) / 8, (shape.width + 7) / 8)
        return (0..<shape.channels).flatMap { _ in
            let squares = (0..<rows * columns).map { _ in 96 + generator.below(64) }
            return (0..<shape.height * shape.width).map {
                squares[$0 / shape.width / 8 * columns + $0 % shape.width / 8]
            }
        }
    }

    private func images(_ count: Int, _ patterns: [[Int]], seed: UInt64, stream: Int) -> LabelledImages {
        var generator = PhiloxGenerator(seed: seed, for: .syntheticImages, number: stream)
        var images = LabelledImages(shape: shape)
        images.reserve(count)
        for index in 0..<count {
            let label = index % classes
            var word: UInt64 = 0
            var image = patterns[label].map { UInt8($0 - 96) }
            for entry in image.indices {
                // Eight draws of a byte from a word; three quarters of it are 0…191.
                word = entry.isMultiple(of: 8) ? generator.next() : word >> 8
                image[entry] += UInt8((word & 0xFF) * 3 / 4)
            }
            images.append(planar: image[...], label: UInt32(label))
        }
        return images
    }
}

/// A Markov chain of known entropy, for runs without a file.
///
/// Every token has four different successors, drawn once, which follow it with probabilities 1/2, 1/4, 1/8 and 1/8: no
/// prediction has an expected cross-entropy below 7/4·ln 2 = 1.2130, and one from the last token alone reaches it.
struct SyntheticTokens {
    var vocabulary = 64
    var count = 1 << 17

    func dataSet(context: Int, seed: UInt64) throws(DataError) -> TokenDataSet {
        try TokenDataSet(tokens(seed: seed), vocabulary: vocabulary, context: context, file: nil)
    }

    func tokens(seed: UInt64) -> [UInt16] {
        var generator = PhiloxGenerator(seed: seed, for: .syntheticTokens, number: 0)
        let successors = (0..<vocabulary).map { _ in fourTokens(&generator) }
        var token = 0
        return (0..<count).map { _ in
            let eighth = generator.below(8)
            token = successors[token][eighth < 4 ? 0 : eighth < 6 ? 1 : eighth - 4]
            return UInt16(token)
        }
    }

    private func fourTokens(_ generator: inout PhiloxGenerator) -> [Int] {
        var tokens = Array(0..<vocabulary)
        for position in 0..<4 { tokens.swapAt(position, position + generator.below(vocabulary - position)) }
        return Array(tokens[..<4])
    }
}
