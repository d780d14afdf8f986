import Compute

/// γ∘(x − mean)/√(variance + 1e-5) + β in every channel.
///
/// In training mean and variance are the batch's, in evaluation the running ones. A step of training moves both running
/// statistics a tenth of the way to the batch's, of which the variance is taken unbiased there (divided by positions − 1),
/// as PyTorch does; a batch of a single position has the variance 0.
///
/// Source: Ioffe and Szegedy, arXiv 1502.03167, algorithms 1 and 2.
struct BatchNormalization<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        /// Nil in evaluation.
        let statistics: NormalizationStatistics<Backend.Vector>?
    }

    static var offset: Backend.Scalar { 1e-5 }
    static var momentum: Backend.Scalar { 0.1 }

    /// The positions of a sample.
    private let positions: Int
    private let gain: Int
    private let bias: Int
    private let runningMean: Int
    private let runningVariance: Int

    init(_ layout: inout NetworkLayout, _ name: String, channels: Int, positions: Int) {
        self.positions = positions
        gain = layout.addParameter("\(name).gain", [channels], .constant(1), decays: false)
        bias = layout.addParameter("\(name).bias", [channels], .constant(0), decays: false)
        runningMean = layout.addRunningStatistic("\(name).runningMean", [channels], startingAt: 0)
        runningVariance = layout.addRunningStatistic("\(name).runningVariance", [channels], startingAt: 1)
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let (gain, bias) = (pass.parameters[gain], pass.parameters[bias])
        guard pass.isTraining else {
            let output = pass.backend.batchNormalization(input, gain: gain, bias: bias, statistics: running(pass))
            return (output, Record(input: input, statistics: nil))
        }
        let (output, statistics) = pass.backend.batchNormalization(
            input, gain: gain, bias: bias, offset: Self.offset)
        moveRunningStatistics(towards: statistics, &pass)
        return (output, Record(input: input, statistics: statistics))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        guard let statistics = record.statistics else {
            preconditionFailure("the gradient of a pass in evaluation")
        }
        let gradient = pass.backend.batchNormalizationGradient(
            outputGradient, input: record.input, gain: pass.parameters[gain], statistics: statistics)
        pass.contribute(gradient.gain, to: gain)
        pass.contribute(gradient.bias, to: bias)
        return gradient.input
    }

    private func running(_ pass: ForwardPass<Backend>) -> NormalizationStatistics<Backend.Vector> {
        let backend = pass.backend
        return NormalizationStatistics(
            means: backend.vector(flattening: pass.runningStatistics[runningMean]),
            inverseDeviations: backend.map(
                backend.vector(flattening: pass.runningStatistics[runningVariance]),
                .inverseDeviation(offset: Self.offset)))
    }

    private func moveRunningStatistics(
        towards statistics: NormalizationStatistics<Backend.Vector>, _ pass: inout ForwardPass<Backend>
    ) {
        let (backend, count) = (pass.backend, pass.batch * positions)
        let correction = Backend.Scalar(count) / Backend.Scalar(max(count - 1, 1))
        let variances = backend.map(
            statistics.inverseDeviations, .variance(offset: Self.offset, factor: correction))
        for (index, target) in [(runningMean, statistics.means), (runningVariance, variances)] {
            backend.combine(
                1 - Self.momentum, into: &pass.runningStatistics[index], Self.momentum, backend.column(target))
        }
    }
}
