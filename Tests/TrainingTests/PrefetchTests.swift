import Foundation
import NeuralNetworks
import Synchronization
import Testing

@testable import Training

/// Batches that are made before they are asked for.
@Suite struct PrefetchTests {
    /// Remembers which batches it has made; the fifth cannot be.
    private final class Recorder: DataSet {
        private let made = Mutex<[Int]>([])

        var steps: [Int] { made.withLock { $0 } }
        var description: DataDescription { .tokens(vocabulary: 9, context: 1) }
        var fingerprint: String { "" }
        func batchesPerEpoch(batchSize: Int) -> Int { 9 }
        func validationBatches(batchSize: Int) -> BatchCollection { BatchCollection(count: 0) { _ in Self.batch(0) } }

        static func batch(_ step: Int) -> Batch { Batch(content: .tokens([step]), size: 1, targets: [step]) }

        func trainingBatch(step: Int, batchSize: Int, seed: UInt64) throws(DataError) -> Batch {
            made.withLock { $0.append(step) }
            if step == 5 { throw .damaged("file", at: 5, "the fifth") }
            return Self.batch(step)
        }

        /// Whether these have been made, and no others within a moment.
        func hasMade(_ expected: [Int]) -> Bool {
            let end = ContinuousClock.now + .seconds(20)
            while steps.count < expected.count && ContinuousClock.now < end { usleep(1000) }
            usleep(10_000)
            return steps == expected
        }
    }

    /// Two ahead, none twice, none behind the last step, and an error where its batch is asked for.
    @Test func aheadOfTheStep() throws {
        let recorder = Recorder()
        let data = PrefetchedDataSet(recorder, lastStep: 6)
        #expect(try data.trainingBatch(step: 1, batchSize: 1, seed: 0) == Recorder.batch(1))
        #expect(recorder.hasMade([1, 2, 3]))
        #expect(try data.trainingBatch(step: 2, batchSize: 1, seed: 0) == Recorder.batch(2))
        #expect(recorder.hasMade([1, 2, 3, 4]))
        for step in 3...4 { #expect(try data.trainingBatch(step: step, batchSize: 1, seed: 0) == Recorder.batch(step)) }
        #expect(recorder.hasMade([1, 2, 3, 4, 5, 6]))
        let error = #expect(throws: DataError.self) { try data.trainingBatch(step: 5, batchSize: 1, seed: 0) }
        #expect(error?.problem == "the fifth")
        #expect(try data.trainingBatch(step: 6, batchSize: 1, seed: 0) == Recorder.batch(6))
        #expect(recorder.hasMade([1, 2, 3, 4, 5, 6]))
    }
}
