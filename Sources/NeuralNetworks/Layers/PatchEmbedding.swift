import Compute

/// Square patches of an image as a sequence: a linear map of each, a learned class token before them, learned positions added.
///
/// Images are channels × (sample, row, column), the sequence width × (sample, position); position 0 is the class token's.
///
/// Source: Dosovitskiy et al., arXiv 2010.11929, equation 1.
struct PatchEmbedding<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let patches: Convolution<Backend>.Record
        let batch: Int
    }

    private let width: Int
    private let patchCount: Int
    private let projection: Convolution<Backend>
    private let classToken: Int
    private let places: Embedding<Backend>

    /// - Parameter initialization: of the positions.
    /// - Precondition: the patch divides the image.
    init(_ layout: inout NetworkLayout, _ shape: ConvolutionShape, _ initialization: ParameterDescription.Initialization) {
        precondition(shape.height % shape.kernel == 0 && shape.width % shape.kernel == 0, "patches of \(shape)")
        width = shape.outputs
        patchCount = shape.outputHeight * shape.outputWidth
        projection = Convolution(
            &layout, "patches", shape, weight: .uniformFanIn(shape.depth), bias: .uniformFanIn(shape.depth))
        classToken = layout.addParameter("classToken", [width], .normal(deviation: 1e-6), decays: false)
        places = Embedding(&layout, "positions", count: patchCount + 1, width: width, initialization)
    }

    /// The positions of a sample.
    var length: Int { patchCount + 1 }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let (patches, record) = projection.forward(input, &pass)
        let (batch, count) = (pass.batch, pass.batch * patchCount)
        let extended = pass.backend.appendingColumn(
            pass.parameters[classToken], to: patches, rows: width, columns: count)
        let order = (0..<batch).flatMap { [count] + ($0 * patchCount..<($0 + 1) * patchCount) }
        var tokens = pass.backend.selectColumns(extended, order)
        pass.backend.combine(1, into: &tokens, 1, places.forward(repeatedPlaces(batch), &pass))
        return (tokens, Record(patches: record, batch: batch))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        projection.backward(contributeTokens(outputGradient, record, &pass), record.patches, &pass)
    }

    /// `backward` of a network's first layer, whose input's gradient nobody reads.
    func contributeGradients(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) {
        projection.contributeGradients(contributeTokens(outputGradient, record, &pass), record.patches, &pass)
    }

    /// - Returns: the gradient of the patches before the class token joined them.
    private func contributeTokens(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        places.backward(outputGradient, repeatedPlaces(record.batch), &pass)
        let classColumns = pass.backend.selectColumns(outputGradient, (0..<record.batch).map { $0 * length })
        pass.contribute(pass.backend.rowSums(classColumns), to: classToken)
        return pass.backend.selectColumns(
            outputGradient, (0..<record.batch).flatMap { $0 * length + 1..<($0 + 1) * length })
    }

    private func repeatedPlaces(_ batch: Int) -> [Int] { (0..<batch).flatMap { _ in 0..<length } }
}

extension NeuralBackend {
    /// (A | column).
    func appendingColumn(_ column: Tensor, to a: Tensor, rows: Int, columns: Int) -> Tensor {
        var extended = selectColumns(a, Array(0..<columns) + [0])
        setBlock(&extended, rows: 0..<rows, columns: columns..<columns + 1, to: column)
        return extended
    }
}
