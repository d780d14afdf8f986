import MatrixCore
import NeuralNetworks

/// A data set of images whose training batches are mixed.
struct MixedDataSet: DataSet {
    let base: any DataSet
    let mixing: BatchMixing

    var description: DataDescription { base.description }
    var fingerprint: String { base.fingerprint }
    var notes: [String] { base.notes }
    func batchesPerEpoch(batchSize: Int) -> Int { base.batchesPerEpoch(batchSize: batchSize) }
    func validationBatches(batchSize: Int) -> BatchCollection { base.validationBatches(batchSize: batchSize) }

    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) throws(DataError) -> Batch {
        let batch = try base.trainingBatch(step: step, batchSize: batchSize, seed: seed)
        guard case .images(_, let height, let width, _) = description else { return batch }
        var generator = PhiloxGenerator(seed: seed, for: .mixing, number: step)
        return mixing.mixed(batch, height: height, width: width, &generator)
    }
}
