import Compute
import MatrixCore

/// Convolutions as products with patches, which are made for as many samples at once as `patchEntries` allows, so that they stay
/// in the device's cache. Within a patch channels come last, and weights are turned into that order.
extension CUDABackend {
    /// 32 MiB of float32: an H100's second cache has 50.
    static var patchEntries: Int { 8 << 20 }

    public func convolution(_ input: Tensor, weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
        convolution(input, weight: weight, shape, patchEntries: Self.patchEntries)
    }

    public func convolutionGradient(
        _ outputGradient: Tensor, input: Tensor, weight: Tensor, _ shape: ConvolutionShape, wantsInput: Bool
    ) -> (input: Tensor?, weight: Tensor) {
        convolutionGradient(
            outputGradient, input: input, weight: weight, shape, wantsInput: wantsInput, patchEntries: Self.patchEntries)
    }

    func convolution(_ input: Tensor, weight: Tensor, _ shape: ConvolutionShape, patchEntries: Int) -> Tensor {
        requireShape(shape, input: input, weight: weight)
        let output = makeTensor(rows: shape.outputs, columns: shape.positions(of: shape.batch))
        let turned = turnedByPlace(weight, shape)
        let patches = PatchMemory(self, shape, entries: patchEntries)
        for samples in patches.chunks {
            multiply(
                rows: shape.outputs, columns: shape.positions(of: samples.count), depth: shape.depth,
                factor(turned), patches.gathered(input, samples),
                into: factor(output, at: shape.positions(of: samples.lowerBound)))
        }
        return output
    }

    func convolutionGradient(
        _ outputGradient: Tensor, input: Tensor, weight: Tensor, _ shape: ConvolutionShape, wantsInput: Bool,
        patchEntries: Int
    ) -> (input: Tensor?, weight: Tensor) {
        requireShape(shape, input: input, weight: weight)
        precondition(
            outputGradient.rows == shape.outputs && outputGradient.columns == shape.positions(of: shape.batch),
            "an output of \(outputGradient.rows) × \(outputGradient.columns) for \(shape)")
        let turned = turnedByPlace(weight, shape)
        let turnedGradient = shape.batch == 0 ? zeros(rows: shape.outputs, columns: shape.depth) : makeTensor(like: weight)
        let inputGradient = wantsInput ? makeTensor(like: input) : nil
        let patches = PatchMemory(self, shape, entries: patchEntries)
        for samples in patches.chunks {
            let positions = shape.positions(of: samples.count)
            let slopes = factor(outputGradient, at: shape.positions(of: samples.lowerBound))
            multiply(
                rows: shape.outputs, columns: shape.depth, depth: positions, slopes,
                patches.gathered(input, samples).transposed, beta: samples.lowerBound == 0 ? 0 : 1,
                into: factor(turnedGradient))
            guard let inputGradient else { continue }
            multiply(
                rows: shape.depth, columns: positions, depth: shape.outputs, factor(turned).transposed, slopes,
                into: patches.place(in: inputGradient, samples))
            patches.addBack(into: inputGradient, samples)
        }
        return (inputGradient, turnedByChannel(turnedGradient, shape))
    }

    private func requireShape(_ shape: ConvolutionShape, input: Tensor, weight: Tensor) {
        precondition(
            input.rows == shape.inputs && input.columns == shape.batch * shape.height * shape.width
                && weight.rows == shape.outputs && weight.columns == shape.depth,
            "an image of \(input.rows) × \(input.columns) and a weight of \(weight.rows) × \(weight.columns) for \(shape)")
    }

    /// The weight's columns in the order of patches.
    private func turnedByPlace(_ weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
        turned(weight, inner: shape.kernel * shape.kernel, outer: shape.inputs)
    }

    private func turnedByChannel(_ weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
        turned(weight, inner: shape.inputs, outer: shape.kernel * shape.kernel)
    }

    /// Column i·inner + j becomes column j·outer + i.
    private func turned(_ weight: Tensor, inner: Int, outer: Int) -> Tensor {
        if inner == 1 || outer == 1 { return weight }
        let result = makeTensor(like: weight)
        launch(
            .convolution, "turn_columns", count: weight.count, weight.address, Int64(weight.rows), Int64(inner), Int64(outer),
            result.address, Int64(weight.count))
        return result
    }

    fileprivate func makeTensor(like a: Tensor) -> Tensor { makeTensor(rows: a.rows, columns: a.columns) }

    /// A tensor from one of its columns on.
    fileprivate func factor(_ a: Tensor, at column: Int = 0) -> ProductLibrary.Factor {
        ProductLibrary.Factor(address(of: a, column: column), leadingDimension: a.rows)
    }

    fileprivate func address(of a: Tensor, column: Int) -> Driver.Address {
        a.address + Driver.Address(column * a.rows * MemoryLayout<Scalar>.stride)
    }
}

extension ConvolutionShape {
    fileprivate func positions(of samples: Int) -> Int { samples * outputHeight * outputWidth }

    /// Whether a patch is a pixel of the image.
    fileprivate var patchesArePixels: Bool { kernel == 1 && stride == 1 && padding == 0 }
}

extension ProductLibrary.Factor {
    fileprivate var transposed: Self {
        Self(address, leadingDimension: leadingDimension, transposed: !isTransposed, stride: stride)
    }
}

/// Room for the patches of some samples, which are used one chunk after the other.
private struct PatchMemory<Scalar: CUDAScalar> {
    /// Of samples.
    let chunks: [Range<Int>]
    private let backend: CUDABackend<Scalar>
    private let shape: ConvolutionShape
    /// Nil where patches are the pixels themselves.
    private let memory: DeviceMemory?

    /// - Parameter entries: the most that are made at once, unless one sample has more.
    init(_ backend: CUDABackend<Scalar>, _ shape: ConvolutionShape, entries: Int) {
        self.backend = backend
        self.shape = shape
        let sample = shape.depth * shape.positions(of: 1)
        let size = shape.patchesArePixels ? max(shape.batch, 1) : max(1, min(entries / max(sample, 1), shape.batch))
        chunks = stride(from: 0, to: shape.batch, by: size).map { $0..<min($0 + size, shape.batch) }
        memory = shape.patchesArePixels ? nil : backend.allocate(min(size, shape.batch) * sample, of: Scalar.self)
    }

    /// The parameter `Images` of the kernels, field by field.
    private struct Images: BitwiseCopyable {
        let height, width, channels, kernel, stride, padding, outputHeight, outputWidth: Int32

        init(_ shape: ConvolutionShape) {
            (height, width, channels) = (Int32(shape.height), Int32(shape.width), Int32(shape.inputs))
            (kernel, stride, padding) = (Int32(shape.kernel), Int32(shape.stride), Int32(shape.padding))
            (outputHeight, outputWidth) = (Int32(shape.outputHeight), Int32(shape.outputWidth))
        }
    }

    /// The patches of some samples.
    func gathered(_ input: CUDATensor<Scalar>, _ samples: Range<Int>) -> ProductLibrary.Factor {
        launch(
            "gather_patches", width: shape.depth, columns: shape.positions(of: samples.count),
            from: pixels(of: input, samples), to: memory?.address)
        return place(in: input, samples)
    }

    /// Where the patches of some samples are, or are to be.
    func place(in images: CUDATensor<Scalar>, _ samples: Range<Int>) -> ProductLibrary.Factor {
        ProductLibrary.Factor(memory?.address ?? pixels(of: images, samples), leadingDimension: shape.depth)
    }

    /// The sums of the patches that lie over each pixel of some samples.
    func addBack(into images: CUDATensor<Scalar>, _ samples: Range<Int>) {
        launch(
            "add_patches", width: shape.inputs, columns: samples.count * shape.height * shape.width, from: memory?.address,
            to: pixels(of: images, samples))
    }

    private func pixels(of images: CUDATensor<Scalar>, _ samples: Range<Int>) -> Driver.Address {
        backend.address(of: images, column: samples.lowerBound * shape.height * shape.width)
    }

    /// A launch that writes columns of `width` entries each; none where there are no patches to make.
    private func launch(
        _ kernel: String, width: Int, columns: Int, from source: Driver.Address?, to target: Driver.Address?
    ) {
        guard let source, let target else { return }
        // Threads side by side in a column, and columns that each takes one after the other.
        let (side, threads, columnsOfThread) = (width.powerOfTwo(upTo: 64), 256, 4)
        backend.launch(
            .convolution, kernel, blocks: columns.groups(of: threads / side * columnsOfThread), threads: threads, source,
            Images(shape), Int32(side), Int32(columns), target)
    }
}
