import Compute
import LinearAlgebra
import MatrixCore
import Quantization

/// The primitives on the processor: OpenBLAS for the matrices, the C kernels for the codes.
///
/// OpenBLAS's thread count is the process's (`OpenBLAS.setThreadCount`): one where tasks run side by side, as they do
/// here with `threads` above 1. Work is cut by the thread count alone, so that the same count gives the same bits, and a
/// backend and its copies never have more than `threads` threads at work, however their work is nested.
public struct CPUBackend<Scalar: LAPACKScalar>: NeuralBackend {
    public typealias Tensor = Matrix<Scalar>
    public typealias Vector = [Scalar]
    public typealias CodedTensor = CodedMatrix

    private let codec: BlockCodec
    let neuralKernels: NeuralKernels
    /// Pieces into which large products and passes are cut, and threads that work at once.
    public let threads: Int
    let workers: WorkerThreads
    /// Whether outputs begin as NaN with guards behind them.
    let checksOutputs: Bool
    /// What moves entries before they are rounded to codes; nil for the nearest codes.
    private var codeNoise: CodeNoise?

    /// - Parameters:
    ///   - codec: the implementation of the block codec; the fastest that this machine runs, if not given.
    ///   - kernels: that of the passes in float32, likewise.
    ///   - checksOutputs: whether outputs begin as NaN and have guards behind their end, so that what a pass leaves out or
    ///     writes too far is seen: for tests, and for a machine that is to be trusted.
    public init(
        codec: BlockCodec = .fastest, kernels: NeuralKernels = .fastest, threads: Int = 1, checksOutputs: Bool = false
    ) {
        precondition(threads >= 1, "\(threads) threads")
        self.codec = codec
        neuralKernels = kernels
        self.threads = threads
        self.checksOutputs = checksOutputs
        workers = WorkerThreads(count: threads)
    }

    public func tensor(_ matrix: Matrix<Scalar>) -> Matrix<Scalar> { matrix }
    public func matrix(_ tensor: Matrix<Scalar>) -> Matrix<Scalar> { tensor }
    public func vector(_ values: [Scalar]) -> [Scalar] { values }
    public func values(of vectors: [[Scalar]]) -> [[Scalar]] { vectors }
    public func shape(of tensor: Matrix<Scalar>) -> (rows: Int, columns: Int) { (tensor.rows, tensor.columns) }
    public func synchronize() throws(Never) {}

    public func symmetricEigen(
        _ a: Matrix<Scalar>, by algorithm: EigenAlgorithm
    ) throws(DecompositionError) -> (values: [Scalar], vectors: Matrix<Scalar>) {
        let eigen = try LinearAlgebra.symmetricEigen(a, by: algorithm)
        return (eigen.values, eigen.vectors)
    }

    public func householderQR(_ a: Matrix<Scalar>) -> (packed: Matrix<Scalar>, scalars: [Scalar]) {
        let factorization = LinearAlgebra.householderQR(a)
        return (factorization.packed, factorization.scalars)
    }

    public func orthogonalFactor(reflectors: Matrix<Scalar>, scalars: [Scalar]) -> Matrix<Scalar> {
        LinearAlgebra.orthogonalFactor(reflectors: reflectors, scalars: scalars)
    }

    public func choleskyFactor(_ a: Matrix<Scalar>) throws(DecompositionError) -> Matrix<Scalar> {
        try LinearAlgebra.choleskyFactor(a)
    }

    public func solveTriangular(_ factor: Matrix<Scalar>, transposed: Bool, _ b: Matrix<Scalar>) -> Matrix<Scalar> {
        triangularSolution(factor, transposed: transposed, b)
    }

    /// This backend with noise in what it codes, by the codec's definition: for studies of what that does.
    public func coding(with noise: CodeNoise?) -> CPUBackend {
        var result = self
        result.codeNoise = noise
        return result
    }

    public func encode(_ a: Matrix<Scalar>, as form: CodedForm) throws(QuantizationError) -> CodedMatrix {
        guard let codeNoise else { return try codec.encode(a, as: form) }
        return try CodedMatrix(defining: Matrix<Float>(a), as: form, noise: codeNoise)
    }

    public func decode(_ coded: CodedMatrix) -> Matrix<Scalar> {
        coded.dither == nil ? codec.decode(coded) : Matrix<Scalar>(coded.decodedByDefinition)
    }

    public func throughCodes(_ segment: [Float], row: Int, column: Int, coding: BlockCoding) -> [Float] {
        let offsets = codeNoise?.offsets(rows: row..<row + segment.count, column: column)
        let (codes, maxima) = ReferenceCodec.encode(segment, coding: coding, offsets: offsets)
        return ReferenceCodec.decode(
            codes: codes, maxima: maxima, coding: coding, offsets: codeNoise?.isSubtracted == true ? offsets : nil)
    }

    public func form(of coded: CodedMatrix) -> CodedForm { coded.form }
    public func byteCount(_ coded: CodedMatrix) -> Int { coded.byteCount }
    public func codedMatrix(_ coded: CodedMatrix) -> CodedMatrix { coded }
    public func codedTensor(_ matrix: CodedMatrix) -> CodedMatrix { matrix }

    /// Every lane is this backend: `threads` bounds what all of them do at once.
    public func concurrently(_ count: Int, _ body: @Sendable (CPUBackend, Int) -> Void) {
        workers.perform(count) { body(self, $0) }
    }
}
