import Compute
import MatrixCore

/// Convolutions and their gradients as seven loops. Every result is a sum of products: whatever the order of the n terms, with
/// products rounded or fused, the error is at most n·u/(1 − n·u)·Σ|terms| (Higham, Accuracy and Stability, section 3.1), and the
/// sum of magnitudes is the same loop over magnitudes. Weights' sums may be cut among 192 threads, each a term more.
func convolutionCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    convolutionShapes.map { shape in
        ConformanceCase("convolution, \(text(shape))") { judge in
            let (input, weight): (Matrix<Backend.Scalar>, Matrix<Backend.Scalar>) = (
                deviates(shape.inputs, shape.batch * shape.height * shape.width, seed: 31),
                deviates(shape.outputs, shape.depth, seed: 32)
            )
            let positions = shape.batch * shape.outputHeight * shape.outputWidth
            let outer: Matrix<Backend.Scalar> = deviates(shape.outputs, positions, seed: 33)
            let expected = ConvolutionLoop(
                shape, input: Matrix(input), weight: Matrix(weight), outputGradient: Matrix(outer))
            let (backend, x, w, dy) = (
                judge.backend, judge.backend.tensor(input), judge.backend.tensor(weight), judge.backend.tensor(outer)
            )
            let unit = 1.01 * judge.unit
            judge.expect(
                backend.convolution(x, weight: w, shape),
                within: expected.output.bounds.mapped { $0 * Double(shape.depth + 1) * unit }, of: expected.output.sums,
                "output")
            let found = backend.convolutionGradient(dy, input: x, weight: w, shape, wantsInput: true)
            let inputTerms = Double(shape.outputs * shape.kernel * shape.kernel + 1)
            judge.expect(found.input != nil, "no gradient of the input")
            if let gradient = found.input {
                judge.expect(
                    gradient, within: expected.input.bounds.mapped { $0 * inputTerms * unit }, of: expected.input.sums,
                    "input's gradient")
            }
            judge.expect(
                found.weight, within: expected.weight.bounds.mapped { $0 * Double(positions + 193) * unit },
                of: expected.weight.sums, "weight's gradient")
            let without = backend.convolutionGradient(dy, input: x, weight: w, shape, wantsInput: false)
            judge.expect(without.input == nil, "a gradient of the input that nobody wants")
            judge.expectEqual(without.weight, backend.matrix(found.weight), "weight's gradient alone")
        }
    }
}

private func text(_ shape: ConvolutionShape) -> String {
    "\(shape.batch) images of \(shape.inputs) × \(shape.height) × \(shape.width) to \(shape.outputs), kernel \(shape.kernel), "
        + "stride \(shape.stride), padding \(shape.padding)"
}

/// Kernels of 1, 3 and 4, strides 1 and 2, padding 0 and 1; channels around the widths of the registers, images of one row, no
/// samples, and enough samples for many pieces.
private let convolutionShapes: [ConvolutionShape] = {
    var shapes: [ConvolutionShape] = []
    for kernel in [1, 3, 4] {
        for stride in [1, 2] {
            for padding in [0, 1] {
                shapes.append(
                    ConvolutionShape(
                        batch: 2, height: 7, width: 6, inputs: 3, outputs: 5, kernel: kernel, stride: stride,
                        padding: padding))
            }
        }
    }
    for (inputs, outputs) in [(3, 16), (16, 16), (16, 32), (17, 31), (32, 64), (64, 10), (1, 1), (33, 1)] {
        shapes.append(
            ConvolutionShape(batch: 3, height: 9, width: 5, inputs: inputs, outputs: outputs, kernel: 3, padding: 1))
        shapes.append(
            ConvolutionShape(
                batch: 1, height: 8, width: 18, inputs: inputs, outputs: outputs, kernel: 3, stride: 2, padding: 1))
    }
    shapes.append(ConvolutionShape(batch: 0, height: 4, width: 4, inputs: 2, outputs: 2, kernel: 3))
    shapes.append(ConvolutionShape(batch: 2, height: 1, width: 1, inputs: 4, outputs: 3, kernel: 3, padding: 1))
    shapes.append(ConvolutionShape(batch: 2, height: 1, width: 40, inputs: 16, outputs: 16, kernel: 1))
    shapes.append(ConvolutionShape(batch: 1, height: 3, width: 3, inputs: 2, outputs: 16, kernel: 3, padding: 3))
    shapes.append(
        ConvolutionShape(batch: 200, height: 5, width: 6, inputs: 3, outputs: 5, kernel: 3, stride: 2, padding: 1))
    return shapes
}()

/// Output and gradients by the loops, each beside the sums of the magnitudes of its terms.
private struct ConvolutionLoop {
    typealias Sums = (sums: Matrix<Double>, bounds: Matrix<Double>)
    private(set) var (output, input, weight): (Sums, Sums, Sums)

    init(_ shape: ConvolutionShape, input x: Matrix<Double>, weight w: Matrix<Double>, outputGradient g: Matrix<Double>) {
        func zeros(_ a: Matrix<Double>) -> Sums { (a.mapped { _ in 0 }, a.mapped { _ in 0 }) }
        (output, input, weight) = (zeros(g), zeros(x), zeros(w))
        forEachTerm(shape) { row, position, tap, channel, source in
            add(w[row, tap] * x[channel, source], to: &output, row, position)
            add(g[row, position] * w[row, tap], to: &input, channel, source)
            add(g[row, position] * x[channel, source], to: &weight, row, tap)
        }
    }

    private func add(_ term: Double, to sums: inout Sums, _ row: Int, _ column: Int) {
        sums.sums[row, column] += term
        sums.bounds[row, column] += term.magnitude
    }

    /// Output channel and position, column of the weight, input channel and position of every product.
    private func forEachTerm(_ shape: ConvolutionShape, _ body: (Int, Int, Int, Int, Int) -> Void) {
        for position in 0..<shape.batch * shape.outputHeight * shape.outputWidth {
            let sample = position / (shape.outputHeight * shape.outputWidth)
            let (row, column) = (position / shape.outputWidth % shape.outputHeight, position % shape.outputWidth)
            for tap in 0..<shape.depth {
                let (channel, place) = (tap / (shape.kernel * shape.kernel), tap % (shape.kernel * shape.kernel))
                let y = row * shape.stride + place / shape.kernel - shape.padding
                let x = column * shape.stride + place % shape.kernel - shape.padding
                guard 0..<shape.height ~= y, 0..<shape.width ~= x else { continue }
                let source = (sample * shape.height + y) * shape.width + x
                for output in 0..<shape.outputs { body(output, position, tap, channel, source) }
            }
        }
    }
}
