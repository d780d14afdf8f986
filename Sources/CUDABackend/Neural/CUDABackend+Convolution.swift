import Compute

/// Convolutions by cuDNN, or by products of patches where it is missing or does not serve a shape. For both the weight is turned
/// into a filter whose channels come first, then the places in the kernel, then the outputs.
extension CUDABackend {
    public func convolution(_ input: Tensor, weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
        requireShape(shape, input: input, weight: weight)
        let output = makeTensor(rows: shape.outputs, columns: shape.positions(of: shape.batch))
        let filter = filter(of: weight, shape)
        if !performByLibrary(.outputs, shape, images: input, filter: filter, outputs: output) {
            PatchConvolution(self, shape).convolve(input, filter: filter, into: output)
        }
        return output
    }

    public func convolutionGradient(
        _ outputGradient: Tensor, input: Tensor, weight: Tensor, _ shape: ConvolutionShape, wantsInput: Bool
    ) -> (input: Tensor?, weight: Tensor) {
        requireShape(shape, input: input, weight: weight)
        precondition(
            outputGradient.rows == shape.outputs && outputGradient.columns == shape.positions(of: shape.batch),
            "an output of \(outputGradient.rows) × \(outputGradient.columns) for \(shape)")
        let weightGradient = weightGradient(outputGradient, input, shape)
        if !wantsInput { return (nil, weightGradient) }
        let inputGradient = makeTensor(rows: input.rows, columns: input.columns)
        let filter = filter(of: weight, shape)
        if !performByLibrary(.images, shape, images: inputGradient, filter: filter, outputs: outputGradient) {
            PatchConvolution(self, shape).gradient(ofImages: inputGradient, outputGradient, filter: filter)
        }
        return (inputGradient, weightGradient)
    }

    private func weightGradient(_ outputGradient: Tensor, _ input: Tensor, _ shape: ConvolutionShape) -> Tensor {
        if shape.batch == 0 { return zeros(rows: shape.outputs, columns: shape.depth) }
        let filter = makeTensor(rows: shape.depth, columns: shape.outputs)
        if !performByLibrary(.filter, shape, images: input, filter: filter, outputs: outputGradient) {
            PatchConvolution(self, shape).gradient(ofFilter: filter, outputGradient, images: input)
        }
        return reversingAxes(
            of: filter, shape.inputs, shape.kernel * shape.kernel, shape.outputs, rows: shape.outputs, columns: shape.depth)
    }

    private func requireShape(_ shape: ConvolutionShape, input: Tensor, weight: Tensor) {
        precondition(
            input.rows == shape.inputs && input.columns == shape.batch * shape.height * shape.width
                && weight.rows == shape.outputs && weight.columns == shape.depth,
            "an image of \(input.rows) × \(input.columns) and a weight of \(weight.rows) × \(weight.columns) for \(shape)")
    }

    /// (Row, column of the kernel, channel) × outputs, channels fastest.
    func filter(of weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
        reversingAxes(
            of: weight, shape.outputs, shape.kernel * shape.kernel, shape.inputs, rows: shape.depth, columns: shape.outputs)
    }

    /// The entries of an array of three axes, the first one fastest, with the last one fastest.
    private func reversingAxes(
        of a: Tensor, _ first: Int, _ second: Int, _ third: Int, rows: Int, columns: Int
    ) -> Tensor {
        let (result, tile) = (makeTensor(rows: rows, columns: columns), 32)
        launch(
            .convolution, "reverse_axes", blocks: first.groups(of: tile) * third.groups(of: tile) * second, threads: 256,
            a.address, Int64(first), Int64(second), Int64(third), result.address)
        return result
    }

    /// Scratch memory above which products of patches, which need less, are preferred.
    private static var largestWorkspace: Int { 512 << 20 }

    /// Has cuDNN compute one of images, filter and outputs from the two others.
    ///
    /// - Returns: whether it does; where something has failed before there is nothing to do any more.
    private func performByLibrary(
        _ result: ConvolutionLibrary.Result, _ shape: ConvolutionShape, images: Tensor, filter: Tensor, outputs: Tensor
    ) -> Bool {
        guard let plans = device.convolutionPlans, shape.batch > 0 else { return false }
        let isDone = device.attempt { () throws(DeviceError) in
            let handle = try stream.convolutionHandle()
            let plan = try plans.plan(result, shape, Scalar.self, precision, handle)
            guard let bytes = plan.workspaceByteCount, bytes <= Self.largestWorkspace else { return false }
            return try plans.library.perform(
                result, handle, plan.descriptors, images: images.address, filter: filter.address, outputs: outputs.address,
                workspace: allocate(bytes, of: UInt8.self), of: Scalar.self)
        }
        return isDone ?? true
    }
}
