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
    public typealias CodedTensor = CodedMatrix

    private let codec: BlockCodec
    let neuralKernels: NeuralKernels
    /// Pieces into which large products and passes are cut, and threads that work at once.
    public let threads: Int
    let workers: WorkerThreads
    /// Whether outputs begin as NaN with guards behind them: for tests of what is written.
    let checksOutputs: Bool

    /// - Parameters:
    ///   - codec: the implementation of the block codec; the fastest that this machine runs, if not given.
    ///   - kernels: that of the passes in float32, likewise.
    public init(codec: BlockCodec = .fastest, kernels: NeuralKernels = .fastest, threads: Int = 1) {
        self.init(codec: codec, kernels: kernels, threads: threads, checksOutputs: false)
    }

    init(
        codec: BlockCodec = .fastest, kernels: NeuralKernels = .fastest, threads: Int = 1, checksOutputs: Bool
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

    public func scaleColumns(_ a: Matrix<Scalar>, by factors: [Scalar]) -> Matrix<Scalar> {
        a.scalingColumns(by: factors)
    }

    public func selectColumns(_ a: Matrix<Scalar>, _ order: [Int]) -> Matrix<Scalar> { a.selectingColumns(order) }
    public func diagonal(_ a: Matrix<Scalar>) -> [Scalar] { a.diagonal }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func addToDiagonal(_ a: Matrix<Scalar>, _ value: Scalar) -> Matrix<Scalar> {
        var result = a
        for index in 0..<a.order { result[index, index] += value }
        return result
    }

    public func symmetrize(_ a: Matrix<Scalar>) -> Matrix<Scalar> { a.symmetrized }

    public func mirrorUpperTriangle(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        var result = a
        result.mirrorUpperTriangle()
        return result
    }

    public func largestMagnitude(_ a: Matrix<Scalar>) -> Scalar { a.largestMagnitude }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func squaredColumnNorms(_ a: Matrix<Scalar>) -> [Scalar] {
        (0..<a.columns).map { column in a.column(column).reduce(0) { $0 + $1 * $1 } }
    }

    public func symmetricEigen(
        _ a: Matrix<Scalar>
    ) throws(DecompositionError) -> (values: [Scalar], vectors: Matrix<Scalar>) {
        let eigen = try LinearAlgebra.symmetricEigen(a)
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

    public func encode(
        _ a: Matrix<Scalar>, region: CodedRegion, coding: BlockCoding, keepingDiagonal: Bool
    ) throws(QuantizationError) -> CodedMatrix {
        try codec.encode(a, region: region, coding: coding, keepingDiagonal: keepingDiagonal)
    }

    public func decode(_ coded: CodedMatrix) -> Matrix<Scalar> { codec.decode(coded) }
    public func byteCount(_ coded: CodedMatrix) -> Int { coded.byteCount }

    public func concurrently(_ count: Int, _ body: @Sendable (Int) -> Void) { workers.perform(count, body) }
}
