import CPUBackend
import Compute
import Foundation
import MatrixCore
import NeuralNetworks
import Optimizers
import Preconditioning
import Testing

@testable import Training

/// Gradient descent that is evaluated at the mean of all points so far.
private struct AveragedDescent<Backend: MatrixBackend>: OptimizerRule {
    struct State: Sendable {
        var mean: Backend.Tensor
        var steps: UInt64
    }

    var learningRate = 0.02
    var withoutWeightDecay: Self { self }

    func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> State {
        State(mean: backend.tensor(Matrix(rows: parameter.rows, columns: parameter.columns)), steps: 0)
    }

    func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        backend.combine(1, intoEach: &parameters, Backend.Scalar(-learningRate), directions)
        for index in states.indices {
            states[index].steps += 1
            let weight = 1 / Backend.Scalar(states[index].steps)
            backend.combine(1 - weight, into: &states[index].mean, weight, parameters[index])
        }
    }

    func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor? {
        state.steps == 0 ? parameter : state.mean
    }

    func byteCount(_ state: State, _ backend: Backend) -> Int { backend.byteCount(state.mean) }

    func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("mean", state.mean, backend)
        archive.add("steps", .integers([state.steps]))
        return archive
    }

    func read(_ state: inout State, from archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        state.mean = try archive.tensor("mean", like: state.mean, backend)
        state.steps = try archive.integers("steps", count: 1)[0]
    }
}

/// Rules that take gradients at one point and are evaluated at another, alone and under a preconditioner.
@Suite final class EvaluationPointTests {
    private typealias Descent = AveragedDescent<CPUBackend<Float>>
    private let folder = NSTemporaryDirectory() + "/fourthroot-points-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func trainer<Rule: OptimizerRule>(
        _ rule: Rule
    ) throws -> Trainer<MultilayerPerceptron<CPUBackend<Float>>, Rule> where Rule.Backend == CPUBackend<Float> {
        try Trainer(
            network: MultilayerPerceptron(
                image: ImageShape(channels: 3, height: 32, width: 32), classes: 10, hidden: 8, layers: 1),
            rule: rule,
            data: DataSource.open(name: "synthetic", path: nil, batchSize: 32, context: nil, vocabulary: nil, seed: 1),
            settings: TrainingSettings(
                batchSize: 32, schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: 9), seed: 3,
                validationBatches: 2), CPUBackend<Float>())
    }

    private func preconditioned() throws -> Preconditioned<Descent, TwoSided<Shampoo, CPUBackend<Float>>> {
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact, damping: 1e-3, solver: .eigen)
        return try Preconditioned(
            base: Descent(),
            method: TwoSided(PreconditionerSettings(scheme, statisticsInterval: 1, rootInterval: 2, largestOrder: 96)))
    }

    @Test func theNetworkIsEvaluatedAtTheMean() throws { try expectMean(Descent()) }

    @Test func underAPreconditionerToo() throws { try expectMean(preconditioned()) }

    private func expectMean<Rule: OptimizerRule>(_ rule: Rule) throws where Rule.Backend == CPUBackend<Float> {
        var averaged = try trainer(rule)
        var points: [[Matrix<Float>]] = []
        for _ in 0..<3 {
            _ = try averaged.advance()
            points.append(averaged.numbers.parameters)
        }
        let evaluated = averaged.evaluatedNumbers.parameters
        for (index, parameter) in evaluated.enumerated() {
            for (position, value) in parameter.elements.enumerated() {
                let values = points.map { Double($0[index].elements[position]) }
                let magnitude = values.reduce(0) { $0 + $1.magnitude }
                #expect(abs(Double(value) - values.reduce(0, +) / 3) <= 8 * 0x1p-24 * magnitude)
            }
        }
        // The same numbers in a training that evaluates where it stands.
        var plain = try trainer(SGDM<CPUBackend<Float>>())
        plain.numbers.parameters = evaluated
        let evaluation = try averaged.evaluate()
        let same = try plain.evaluate()
        plain.numbers.parameters = averaged.numbers.parameters
        let other = try plain.evaluate()
        #expect(evaluation == same && evaluation != other)
    }

    /// A checkpoint stores the network that was trained, and goes on where gradients are taken.
    @Test func checkpointsHoldBothPoints() throws {
        var first = try trainer(preconditioned())
        for _ in 0..<3 { _ = try first.advance() }
        let checkpoints = try CheckpointFolder(path: folder + "/checkpoints", keeping: 1, configuration: RunConfiguration([:]))
        try checkpoints.write(first)
        let path = try #require(try checkpoints.newest())
        let content = try CheckpointContent(readingFrom: path)
        for (index, parameter) in first.network.parameters.enumerated() {
            for (folder, tensor) in [
                ("parameters", first.evaluatedNumbers.parameters[index]),
                ("training_points", first.numbers.parameters[index]),
            ] {
                let entry = try #require(content.entries.first { $0.name == "\(folder)/\(parameter.name)" })
                guard case .floats(tensor.transposed.elements) = entry.values else {
                    return #expect(Bool(false), "\(entry.name)")
                }
            }
        }
        var second = try trainer(preconditioned())
        try checkpoints.read(path, into: &second)
        for _ in 0..<2 {
            _ = try first.advance()
            _ = try second.advance()
        }
        #expect(second.numbers.parameters == first.numbers.parameters)
        #expect(second.archives.map(\.archive) == first.archives.map(\.archive))
    }

    @Test func rulesWithoutAnAverageStoreOnePoint() throws {
        let trainer = try trainer(SGDM<CPUBackend<Float>>())
        #expect(Set(trainer.namedTensors.map(\.folder)) == ["parameters"])
    }
}
