import Compute
import MatrixCore

/// The first position of every sample, the class token's: width × (sample, position) to width × samples.
struct FirstPosition<Backend: NeuralBackend>: Layer {
    let width: Int
    /// The positions of a sample.
    let length: Int

    /// - Returns: as the record, the batch.
    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Int) {
        (pass.backend.selectColumns(input, (0..<pass.batch).map { $0 * length }), pass.batch)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ batch: Int, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let zero = pass.backend.zeros(rows: width, columns: 1)
        let extended = pass.backend.appendingColumn(zero, to: outputGradient, rows: width, columns: batch)
        let order = (0..<batch).flatMap { [$0] + Array(repeating: batch, count: length - 1) }
        return pass.backend.selectColumns(extended, order)
    }
}
