import Compute
import LinearAlgebra
import MatrixCore

extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func convolution(
        _ input: Matrix<Scalar>, weight: Matrix<Scalar>, _ shape: ConvolutionShape
    ) -> Matrix<Scalar> {
        requireShape(shape, input: input, weight: weight)
        let positions = shape.outputHeight * shape.outputWidth
        return filled(rows: shape.outputs, columns: shape.batch * positions) { output in
            input.withElements { x in
                weight.withElements { w in
                    let direct = hasKernels ? DirectConvolution(kernels: kernels, shape: shape) : nil
                    let packed = direct?.packed(floats(w)) ?? []
                    inPieces(shape.batch, atLeast: 1) { samples in
                        if let direct {
                            return direct.convolve(
                                floats(x), packed: packed, samples: samples, into: floats(output))
                        }
                        convolve(x, w, samples, shape, output)
                    }
                }
            }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func convolutionGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, weight: Matrix<Scalar>, _ shape: ConvolutionShape,
        wantsInput: Bool
    ) -> (input: Matrix<Scalar>?, weight: Matrix<Scalar>) {
        requireShape(shape, input: input, weight: weight)
        requireShape(shape, outputGradient: outputGradient)
        let weightGradient = convolutionWeightGradient(outputGradient, input, shape)
        let inputGradient = wantsInput ? convolutionInputGradient(outputGradient, weight, shape) : nil
        return (inputGradient, weightGradient)
    }

    /// Each piece sums over its samples; the sums are added in the order of the pieces.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func convolutionWeightGradient(
        _ outputGradient: Matrix<Scalar>, _ input: Matrix<Scalar>, _ shape: ConvolutionShape
    ) -> Matrix<Scalar> {
        let direct = hasKernels ? DirectConvolution(kernels: kernels, shape: shape) : nil
        let pieces = pieceCount(shape.batch, atLeast: 1)
        let size = direct?.sumSize ?? shape.outputs * shape.depth
        var sums = Matrix<Scalar>(rows: size, columns: pieces)
        changing(&sums) { sums in
            outputGradient.withElements { dy in
                input.withElements { x in
                    inPieces(pieces, atLeast: 1) { own in
                        for index in own {
                            let samples = piece(index, of: pieces, shape.batch)
                            let sum = sums + index * size
                            if let direct {
                                direct.addWeightGradient(floats(dy), floats(x), samples: samples, to: floats(sum))
                            } else {
                                addWeightGradient(dy, x, samples, shape, sum)
                            }
                        }
                    }
                }
            }
            for index in 1..<max(pieces, 1) {
                for entry in 0..<size { sums[entry] += sums[index * size + entry] }
            }
        }
        return filled(rows: shape.outputs, columns: shape.depth) { gradient in
            sums.withElements {
                if let direct {
                    direct.unpack(floats($0), into: floats(gradient))
                } else {
                    gradient.initialize(from: $0, count: size)
                }
            }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func convolutionInputGradient(
        _ outputGradient: Matrix<Scalar>, _ weight: Matrix<Scalar>, _ shape: ConvolutionShape
    ) -> Matrix<Scalar> {
        filled(rows: shape.inputs, columns: shape.batch * shape.height * shape.width) { dx in
            outputGradient.withElements { dy in
                weight.withElements { w in
                    let direct = hasKernels ? DirectConvolution(kernels: kernels, shape: shape) : nil
                    let passes = direct?.inputPasses(floats(w))
                    inPieces(shape.batch, atLeast: 1) { samples in
                        if let direct, let passes {
                            return direct.inputGradient(floats(dy), passes, samples: samples, into: floats(dx))
                        }
                        inputGradient(dy, w, samples, shape, dx)
                    }
                }
            }
        }
    }

    private func requireShape(_ shape: ConvolutionShape, input: Matrix<Scalar>, weight: Matrix<Scalar>) {
        precondition(
            input.rows == shape.inputs && input.columns == shape.batch * shape.height * shape.width
                && weight.rows == shape.outputs && weight.columns == shape.depth,
            "an image of \(input.rows) × \(input.columns) and a weight of \(weight.rows) × \(weight.columns) for \(shape)")
    }

    private func requireShape(_ shape: ConvolutionShape, outputGradient: Matrix<Scalar>) {
        precondition(
            outputGradient.rows == shape.outputs
                && outputGradient.columns == shape.batch * shape.outputHeight * shape.outputWidth,
            "an output of \(outputGradient.rows) × \(outputGradient.columns) for \(shape)")
    }
}

/// Y = W·patches(X), sample by sample.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func convolve<Scalar: LAPACKScalar>(
    _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ samples: Range<Int>, _ shape: ConvolutionShape,
    _ output: UnsafeMutablePointer<Scalar>
) {
    let positions = shape.outputHeight * shape.outputWidth
    let patches = UnsafeMutablePointer<Scalar>.allocate(capacity: shape.depth * positions)
    defer { patches.deallocate() }
    for sample in samples {
        gatherPatches(x + sample * shape.inputs * shape.height * shape.width, shape, patches)
        accumulate(
            into: MutableMatrixView(
                output + sample * shape.outputs * positions, rows: shape.outputs, columns: positions,
                leading: shape.outputs),
            MatrixView(w, rows: shape.outputs, columns: shape.depth, leading: shape.outputs),
            MatrixView(patches, rows: shape.depth, columns: positions, leading: shape.depth), alpha: 1, beta: 0)
    }
}

/// dW += dY·patches(X)ᵀ.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func addWeightGradient<Scalar: LAPACKScalar>(
    _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ samples: Range<Int>, _ shape: ConvolutionShape,
    _ dw: UnsafeMutablePointer<Scalar>
) {
    let positions = shape.outputHeight * shape.outputWidth
    let patches = UnsafeMutablePointer<Scalar>.allocate(capacity: shape.depth * positions)
    defer { patches.deallocate() }
    for sample in samples {
        gatherPatches(x + sample * shape.inputs * shape.height * shape.width, shape, patches)
        accumulate(
            into: MutableMatrixView(dw, rows: shape.outputs, columns: shape.depth, leading: shape.outputs),
            MatrixView(
                dy + sample * shape.outputs * positions, rows: shape.outputs, columns: positions,
                leading: shape.outputs), transposed: false,
            MatrixView(patches, rows: shape.depth, columns: positions, leading: shape.depth), transposed: true,
            alpha: 1, beta: 1)
    }
}

/// dX: Wᵀ·dY, every patch added where it was taken from.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func inputGradient<Scalar: LAPACKScalar>(
    _ dy: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ samples: Range<Int>, _ shape: ConvolutionShape,
    _ dx: UnsafeMutablePointer<Scalar>
) {
    let positions = shape.outputHeight * shape.outputWidth
    let image = shape.inputs * shape.height * shape.width
    let patches = UnsafeMutablePointer<Scalar>.allocate(capacity: shape.depth * positions)
    defer { patches.deallocate() }
    for sample in samples {
        accumulate(
            into: MutableMatrixView(patches, rows: shape.depth, columns: positions, leading: shape.depth),
            MatrixView(w, rows: shape.outputs, columns: shape.depth, leading: shape.outputs), transposed: true,
            MatrixView(
                dy + sample * shape.outputs * positions, rows: shape.outputs, columns: positions,
                leading: shape.outputs), alpha: 1, beta: 0)
        let target = dx + sample * image
        for entry in 0..<image { target[entry] = 0 }
        scatterPatches(patches, shape, target)
    }
}

/// The rows or columns of a kernel that fall into the image, where its first one lies at `start`.
private func kernelRange(start: Int, kernel: Int, extent: Int) -> Range<Int> {
    let lower = max(0, -start)
    return lower..<max(lower, min(kernel, extent - start))
}

/// One column a position: the entries under the kernel, input channels slowest, zeros outside the image.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func gatherPatches<Scalar: LAPACKScalar>(
    _ image: UnsafePointer<Scalar>, _ shape: ConvolutionShape, _ patches: UnsafeMutablePointer<Scalar>
) {
    let area = shape.kernel * shape.kernel
    var patch = patches
    for row in 0..<shape.outputHeight {
        let top = row * shape.stride - shape.padding
        let rows = kernelRange(start: top, kernel: shape.kernel, extent: shape.height)
        for column in 0..<shape.outputWidth {
            let left = column * shape.stride - shape.padding
            let columns = kernelRange(start: left, kernel: shape.kernel, extent: shape.width)
            if rows.count * columns.count < area {
                for entry in 0..<shape.depth { patch[entry] = 0 }
            }
            for kernelRow in rows {
                for kernelColumn in columns {
                    let source = image + ((top + kernelRow) * shape.width + left + kernelColumn) * shape.inputs
                    let target = patch + kernelRow * shape.kernel + kernelColumn
                    for channel in 0..<shape.inputs { target[channel * area] = source[channel] }
                }
            }
            patch += shape.depth
        }
    }
}

/// The transpose of `gatherPatches`.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func scatterPatches<Scalar: LAPACKScalar>(
    _ patches: UnsafePointer<Scalar>, _ shape: ConvolutionShape, _ image: UnsafeMutablePointer<Scalar>
) {
    let area = shape.kernel * shape.kernel
    var patch = patches
    for row in 0..<shape.outputHeight {
        let top = row * shape.stride - shape.padding
        let rows = kernelRange(start: top, kernel: shape.kernel, extent: shape.height)
        for column in 0..<shape.outputWidth {
            let left = column * shape.stride - shape.padding
            for kernelRow in rows {
                for kernelColumn in kernelRange(start: left, kernel: shape.kernel, extent: shape.width) {
                    let target = image + ((top + kernelRow) * shape.width + left + kernelColumn) * shape.inputs
                    let source = patch + kernelRow * shape.kernel + kernelColumn
                    for channel in 0..<shape.inputs { target[channel] += source[channel * area] }
                }
            }
            patch += shape.depth
        }
    }
}
