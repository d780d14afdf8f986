import CPUBackend
import Files
import Foundation
import HDF5Store
import NeuralNetworks
import Optimizers
import Preconditioning
import Quantization
import Testing

@testable import Training

/// The order of row, dump and checkpoint at the end of a run.
@Suite final class TrainingRunTests {
    private let folder = NSTemporaryDirectory() + "/fourthroot-run-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Two bits of a statistic kept by its entries are not positive definite; the root of it fails at every step.
    private func trainer() throws -> Trainer<MultilayerPerceptron<CPUBackend<Float>>, SmallShampoo> {
        let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 2), blockSize: 64)
        return try Trainer(
            network: MultilayerPerceptron(
                image: ImageShape(channels: 3, height: 32, width: 32), classes: 10, hidden: 16, layers: 1),
            rule: smallShampoo(
                PreconditionerScheme(
                    statistic: .full(coding), root: .exact, damping: 1e-6, solver: .eigen, indefinite: .fail)),
            data: DataSource.open(
                name: "synthetic", path: nil, batchSize: 32, context: nil, vocabulary: nil, seed: 1),
            settings: TrainingSettings(
                batchSize: 32, schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: 40), seed: 3,
                rootFailureLimit: 3), CPUBackend<Float>())
    }

    @Test func theStepThatEndsByRootFailuresIsRecorded() throws {
        let log = try TrainingLog(path: folder + "/l.csv", groups: [])
        let dump = try PreconditionerDump(path: folder + "/d.h5") { $0 == "head.weight" }
        try dump.start(attributes: [:])
        let checkpoints = try CheckpointFolder(path: folder + "/checkpoints", keeping: 2, configuration: RunConfiguration([:]))
        var run = TrainingRun(
            try trainer(), steps: 40, intervals: RunIntervals(dump: 2, checkpoint: 100), log: log, dump: dump,
            checkpoints: checkpoints)
        let failure = #expect(throws: DivergenceError.self) { try run.run(shouldStop: { false }, report: { _ in }) }
        guard case .roots(let step, _, count: 3, _)? = failure else {
            return #expect(Bool(false), "\(String(describing: failure))")
        }
        let rows = try String(contentsOfFile: folder + "/l.csv", encoding: .utf8).split(separator: "\n").dropFirst()
        #expect(rows.map { $0.prefix { $0 != "," } } == (1...step).map { "\($0)" })
        #expect(try HDF5File.open(folder + "/d.h5").contains(String(format: "steps/%08d/head.weight", step)))
        #expect(try checkpoints.newest() == folder + String(format: "/checkpoints/step-%08d.h5", step))
        #expect(run.missing.isEmpty)
    }
}
