import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

/// The sum over input channels, kernel rows and kernel columns, for every sample, output channel, row and column.
private func directConvolution(
    _ input: Matrix<Double>, _ weight: Matrix<Double>, _ shape: ConvolutionShape
) -> Matrix<Double> {
    var output = Matrix<Double>(rows: shape.outputs, columns: shape.batch * shape.outputHeight * shape.outputWidth)
    forEachTerm(shape) { output[$0.output.0, $0.output.1] += weight[$0.weight.0, $0.weight.1] * input[$0.input.0, $0.input.1] }
    return output
}

/// Where the factors of one product are, and where it is added.
private struct Term {
    let output: (Int, Int)
    let weight: (Int, Int)
    let input: (Int, Int)
}

/// The seven loops of a convolution.
private func forEachTerm(_ shape: ConvolutionShape, _ body: (Term) -> Void) {
    for sample in 0..<shape.batch {
        for output in 0..<shape.outputs {
            for row in 0..<shape.outputHeight {
                for column in 0..<shape.outputWidth {
                    let position = (sample * shape.outputHeight + row) * shape.outputWidth + column
                    for input in 0..<shape.inputs {
                        for kernelRow in 0..<shape.kernel {
                            for kernelColumn in 0..<shape.kernel {
                                let y = row * shape.stride + kernelRow - shape.padding
                                let x = column * shape.stride + kernelColumn - shape.padding
                                guard 0..<shape.height ~= y, 0..<shape.width ~= x else { continue }
                                body(
                                    Term(
                                        output: (output, position),
                                        weight: (output, (input * shape.kernel + kernelRow) * shape.kernel + kernelColumn),
                                        input: (input, (sample * shape.height + y) * shape.width + x)))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Kernels of 1, 3 and 4, strides 1 and 2, padding 0 and 1; channels around the widths of the registers, images of
/// one row, no samples.
private let shapes: [ConvolutionShape] = {
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
    return shapes
}()

/// Every result is a sum of products. Whatever the order of the n terms, with products rounded or fused, the error is
/// at most n·u/(1 − n·u)·Σ|terms| (Higham, Accuracy and Stability, section 3.1); the sum of magnitudes is the same
/// convolution of magnitudes.
@Suite struct ConvolutionTests {
    private func expectConvolution<Backend: NeuralBackend>(
        _ shape: ConvolutionShape, _ backend: Backend, threads: Int, unit: Double
    ) where Backend.Tensor == Matrix<Backend.Scalar> {
        let input = Matrix<Backend.Scalar>.random(
            rows: shape.inputs, columns: shape.batch * shape.height * shape.width, seed: 1)
        let weight = Matrix<Backend.Scalar>.random(rows: shape.outputs, columns: shape.depth, seed: 2)
        let (x, w) = (Matrix<Double>(input), Matrix<Double>(weight))
        let bound = directConvolution(x.magnitudes, w.magnitudes, shape).times(1.01 * Double(shape.depth + 1) * unit)
        backend.convolution(input, weight: weight, shape)
            .expectWithin(bound, of: directConvolution(x, w, shape), "\(shape), \(threads) threads")
    }

    @Test(arguments: setups) func isTheSevenFoldLoop(setup: Setup) {
        for shape in shapes {
            // The reference has roundings of its own, of the order of Double's.
            expectConvolution(shape, setup.double, threads: setup.threads, unit: 2 * unitOfDouble)
            expectConvolution(shape, setup.single, threads: setup.threads, unit: unitOfFloat + unitOfDouble)
        }
    }

    private func expectGradient<Backend: NeuralBackend>(
        _ shape: ConvolutionShape, _ backend: Backend, threads: Int, unit: Double
    ) where Backend.Tensor == Matrix<Backend.Scalar> {
        let positions = shape.outputHeight * shape.outputWidth
        let input = Matrix<Backend.Scalar>.random(
            rows: shape.inputs, columns: shape.batch * shape.height * shape.width, seed: 3)
        let weight = Matrix<Backend.Scalar>.random(rows: shape.outputs, columns: shape.depth, seed: 4)
        let outer = Matrix<Backend.Scalar>.random(rows: shape.outputs, columns: shape.batch * positions, seed: 5)
        let gradient = backend.convolutionGradient(outer, input: input, weight: weight, shape, wantsInput: true)
        let (x, w, dy) = (Matrix<Double>(input), Matrix<Double>(weight), Matrix<Double>(outer))
        var (dx, dw) = (Matrix<Double>(rows: x.rows, columns: x.columns), Matrix<Double>(rows: w.rows, columns: w.columns))
        var (dxBound, dwBound) = (dx, dw)
        forEachTerm(shape) { term in
            let g = dy[term.output.0, term.output.1]
            let (left, right) = (w[term.weight.0, term.weight.1], x[term.input.0, term.input.1])
            dx[term.input.0, term.input.1] += g * left
            dw[term.weight.0, term.weight.1] += g * right
            dxBound[term.input.0, term.input.1] += (g * left).magnitude
            dwBound[term.weight.0, term.weight.1] += (g * right).magnitude
        }
        let inputTerms = Double(shape.outputs * shape.kernel * shape.kernel + 1)
        let weightTerms = Double(shape.batch * positions + threads + 1)
        gradient.input?.expectWithin(dxBound.times(1.01 * inputTerms * unit), of: dx, "input, \(shape)")
        gradient.weight.expectWithin(dwBound.times(1.01 * weightTerms * unit), of: dw, "weight, \(shape)")
        let without = backend.convolutionGradient(outer, input: input, weight: weight, shape, wantsInput: false)
        #expect(gradient.input != nil && without.input == nil && without.weight == gradient.weight)
    }

    @Test(arguments: setups) func gradientsAreTheTransposedLoops(setup: Setup) {
        for shape in shapes {
            expectGradient(shape, setup.double, threads: setup.threads, unit: 2 * unitOfDouble)
            expectGradient(shape, setup.single, threads: setup.threads, unit: unitOfFloat + unitOfDouble)
        }
    }

    /// The loss Σ g∘conv(x, w) is linear in each argument: with a step of 1 the differences have rounding errors alone.
    @Test func gradientsAreDifferences() {
        let backend = CPUBackend<Double>()
        let shape = ConvolutionShape(batch: 2, height: 5, width: 4, inputs: 2, outputs: 3, kernel: 3, stride: 2, padding: 1)
        let x = Matrix<Double>.random(rows: 2, columns: 40, seed: 6)
        let w = Matrix<Double>.random(rows: 3, columns: 18, seed: 7)
        let g = Matrix<Double>.random(rows: 3, columns: 2 * shape.outputHeight * shape.outputWidth, seed: 8)
        let gradient = backend.convolutionGradient(g, input: x, weight: w, shape, wantsInput: true)
        // Fewer than 1000 terms of at most 2 each in a loss.
        let bound = 2 * 1000 * 1000 * unitOfDouble
        gradient.input?.expectWithin(
            bound, of: centralDifferences(at: x, step: 1) { innerProduct(backend.convolution($0, weight: w, shape), g) },
            "input")
        gradient.weight.expectWithin(
            bound, of: centralDifferences(at: w, step: 1) { innerProduct(backend.convolution(x, weight: $0, shape), g) },
            "weight")
    }

    @Test(arguments: setups) func theSameThreadsGiveTheSameBits(setup: Setup) {
        let shape = ConvolutionShape(batch: 5, height: 16, width: 16, inputs: 16, outputs: 32, kernel: 3, padding: 1)
        let x = Matrix<Float>.random(rows: 16, columns: 5 * 256, seed: 9)
        let w = Matrix<Float>.random(rows: 32, columns: 144, seed: 10)
        let g = Matrix<Float>.random(rows: 32, columns: 5 * 256, seed: 11)
        let backend = setup.single
        let first = backend.convolutionGradient(g, input: x, weight: w, shape, wantsInput: true)
        let output = backend.convolution(x, weight: w, shape)
        for _ in 0..<5 {
            #expect(backend.convolution(x, weight: w, shape) == output)
            let again = backend.convolutionGradient(g, input: x, weight: w, shape, wantsInput: true)
            #expect(again.input == first.input && again.weight == first.weight)
        }
    }
}
