import Compute

extension CUDABackend {
    /// Of equal largest entries the first counts. Column sums are taken in the scalar's precision, the mean in double precision. The
    /// gradient takes the place of logits that nobody else holds: those of a language model are its largest tensor.
    public func softmaxCrossEntropy(
        _ logits: consuming Tensor, targets: [Int], smoothing: Double
    ) -> CrossEntropy<Tensor> {
        let (classes, count) = (logits.rows, logits.columns)
        precondition(targets.count == count, "\(targets.count) targets for \(count) columns")
        precondition(targets.allSatisfy { 0..<classes ~= $0 }, "targets of \(classes) classes")
        let isAlone = isKnownUniquelyReferenced(&logits.memory)
        let gradient = isAlone ? logits : makeTensor(rows: classes, columns: count)
        if count == 0 { return CrossEntropy(loss: 0, gradient: gradient, correct: 0) }
        let (losses, hits) = (allocate(count, of: Double.self), allocate(count, of: Double.self))
        let totals = allocate(2, of: Double.self)
        let chosen = upload(targets.map { Int32($0) })
        // Eight entries a thread, where the column is not longer than that.
        let threads = min(512, classes.groups(of: 8).groups(of: 32) * 32)
        launch(
            .crossEntropy, "cross_entropy", blocks: count, threads: threads, logits.address, chosen.address,
            Int64(classes), smoothing, 1 / Double(count), gradient.address, losses.address, hits.address)
        launch(
            .crossEntropy, "cross_entropy_totals", blocks: 1, threads: 1024, losses.address, hits.address, Int64(count),
            totals.address)
        let values: [Double] = download(totals, count: 2)
        return CrossEntropy(loss: values[0] / Double(count), gradient: gradient, correct: Int(values[1]))
    }
}
