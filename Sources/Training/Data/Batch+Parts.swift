import MatrixCore

extension Batch {
    /// One of `count` parts of the samples in their order, as equal as possible: the earlier ones have one sample more where they
    /// are not equal. One part is the batch.
    ///
    /// - Precondition: `count` is at least 1 and at most `size`, and `index` is below it.
    func part(_ index: Int, of count: Int) -> Batch {
        precondition(1...size ~= count && 0..<count ~= index, "part \(index) of \(count) of \(size) samples")
        if count == 1 { return self }
        let (least, rest) = size.quotientAndRemainder(dividingBy: count)
        let start = index * least + min(index, rest)
        let samples = start..<start + least + (index < rest ? 1 : 0)
        return Batch(
            content: content.part(samples, of: size), size: samples.count, targets: slice(targets, samples, of: size),
            mixture: mixture.map { Mixture(targets: slice($0.targets, samples, of: size), share: $0.share) })
    }
}

extension Batch.Content {
    fileprivate func part(_ samples: Range<Int>, of size: Int) -> Batch.Content {
        switch self {
        case .images(let matrix):
            .images(
                Matrix(
                    rows: matrix.rows, columns: matrix.columns / size * samples.count,
                    elements: slice(matrix.elements, samples, of: size)))
        case .tokens(let tokens): .tokens(slice(tokens, samples, of: size))
        }
    }
}

/// What lies sample after sample, of some of them.
private func slice<Element>(_ elements: [Element], _ samples: Range<Int>, of size: Int) -> [Element] {
    let length = elements.count / size
    return Array(elements[samples.lowerBound * length..<samples.upperBound * length])
}
