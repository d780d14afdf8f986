import Compute

/// The means over squares of 2 × 2 pixels; a last odd row or column counts for nothing, as in PyTorch.
///
/// Two means of pairs: of neighbours in a row, which are neighbours in memory, and of rows, whose pixels together are a column
/// of another shape.
struct HalvingPooling<Backend: NeuralBackend>: Layer {
    private let height: Int
    private let width: Int
    private let channels: Int
    /// Leaves out a last odd row or column, nil where there is none.
    private let even: PositionSelection<Backend>?

    /// - Precondition: the image has two rows and columns.
    init(channels: Int, height: Int, width: Int) {
        precondition(height >= 2 && width >= 2, "squares of 2 × 2 in \(height) × \(width)")
        (self.channels, self.height, self.width) = (channels, height / 2, width / 2)
        let pixels = (0..<2 * self.height).flatMap { row in (0..<2 * (width / 2)).map { row * width + $0 } }
        even = pixels.count == height * width ? nil : PositionSelection(length: height * width, chosen: pixels)
    }

    /// - Returns: as the record, the batch.
    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Int) {
        let (backend, batch) = (pass.backend, pass.batch)
        let input = even?.forward(input, &pass).output ?? input
        let pairs = backend.groupMeans(input, size: 2)
        let rows = backend.reshaped(pairs, rows: channels * width, columns: batch * 2 * height)
        let means = backend.groupMeans(rows, size: 2)
        return (backend.reshaped(means, rows: channels, columns: batch * height * width), batch)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ batch: Int, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let backend = pass.backend
        let means = backend.reshaped(outputGradient, rows: channels * width, columns: batch * height)
        let rows = backend.spreadGroups(means, size: 2)
        let pairs = backend.reshaped(rows, rows: channels, columns: batch * 2 * height * width)
        let gradient = backend.spreadGroups(pairs, size: 2)
        return even?.backward(gradient, batch, &pass) ?? gradient
    }
}
