import MatrixCore
import NeuralNetworks

/// A sequence of tokens for predicting each from those before it; the last tenth, or another file, is for validation.
///
/// A sample is a window of `context` tokens, its targets the tokens one place further. In every epoch the training
/// windows are disjoint, lie one after the other from an offset that is drawn for the epoch, and come in shuffled order,
/// so that an epoch sees a token once and the windows' edges move. At most `context` − 1 tokens and less than a window
/// stay out of an epoch. Validation windows are disjoint and in order.
struct TokenDataSet: DataSet {
    private let training: TokenSpan
    private let validation: TokenSpan
    private let vocabulary: Int
    private let context: Int
    /// Of an epoch's first window.
    private let largestOffset: Int
    private let order: ShuffledOrder
    let fingerprint: String

    /// - Throws: `DataError` where training or validation has no window.
    init(_ tokens: [UInt16], vocabulary: Int, context: Int, file: String?) throws(DataError) {
        try self.init(TokenList(elements: tokens), vocabulary: vocabulary, context: context, file: file)
    }

    /// - Throws: `DataError` where training or validation has no window.
    init(_ source: some TokenSource, vocabulary: Int, context: Int, file: String?) throws(DataError) {
        let trainingCount = source.count / 10 * 9 + source.count % 10 * 9 / 10
        try self.init(
            training: TokenSpan(source: source, places: 0..<trainingCount),
            validation: TokenSpan(source: source, places: trainingCount..<source.count),
            vocabulary: vocabulary, context: context, file: file, fingerprint: source.fingerprint)
    }

    /// - Throws: `DataError` where training or validation has no window.
    init(
        training: TokenSpan, validation: TokenSpan, vocabulary: Int, context: Int, file: String?, fingerprint: String
    ) throws(DataError) {
        guard vocabulary >= 2 else {
            throw DataError(
                kind: .tooShort, file: file, problem: "one token in all, where nothing is to be predicted",
                advice: "give more data")
        }
        guard context < min(training.count, validation.count) else {
            throw DataError(
                kind: .tooShort, file: file,
                problem: """
                    \(training.count) tokens for training and \(validation.count) for validation, and a context of \
                    \(context) needs one more in both
                    """,
                advice: "give more data or a smaller context")
        }
        self.training = training
        self.validation = validation
        self.vocabulary = vocabulary
        self.context = context
        self.fingerprint = fingerprint
        // As many windows as fit behind the largest offset, and always one; the last needs a target more.
        let windows = max(1, (training.count - context) / context)
        order = ShuffledOrder(count: windows)
        largestOffset = min(context, training.count - windows * context) - 1
    }

    var description: DataDescription { .tokens(vocabulary: vocabulary, context: context) }

    func batchesPerEpoch(batchSize: Int) -> Int { order.batchesPerEpoch(batchSize: batchSize) }

    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) throws(DataError) -> Batch {
        let epoch = order.epoch(step: step, batchSize: batchSize)
        var generator = PhiloxGenerator(seed: seed, for: .windowOffset, number: epoch)
        let offset = generator.below(largestOffset + 1)
        let samples = order.samples(step: step, batchSize: batchSize, seed: seed)
        return try batch(training, samples.map { offset + $0 * context })
    }

    func validationBatches(batchSize: Int) -> BatchCollection {
        BatchCollection(samples: (validation.count - 1) / context, batchSize: batchSize) { samples throws(DataError) in
            try batch(validation, samples.map { $0 * context })
        }
    }

    private func batch(_ span: TokenSpan, _ starts: [Int]) throws(DataError) -> Batch {
        var (tokens, targets): ([Int], [Int]) = ([], [])
        for start in starts {
            let window = try span.window(start, count: context + 1)
            tokens += window.dropLast()
            targets += window.dropFirst()
        }
        return Batch(content: .tokens(tokens), size: starts.count, targets: targets)
    }
}
