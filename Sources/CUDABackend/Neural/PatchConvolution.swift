import Compute

/// Convolutions as products with patches, for where cuDNN is missing or does not serve a shape.
///
/// Patches are made for as many samples at once as fit into the entries that are given, so that they stay in the device's cache.
/// Within a patch channels come last, as in the filter: (row, column of the kernel, channel) × outputs.
struct PatchConvolution<Scalar: CUDAScalar> {
    private let backend: CUDABackend<Scalar>
    private let shape: ConvolutionShape
    /// Of samples.
    private let chunks: [Range<Int>]
    /// Room for the patches of a chunk, nil where patches are the pixels themselves.
    private let memory: DeviceMemory?

    private typealias Factor = ProductLibrary.Factor

    /// - Parameter entries: the most that are made at once, unless one sample has more. By default 32 MiB of float32: an H100's
    ///   second cache has 50.
    init(_ backend: CUDABackend<Scalar>, _ shape: ConvolutionShape, entries: Int = 8 << 20) {
        self.backend = backend
        self.shape = shape
        let sample = shape.depth * shape.positions(of: 1)
        let patchesArePixels = shape.kernel == 1 && shape.stride == 1 && shape.padding == 0
        let fitting = patchesArePixels ? shape.batch : min(entries / max(sample, 1), shape.batch)
        let size = max(fitting, 1)
        chunks = stride(from: 0, to: shape.batch, by: size).map { $0..<min($0 + size, shape.batch) }
        memory = patchesArePixels ? nil : backend.allocate(min(size, shape.batch) * sample, of: Scalar.self)
    }

    /// outputs ← filterᵀ·patches.
    func convolve(_ images: CUDATensor<Scalar>, filter: CUDATensor<Scalar>, into outputs: CUDATensor<Scalar>) {
        for samples in chunks {
            gather(images, samples)
            backend.multiply(
                rows: shape.outputs, columns: shape.positions(of: samples.count), depth: shape.depth,
                Factor(filter.address, leadingDimension: shape.depth, transposed: true), patches(of: images, samples),
                into: columns(of: outputs, samples))
        }
    }

    /// filter gradient ← patches·(output gradient)ᵀ, added chunk by chunk.
    func gradient(
        ofFilter filter: CUDATensor<Scalar>, _ outputGradient: CUDATensor<Scalar>, images: CUDATensor<Scalar>
    ) {
        for samples in chunks {
            gather(images, samples)
            backend.multiply(
                rows: shape.depth, columns: shape.outputs, depth: shape.positions(of: samples.count),
                patches(of: images, samples), columns(of: outputGradient, samples, transposed: true),
                beta: samples.lowerBound == 0 ? 0 : 1, into: Factor(filter.address, leadingDimension: shape.depth))
        }
    }

    /// image gradient ← the sums of filter·(output gradient) where patches lie over one another.
    func gradient(
        ofImages images: CUDATensor<Scalar>, _ outputGradient: CUDATensor<Scalar>, filter: CUDATensor<Scalar>
    ) {
        for samples in chunks {
            backend.multiply(
                rows: shape.depth, columns: shape.positions(of: samples.count), depth: shape.outputs,
                Factor(filter.address, leadingDimension: shape.depth), columns(of: outputGradient, samples),
                into: patches(of: images, samples))
            launch(
                "add_patches", width: shape.inputs, columns: samples.count * shape.height * shape.width,
                from: memory?.address, to: pixels(of: images, samples))
        }
    }

    private func gather(_ images: CUDATensor<Scalar>, _ samples: Range<Int>) {
        launch(
            "gather_patches", width: shape.depth, columns: shape.positions(of: samples.count),
            from: pixels(of: images, samples), to: memory?.address)
    }

    /// Where the patches of some samples are, or are to be.
    private func patches(of images: CUDATensor<Scalar>, _ samples: Range<Int>) -> Factor {
        Factor(memory?.address ?? pixels(of: images, samples), leadingDimension: shape.depth)
    }

    private func columns(
        of outputs: CUDATensor<Scalar>, _ samples: Range<Int>, transposed: Bool = false
    ) -> Factor {
        Factor(
            address(outputs, column: shape.positions(of: samples.lowerBound)), leadingDimension: shape.outputs,
            transposed: transposed)
    }

    private func pixels(of images: CUDATensor<Scalar>, _ samples: Range<Int>) -> Driver.Address {
        address(images, column: samples.lowerBound * shape.height * shape.width)
    }

    private func address(_ a: CUDATensor<Scalar>, column: Int) -> Driver.Address {
        a.address + Driver.Address(column * a.rows * MemoryLayout<Scalar>.stride)
    }

    /// A launch that writes columns of `width` entries each; none where patches are the pixels.
    private func launch(
        _ kernel: String, width: Int, columns: Int, from source: Driver.Address?, to target: Driver.Address?
    ) {
        guard let source, let target else { return }
        // Threads side by side in a column, and columns that each takes one after the other.
        let (side, threads, columnsOfThread) = (width.powerOfTwo(upTo: 64), 256, 4)
        backend.launch(
            .convolution, kernel, blocks: columns.groups(of: threads / side * columnsOfThread), threads: threads, source,
            KernelImages(shape), Int32(side), Int32(columns), target)
    }
}

/// The parameter `Images` of the kernels, field by field.
struct KernelImages: BitwiseCopyable {
    let height, width, channels, kernel, stride, padding, outputHeight, outputWidth: Int32

    init(_ shape: ConvolutionShape) {
        (height, width, channels) = (Int32(shape.height), Int32(shape.width), Int32(shape.inputs))
        (kernel, stride, padding) = (Int32(shape.kernel), Int32(shape.stride), Int32(shape.padding))
        (outputHeight, outputWidth) = (Int32(shape.outputHeight), Int32(shape.outputWidth))
    }
}

extension ConvolutionShape {
    /// The columns of the output that belong to so many samples.
    func positions(of samples: Int) -> Int { samples * outputHeight * outputWidth }
}
