import MatrixCore
import NeuralNetworks

/// A sequence of tokens for predicting each from those before it; the last tenth is for validation.
///
/// A sample is a window of `context` tokens, its targets the tokens one place further. In every epoch the training
/// windows are disjoint, lie one after the other from an offset that is drawn for the epoch, and come in shuffled order,
/// so that an epoch sees a token once and the windows' edges move. At most `context` − 1 tokens and less than a window
/// stay out of an epoch. Validation windows are disjoint and in order.
struct TokenDataSet: DataSet {
    private let tokens: [UInt16]
    private let vocabulary: Int
    private let context: Int
    private let trainingCount: Int
    /// Of an epoch's first window.
    private let largestOffset: Int
    private let order: ShuffledOrder

    /// - Throws: `DataError` where training or validation has no window.
    init(_ tokens: [UInt16], vocabulary: Int, context: Int, file: String?) throws(DataError) {
        guard vocabulary >= 2 else {
            throw DataError(
                kind: .tooShort, file: file, problem: "one token in all, where nothing is to be predicted",
                advice: "give more data")
        }
        let trainingCount = tokens.count * 9 / 10
        let validationCount = tokens.count - trainingCount
        guard context < min(trainingCount, validationCount) else {
            throw DataError(
                kind: .tooShort, file: file,
                problem: """
                    \(trainingCount) tokens for training and \(validationCount) for validation, and a context of \
                    \(context) needs one more in both
                    """,
                advice: "give more data or a smaller context")
        }
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.context = context
        self.trainingCount = trainingCount
        // As many windows as fit behind the largest offset, and always one; the last needs a target more.
        let windows = max(1, (trainingCount - context) / context)
        order = ShuffledOrder(count: windows)
        largestOffset = min(context, trainingCount - windows * context) - 1
    }

    var fingerprint: String { "\(tokens.count) tokens, XXH3 \(contentFingerprint(of: tokens))" }

    var description: DataDescription { .tokens(vocabulary: vocabulary, context: context) }

    func batchesPerEpoch(batchSize: Int) -> Int { order.batchesPerEpoch(batchSize: batchSize) }

    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) -> Batch {
        let epoch = order.epoch(step: step, batchSize: batchSize)
        var generator = PhiloxGenerator(seed: seed, for: .windowOffset, number: epoch)
        let offset = generator.below(largestOffset + 1)
        return batch(order.samples(step: step, batchSize: batchSize, seed: seed).map { offset + $0 * context })
    }

    func validationBatches(batchSize: Int) -> BatchCollection {
        let windows = (tokens.count - trainingCount - 1) / context
        return BatchCollection(samples: windows, batchSize: batchSize) { samples in
            batch(samples.map { trainingCount + $0 * context })
        }
    }

    private func batch(_ starts: [Int]) -> Batch {
        func window(_ start: Int) -> some Sequence<Int> { tokens[start..<start + context].lazy.map { Int($0) } }
        return Batch(
            content: .tokens(starts.flatMap { window($0) }), size: starts.count,
            targets: starts.flatMap { window($0 + 1) })
    }
}
