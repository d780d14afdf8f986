import Compute

/// Some queries of some heads, whose scores are in memory at once: either all heads of some samples, or some of one sample.
struct AttentionPiece: Equatable {
    let samples: Range<Int>
    let heads: Range<Int>
    let queries: Range<Int>
    /// Those that any of the queries sees.
    let keys: Int

    var pairCount: Int { samples.count * heads.count }
    func firstPair(_ shape: AttentionShape) -> Int { samples.lowerBound * shape.heads + heads.lowerBound }
}

/// The pieces of an attention, the last queries of each head first.
struct AttentionPieces {
    let all: [AttentionPiece]
    /// The most entries that the scores of one of them have.
    let largest: Int

    /// - Parameters:
    ///   - entries: the most scores at once, unless those of one query are more: by default 32 MiB of float32, which stay in the
    ///     second cache of an H100 between the products and the softmax.
    ///   - block: the most queries at once. A causal block skips the keys behind it.
    init(_ shape: AttentionShape, entries: Int = 8 << 20, block: Int = 512) {
        let length = max(shape.length, 1)
        let block = max(1, min(block, entries / length, length))
        var pieces: [AttentionPiece] = []
        for first in stride(from: 0, to: shape.length, by: block).reversed() {
            let queries = first..<min(first + block, shape.length)
            let keys = shape.isCausal ? queries.upperBound : shape.length
            let pairs = max(1, entries / (keys * queries.count))
            // Fewer than all heads only within a sample.
            let (sampleStep, headStep) = (max(1, pairs / max(shape.heads, 1)), min(pairs, max(shape.heads, 1)))
            for sample in stride(from: 0, to: shape.batch, by: sampleStep) {
                for head in stride(from: 0, to: shape.heads, by: headStep) {
                    pieces.append(
                        AttentionPiece(
                            samples: sample..<min(sample + sampleStep, shape.batch),
                            heads: head..<min(head + headStep, shape.heads), queries: queries, keys: keys))
                }
            }
        }
        all = pieces
        largest = pieces.map { $0.pairCount * $0.keys * $0.queries.count }.max() ?? 0
    }
}
