import MatrixCore

/// The primitives in which networks are written, beyond the products and combinations of matrices.
///
/// An activation is a tensor of one column a position (a sample, a token, a pixel) and one row a feature (a unit, a
/// channel), so that the features of a position are contiguous. A linear map of weight W (outputs × inputs) is then
/// W·X. Images are channels × (sample, row, column), the column of the image running fastest. A vector of one value a
/// feature is a tensor of one column. Gradients have the shape of what they belong to.
public protocol NeuralBackend<Scalar>: MatrixBackend {
    /// A + v·1ᵀ.
    func addToColumns(_ a: Tensor, _ vector: Tensor) -> Tensor
    /// A·1: the gradient of a vector that was added to every column.
    func rowSums(_ a: Tensor) -> Tensor
    /// Column j is row `rows[j]` of the table: an embedding.
    func gatherRows(_ table: Tensor, _ rows: [Int]) -> Tensor
    /// The table of `count` rows into which column j is added at row `rows[j]`, in the order of the columns.
    func scatterRows(_ columns: Tensor, _ rows: [Int], count: Int) -> Tensor
    /// The means over groups of `size` consecutive columns.
    func groupMeans(_ a: Tensor, size: Int) -> Tensor
    /// Every column divided by `size` and repeated `size` times: the gradient of `groupMeans`.
    func spreadGroups(_ a: Tensor, size: Int) -> Tensor
    /// Entries of 1/(1 − rate), and of 0 with probability `rate`; entry k depends on k and the generator alone.
    func dropoutMask(rows: Int, columns: Int, rate: Double, generator: PhiloxGenerator) -> Tensor

    /// max(x, 0).
    func rectifiedLinear(_ a: Tensor) -> Tensor
    /// The gradient of `rectifiedLinear` from its output; 0 where that is 0.
    func rectifiedLinearGradient(_ outputGradient: Tensor, output: Tensor) -> Tensor
    /// GELU, in one of its two forms.
    func gaussianErrorLinear(_ a: Tensor, _ form: GaussianErrorForm) -> Tensor
    func gaussianErrorLinearGradient(_ outputGradient: Tensor, input: Tensor, _ form: GaussianErrorForm) -> Tensor

    /// A∘gate/(1 + e^(−gate)), entry by entry: the gated half of SwiGLU.
    func gatedLinear(_ a: Tensor, gate: Tensor) -> Tensor
    func gatedLinearGradient(
        _ outputGradient: Tensor, input: Tensor, gate: Tensor
    ) -> (input: Tensor, gate: Tensor)
    /// In the first `rows` rows, which are groups of as many as the table has: entries k and k + d/2 of a group of d, as a point
    /// of the plane, turned by the angle whose cosine and sine are entries k and k + d/2 of the table. Column j takes column
    /// j mod n of the n that the table has. The rows below stay.
    func turnPairs(_ a: Tensor, rows: Int, by table: Tensor) -> Tensor

    /// γ∘(x − mean)/√(variance + offset) + β in every column, mean and (biased) variance over its rows.
    func layerNormalization(
        _ a: Tensor, gain: Tensor, bias: Tensor, offset: Scalar
    ) -> (output: Tensor, statistics: NormalizationStatistics<Vector>)
    func layerNormalizationGradient(
        _ outputGradient: Tensor, input: Tensor, gain: Tensor, statistics: NormalizationStatistics<Vector>
    ) -> (input: Tensor, gain: Tensor, bias: Tensor)
    /// γ∘x/√(mean(x²) + offset) in every column, the mean over its rows, and the quotient's inverse denominators.
    func rootMeanSquareNormalization(
        _ a: Tensor, gain: Tensor, offset: Scalar
    ) -> (output: Tensor, inverses: Vector)
    func rootMeanSquareNormalizationGradient(
        _ outputGradient: Tensor, input: Tensor, gain: Tensor, inverses: Vector
    ) -> (input: Tensor, gain: Tensor)
    /// γ∘(x − mean)/√(variance + offset) + β in every row, mean and (biased) variance over its columns.
    func batchNormalization(
        _ a: Tensor, gain: Tensor, bias: Tensor, offset: Scalar
    ) -> (output: Tensor, statistics: NormalizationStatistics<Vector>)
    /// The same with statistics given, as in evaluation.
    func batchNormalization(
        _ a: Tensor, gain: Tensor, bias: Tensor, statistics: NormalizationStatistics<Vector>
    ) -> Tensor
    func batchNormalizationGradient(
        _ outputGradient: Tensor, input: Tensor, gain: Tensor, statistics: NormalizationStatistics<Vector>
    ) -> (input: Tensor, gain: Tensor, bias: Tensor)

    /// Cross-correlation with zero padding. The weight is outputs × (inputs·kernel·kernel), inputs slowest: the matrix of
    /// `ParameterShape([outputs, inputs, kernel, kernel])`.
    func convolution(_ input: Tensor, weight: Tensor, _ shape: ConvolutionShape) -> Tensor
    /// The input's gradient, nil where it is not wanted, and the weight's.
    func convolutionGradient(
        _ outputGradient: Tensor, input: Tensor, weight: Tensor, _ shape: ConvolutionShape, wantsInput: Bool
    ) -> (input: Tensor?, weight: Tensor)

    /// The largest entry of every channel under the kernel, NaN where one is; places outside of the image count for nothing.
    ///
    /// - Precondition: the shape's outputs are its inputs, and its padding is at most half of its kernel.
    func maxPooling(_ input: Tensor, _ shape: ConvolutionShape) -> Tensor
    /// Every gradient goes to the place of its largest entry, of equal ones to the first, row by row.
    func maxPoolingGradient(_ outputGradient: Tensor, input: Tensor, _ shape: ConvolutionShape) -> Tensor

    /// softmax(QᵀK/√d + bias)·V for every sample and head, from the rows of queries, then keys, then values, heads in order
    /// within each. The probabilities are kept for the gradient in a form of the backend's own.
    ///
    /// - Parameters:
    ///   - mask: what every probability is multiplied by before it weighs a value, nil for 1: length rows and a column for
    ///     every sample, head and query, of one factor a key.
    ///   - bias: what is added to the scores, nil for nothing.
    func attention(
        _ projections: Tensor, _ shape: AttentionShape, mask: Tensor?, bias: AttentionBias<Tensor>?
    ) -> (output: Tensor, probabilities: Tensor)
    /// - Returns: beside the projections' gradient that of the bias of heads, nil where there is no bias.
    func attentionGradient(
        _ outputGradient: Tensor, projections: Tensor, probabilities: Tensor, _ shape: AttentionShape, mask: Tensor?,
        bias: AttentionBias<Tensor>?
    ) -> (projections: Tensor, bias: Tensor?)

    /// The mean over the columns of −Σ q·ln softmax(column), with q = 1 − s + s/classes for the target and s/classes
    /// elsewhere, s the smoothing; its gradient; and the number of columns whose largest entry is the target. Where the caller
    /// keeps no logits, their memory may become the gradient's.
    func softmaxCrossEntropy(_ logits: consuming Tensor, targets: [Int], smoothing: Double) -> CrossEntropy<Tensor>
}

/// What is added to the scores of attention before the softmax, a column for every query of one number a key.
public struct AttentionBias<Tensor: Sendable>: Sendable {
    /// Of every head, the same for all samples: length rows, (head, query) columns. It has a gradient.
    public let heads: Tensor
    /// Of some samples, the same for all heads, nil for nothing: length rows, (sample, query) columns, of which a sample takes
    /// those of its own number modulo theirs. It has no gradient.
    public let samples: Tensor?

    public init(heads: Tensor, samples: Tensor? = nil) {
        self.heads = heads
        self.samples = samples
    }
}

/// The two forms of GELU in use; they differ by up to 4.7e-4.
///
/// Source: Hendrycks and Gimpel, arXiv 1606.08415, section 2.
public enum GaussianErrorForm: Sendable {
    /// x·Φ(x), Φ the distribution function of the normal distribution: (1 + erf(x/√2))/2. That of vision transformers.
    case exact
    /// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))). That of GPT-2.
    case tanh
}

/// What a normalization subtracted and multiplied by: one value a column (layer) or row (batch).
public struct NormalizationStatistics<Vector: Sendable>: Sendable {
    public let means: Vector
    /// 1/√(variance + offset).
    public let inverseDeviations: Vector

    public init(means: Vector, inverseDeviations: Vector) {
        self.means = means
        self.inverseDeviations = inverseDeviations
    }
}

extension NormalizationStatistics: Equatable where Vector: Equatable {}

/// A loss with what follows from it in the same pass.
public struct CrossEntropy<Tensor: Sendable>: Sendable {
    /// The mean over the columns, in nats.
    public let loss: Double
    /// Of the mean loss, with respect to the logits.
    public let gradient: Tensor
    public let correct: Int

    public init(loss: Double, gradient: Tensor, correct: Int) {
        self.loss = loss
        self.gradient = gradient
        self.correct = correct
    }
}

/// A convolution of square kernels over a batch of images.
public struct ConvolutionShape: Sendable, Hashable {
    public let batch: Int
    public let height: Int
    public let width: Int
    public let inputs: Int
    public let outputs: Int
    public let kernel: Int
    public let stride: Int
    /// Rows and columns of zeros on every side.
    public let padding: Int

    /// - Precondition: the kernel fits into the padded image.
    public init(
        batch: Int, height: Int, width: Int, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0
    ) {
        precondition(
            kernel >= 1 && stride >= 1 && padding >= 0 && height + 2 * padding >= kernel && width + 2 * padding >= kernel,
            "a kernel of \(kernel) on \(height) × \(width) with padding \(padding), stride \(stride)")
        self.batch = batch
        self.height = height
        self.width = width
        self.inputs = inputs
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }

    public var outputHeight: Int { (height + 2 * padding - kernel) / stride + 1 }
    public var outputWidth: Int { (width + 2 * padding - kernel) / stride + 1 }
    /// The columns of the weight.
    public var depth: Int { inputs * kernel * kernel }
}

/// Attention over the positions of every sample of a batch.
public struct AttentionShape: Sendable, Equatable {
    public let batch: Int
    /// Positions a sample.
    public let length: Int
    public let heads: Int
    /// Rows a head.
    public let headWidth: Int
    /// Whether a position sees only itself and those before it.
    public let isCausal: Bool

    public init(batch: Int, length: Int, heads: Int, headWidth: Int, isCausal: Bool) {
        self.batch = batch
        self.length = length
        self.heads = heads
        self.headWidth = headWidth
        self.isCausal = isCausal
    }

    public var width: Int { heads * headWidth }
}
