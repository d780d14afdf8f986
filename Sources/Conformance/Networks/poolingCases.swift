import Compute
import MatrixCore

/// The largest entries under kernels, of inputs with many equal entries and a few that are no numbers. Nothing but the sums of
/// gradients is computed, and their order is part of the definition.
func poolingCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    [
        (2, 6, 8, 5, 2, 2, 0), (2, 7, 5, 17, 2, 2, 0), (3, 7, 6, 3, 3, 2, 1), (1, 4, 4, 33, 3, 1, 1), (1, 1, 1, 2, 3, 2, 1),
        (70, 9, 9, 16, 3, 2, 1), (0, 4, 4, 2, 2, 2, 0),
    ].map { (batch, height, width, channels, kernel, step, padding) -> ConformanceCase<Backend> in
        let shape = ConvolutionShape(
            batch: batch, height: height, width: width, inputs: channels, outputs: channels, kernel: kernel, stride: step,
            padding: padding)
        return ConformanceCase(
            "maxPooling, \(batch) images of \(channels) × \(height) × \(width), kernel \(kernel), stride \(step)"
        ) { judge in
            var x: Matrix<Backend.Scalar> = deviates(channels, batch * height * width, seed: 41)
            x = x.mapped { ($0 * 3).rounded(.down) }
            for index in stride(from: 29, to: x.elements.count, by: 71) { x.elements[index] = .nan }
            let positions = batch * shape.outputHeight * shape.outputWidth
            let dy: Matrix<Backend.Scalar> = deviates(channels, positions, seed: 42)
            let expected = PoolingLoop(shape, x, dy)
            let (backend, tensor) = (judge.backend, judge.backend.tensor(x))
            judge.expectEqual(backend.maxPooling(tensor, shape), expected.output, "output")
            judge.expectEqual(
                backend.maxPoolingGradient(backend.tensor(dy), input: tensor, shape), expected.gradient, "gradient")
        }
    }
}

/// Output after output, channel after channel, pixel after pixel.
private struct PoolingLoop<Scalar: MatrixScalar> {
    private(set) var output: Matrix<Scalar>
    private(set) var gradient: Matrix<Scalar>

    init(_ shape: ConvolutionShape, _ x: Matrix<Scalar>, _ dy: Matrix<Scalar>) {
        output = Matrix(rows: dy.rows, columns: dy.columns)
        gradient = Matrix(rows: x.rows, columns: x.columns)
        for position in 0..<dy.columns {
            let sample = position / (shape.outputHeight * shape.outputWidth)
            let (row, column) = (position / shape.outputWidth % shape.outputHeight, position % shape.outputWidth)
            let pixels = (0..<shape.kernel * shape.kernel).compactMap { tap -> Int? in
                let y = row * shape.stride + tap / shape.kernel - shape.padding
                let x = column * shape.stride + tap % shape.kernel - shape.padding
                guard 0..<shape.height ~= y, 0..<shape.width ~= x else { return nil }
                return (sample * shape.height + y) * shape.width + x
            }
            for channel in 0..<x.rows {
                let values = pixels.map { x[channel, $0] }
                let place =
                    values.firstIndex { $0.isNaN } ?? values.indices.first { at in values.allSatisfy { $0 <= values[at] } }
                guard let place else { continue }
                output[channel, position] = values[place]
                gradient[channel, pixels[place]] += dy[channel, position]
            }
        }
    }
}
