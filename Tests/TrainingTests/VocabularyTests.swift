import CPUBackend
import Compute
import NeuralNetworks
import Optimizers
import Preconditioning
import Testing

@testable import Training

/// Language models whose tables of tokens have no preconditioners.
@Suite struct VocabularyTests {
    private typealias Backend = CPUBackend<Float>

    private func trainer<Rule: OptimizerRule>(
        _ rule: Rule, preconditionsVocabulary: Bool
    ) throws -> Trainer<GenerativeTransformer<Backend>, Rule> where Rule.Backend == Backend {
        let data = try DataSource.open(
            name: "synthetic-tokens", path: nil, batchSize: 2, context: 4, vocabulary: nil, seed: 1)
        guard case .tokens(let vocabulary, let context) = data.description else {
            throw DataError(kind: .damaged, file: nil, problem: "", advice: "")
        }
        let network = try GenerativeTransformer<Backend>(
            vocabulary: vocabulary, context: context, layers: 1, width: 8, heads: 2, hidden: nil, dropout: 0, tiesHead: false)
        return try Trainer(
            network: network, rule: rule, data: data,
            settings: TrainingSettings(
                batchSize: 2, schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: 2), seed: 3,
                preconditionsVocabulary: preconditionsVocabulary), Backend())
    }

    private func kfac() throws -> Preconditioned<SGDM<Backend>, TwoSided<KFAC, Backend>> {
        try Preconditioned(
            base: SGDM(learningRate: 0.5, momentum: 0, weightDecay: 0),
            method: TwoSided(
                PreconditionerSettings(
                    PreconditionerScheme(
                        statistic: .exact, root: .exact, damping: 0.1, exponent: 1, solver: .eigen, beginsAtZero: true),
                    statisticsInterval: 1, rootInterval: 1)))
    }

    /// They move as the rule alone moves them, the others as they do beside preconditioned tables.
    @Test func tablesMoveAlongTheirGradients() throws {
        var with = try trainer(kfac(), preconditionsVocabulary: true)
        var without = try trainer(kfac(), preconditionsVocabulary: false)
        var plain = try trainer(
            SGDM<Backend>(learningRate: 0.5, momentum: 0, weightDecay: 0), preconditionsVocabulary: true)
        let tables = ["tokens.weight", "head.weight"]
        #expect(with.preconditionedParameters.filter { !tables.contains($0) } == without.preconditionedParameters)
        #expect(tables.allSatisfy { with.preconditionedParameters.contains($0) })
        _ = try with.advance()
        _ = try without.advance()
        _ = try plain.advance()
        for (index, parameter) in without.network.parameters.enumerated() {
            let moved = without.numbers.parameters[index]
            let isTable = tables.contains(parameter.name)
            #expect(moved == (isTable ? plain.numbers : with.numbers).parameters[index], "\(parameter.name)")
            if isTable { #expect(moved != with.numbers.parameters[index], "\(parameter.name)") }
        }
    }

    /// An average hands on what a parameter is preconditioned as: weights with their biases, or not at all.
    @Test(arguments: [true, false]) func underAnAverage(_ preconditionsVocabulary: Bool) throws {
        let rule = Averaged(base: try kfac(), averaging: try .exponential(validating: 0.5))
        var averaged = try trainer(rule, preconditionsVocabulary: preconditionsVocabulary)
        var plain = try trainer(kfac(), preconditionsVocabulary: preconditionsVocabulary)
        #expect(averaged.preconditionedParameters == plain.preconditionedParameters)
        _ = try averaged.advance()
        _ = try plain.advance()
        #expect(averaged.numbers.parameters == plain.numbers.parameters)
    }
}
