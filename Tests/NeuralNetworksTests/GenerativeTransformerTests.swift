import Compute
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

@Suite struct GenerativeTransformerTests {
    private func logits(
        _ network: GenerativeTransformer<Processor>, _ state: NetworkState<Processor>, _ tokens: [Int], batch: Int
    ) -> Matrix<Double> {
        var pass = ForwardPass(state, isTraining: false, seed: 0, Processor())
        return network.forward(.tokens(tokens, batch: batch), &pass).logits
    }

    /// What comes later, and what other samples hold, changes no bit of a position's logits.
    @Test func laterTokensDoNotReachEarlierLogits() throws {
        let network = try GenerativeTransformer<Processor>(
            vocabulary: 7, context: 6, layers: 2, width: 8, heads: 2, hidden: nil, dropout: 0, tiesHead: false)
        let state = NetworkState<Processor>(
            parameters: genericParameters(network.parameters), runningStatistics: [])
        let tokens = [0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1]
        let reference = logits(network, state, tokens, batch: 2)
        for changed in tokens.indices {
            var other = tokens
            other[changed] = (other[changed] + 1) % 7
            let result = logits(network, state, other, batch: 2)
            for position in tokens.indices {
                let isReached = position / 6 == changed / 6 && position >= changed
                #expect(
                    (result.column(position).elementsEqual(reference.column(position))) == !isReached,
                    "token \(changed), logits \(position)")
            }
        }
    }

    /// At the start the loss is near ln V. Columns x of the final normalization have ‖x‖² ≤ width, head rows are independent
    /// normals of deviation 0.02, so that logits are normal of variance at most σ² = 0.02²·width. The loss exceeds ln V by
    /// the mean of ln(mean exp z), which is at most σ²/2 in expectation and at least 0 up to the mean of z, less the mean
    /// target logit. With every token a target once, the mean target logit and the mean of z deviate by at most σ/√V each:
    /// five deviations of both.
    @Test func initialLossIsNearTheLogarithmOfTheVocabulary() throws {
        let (vocabulary, width) = (64, 32)
        let network = try GenerativeTransformer<Processor>(
            vocabulary: vocabulary, context: 16, layers: 2, width: width, heads: 4, hidden: nil, dropout: 0,
            tiesHead: false)
        let state = NetworkState(initializing: network, seed: 11, Processor())
        let tokens = (0..<vocabulary).map { ($0 * 29 + 3) % vocabulary }
        let loss = Processor().softmaxCrossEntropy(
            logits(network, state, tokens, batch: 4), targets: Array(0..<vocabulary), smoothing: 0
        ).loss
        let variance = 0.02 * 0.02 * Double(width)
        let spread = 10 * (variance / Double(vocabulary)).squareRoot()
        let excess = loss - portableLogarithm(Double(vocabulary))
        #expect(-spread <= excess && excess <= variance / 2 + spread)
    }

    /// Root mean squares of the drawn weights, within five standard errors 1/√(2n) of the stated deviations.
    @Test func residualMapsStartSmaller() throws {
        let network = try GenerativeTransformer<Processor>(
            vocabulary: 32, context: 8, layers: 8, width: 32, heads: 4, hidden: nil, dropout: 0, tiesHead: false)
        let state = NetworkState(initializing: network, seed: 12, Processor())
        for (description, values) in zip(network.parameters, state.parameters)
        where description.name.hasSuffix(".weight") {
            let isResidual =
                description.name.hasSuffix("attention.output.weight")
                || description.name.hasSuffix("contraction.weight")
            // 1/√(2·8) = 1/4.
            let deviation = isResidual ? 0.005 : 0.02
            let count = Double(values.elements.count)
            let rootMeanSquare = values.frobeniusNorm / count.squareRoot()
            expectBound(
                (rootMeanSquare / deviation - 1).magnitude, atMost: 5 / (2 * count).squareRoot(), "\(description.name)")
        }
    }
}
