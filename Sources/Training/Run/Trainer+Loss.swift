import Compute

extension Trainer {
    /// Loss, gradient and hits of a batch; of mixed samples, the weighted mean of both losses, and the hits of the target that
    /// weighs more.
    func entropy(_ logits: consuming Backend.Tensor, _ batch: Batch) -> CrossEntropy<Backend.Tensor> {
        let smoothing = settings.labelSmoothing
        guard let mixture = batch.mixture else {
            return backend.softmaxCrossEntropy(logits, targets: batch.targets, smoothing: smoothing)
        }
        let own = backend.softmaxCrossEntropy(copy logits, targets: batch.targets, smoothing: smoothing)
        let other = backend.softmaxCrossEntropy(logits, targets: mixture.targets, smoothing: smoothing)
        let share = mixture.share
        return CrossEntropy(
            loss: (1 - share) * own.loss + share * other.loss,
            gradient: backend.combine(Float(1 - share), own.gradient, Float(share), other.gradient),
            correct: share > 0.5 ? other.correct : own.correct)
    }
}
