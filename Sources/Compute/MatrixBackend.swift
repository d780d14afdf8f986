import MatrixCore
import Quantization

/// The matrix and coding primitives in which storages, roots and optimizers are written.
///
/// A backend is a value, passed explicitly. Tensors are column-major matrices and vectors are lists of numbers, both on its
/// device and both immutable: primitives return new ones. A number comes to the host only by a call that returns `Scalar`,
/// `[Scalar]` or `Matrix`, and each such call waits for the device once, however many it brings.
///
/// What a device fails with while it computes is kept until `synchronize` is called; results are then of no use, but no
/// primitive ends the program for it.
public protocol MatrixBackend<Scalar>: Sendable {
    associatedtype Scalar: MatrixScalar
    associatedtype Tensor: Sendable
    /// One value a column, a row or a block: eigenvalues, scale factors, norms, diagonals.
    associatedtype Vector: Sendable
    /// Packed codes with their block maxima, and the uncoded diagonal where there is one.
    associatedtype CodedTensor: Sendable
    /// `Never` for what cannot fail.
    associatedtype DeviceFailure: Error

    // MARK: To the device and back

    func tensor(_ matrix: Matrix<Scalar>) -> Tensor
    func matrix(_ tensor: Tensor) -> Matrix<Scalar>
    func vector(_ values: [Scalar]) -> Vector
    /// The values of several vectors at once.
    func values(of vectors: [Vector]) -> [[Scalar]]
    func shape(of tensor: Tensor) -> (rows: Int, columns: Int)
    /// Waits for all that was asked of the device, and throws what any of it failed with since the last call.
    func synchronize() throws(DeviceFailure)
    /// The most bytes that were taken from the device's memory at one time; nil where that is the program's own memory.
    var peakDeviceBytes: Int? { get }

    // MARK: Making and moving entries

    func zeros(rows: Int, columns: Int) -> Tensor
    func identity(_ order: Int) -> Tensor
    /// The same entries in the same order, in another shape.
    func reshaped(_ a: Tensor, rows: Int, columns: Int) -> Tensor
    /// Aᵀ, as a tensor of its own: its columns are the rows of A.
    func transposed(_ a: Tensor) -> Tensor
    /// The entries of a range of rows and columns.
    func block(_ a: Tensor, rows: Range<Int>, columns: Range<Int>) -> Tensor
    /// Replaces the entries of a range of rows and columns.
    func setBlock(_ a: inout Tensor, rows: Range<Int>, columns: Range<Int>, to block: Tensor)
    /// Column j of the result is column `indices[j]`, which may occur more than once.
    func selectColumns(_ a: Tensor, _ indices: [Int]) -> Tensor
    /// Value j of the result is value `permutation[j]`.
    func select(_ a: Vector, permutation: [Int]) -> Vector
    /// The entries of a tensor, column after column.
    func vector(flattening a: Tensor) -> Vector
    /// The tensor whose only column is the vector.
    func column(_ a: Vector) -> Tensor
    func diagonal(_ a: Tensor) -> Vector
    /// The strict lower triangle replaced by the mirror image of the upper one.
    func mirrorUpperTriangle(_ a: Tensor) -> Tensor

    // MARK: Arithmetic

    /// α·op(A)·op(B), op the transpose where asked for.
    func multiply(
        _ a: Tensor, transposed transposeA: Bool, _ b: Tensor, transposed transposeB: Bool, alpha: Scalar
    ) -> Tensor
    /// α·A·Aᵀ, or α·Aᵀ·A where `transposed`; exactly symmetric.
    func symmetricProduct(_ a: Tensor, transposed: Bool, alpha: Scalar) -> Tensor
    /// α·A + β·B.
    func combine(_ alpha: Scalar, _ a: Tensor, _ beta: Scalar, _ b: Tensor) -> Tensor
    /// A ← α·A + β·B, in place where the tensor is not shared.
    func combine(_ alpha: Scalar, into a: inout Tensor, _ beta: Scalar, _ b: Tensor)
    /// A∘B, entry by entry.
    func elementwiseProduct(_ a: Tensor, _ b: Tensor) -> Tensor
    /// A ← α·A + β·B∘B, entry by entry.
    func combineSquares(_ alpha: Scalar, into a: inout Tensor, _ beta: Scalar, _ b: Tensor)
    /// aᵢ ← aᵢ + α·bᵢ/(√cᵢ·scale + offset).
    func addQuotient(_ alpha: Scalar, into a: inout Tensor, _ b: Tensor, rootOf c: Tensor, scale: Scalar, offset: Scalar)
    /// Aₖ ← αₖ·Aₖ + β·Bₖ for every tensor of a list, as `combine(_:into:_:_:)` does: one pass where the device allows it.
    func combine(_ alphas: [Scalar], intoEach list: inout [Tensor], _ beta: Scalar, _ b: [Tensor])
    /// Aₖ ← α·Aₖ + β·Bₖ∘Bₖ, likewise.
    func combineSquares(_ alpha: Scalar, intoEach list: inout [Tensor], _ beta: Scalar, _ b: [Tensor])
    /// aᵢ ← aᵢ + α·bᵢ/(√cᵢ·scale + offset) in every tensor, likewise.
    func addQuotient(
        _ alpha: Scalar, intoEach list: inout [Tensor], _ b: [Tensor], rootOf c: [Tensor], scale: Scalar, offset: Scalar)
    /// A·Diag(factors).
    func scaleColumns(_ a: Tensor, by factors: Vector) -> Tensor
    /// aᵢⱼ·s or, divided, aᵢⱼ/s, with s = min(rᵢ, cⱼ) of one number a row and one a column; 0 where s is 0.
    func scaleByLesser(_ a: Tensor, rows: Vector, columns: Vector, isDivided: Bool) -> Tensor
    func addToDiagonal(_ a: Tensor, _ value: Scalar) -> Tensor
    /// (A + Aᵀ)/2.
    func symmetrize(_ a: Tensor) -> Tensor
    /// Each column negated where its entry of largest magnitude, the first of equal ones, is negative.
    func orientColumns(_ a: Tensor) -> Tensor
    func map(_ a: Vector, _ operation: VectorOperation<Scalar>) -> Vector

    // MARK: Sums and norms

    /// ‖A‖F of every tensor; no square leaves the range of the scalar.
    func norms(of tensors: [Tensor]) -> [Scalar]
    /// max |aᵢⱼ| of every tensor, 0 for an empty one, NaN where an entry is.
    func largestMagnitudes(of tensors: [Tensor]) -> [Scalar]
    /// max |A − I| as a vector of one value, NaN where an entry is: what an iteration decides on, read when it must be.
    func distanceFromIdentity(_ a: Tensor) -> Vector
    /// maxᵢ |aᵢⱼ| for every column j, 0 for an empty one, NaN where an entry is.
    func columnMagnitudes(_ a: Tensor) -> Vector
    /// Σᵢ aᵢⱼ² for every column j.
    func squaredColumnNorms(_ a: Tensor) -> Vector
    /// Σᵢ aᵢⱼ·bᵢⱼ for every column j: the diagonal of Aᵀ·B.
    func columnProducts(_ a: Tensor, _ b: Tensor) -> Vector

    // MARK: Decompositions

    /// A = V·Diag(values)·Vᵀ for a symmetric A, of which the upper triangle is read: values ascending, eigenvectors in columns,
    /// each signed so that its entry of largest magnitude is positive.
    func symmetricEigen(
        _ a: Tensor, by algorithm: EigenAlgorithm
    ) throws(DecompositionError) -> (values: Vector, vectors: Tensor)
    /// A = H₁H₂…Hₙ·R as LAPACK keeps it: reflector tails below the diagonal, R on and above it, and the scalars τ.
    func householderQR(_ a: Tensor) -> (packed: Tensor, scalars: Vector)
    /// H₁H₂…Hₙ from reflector tails below the diagonal.
    func orthogonalFactor(reflectors: Tensor, scalars: Vector) -> Tensor
    /// Lᵀ of A = L·Lᵀ, zeros below the diagonal; only the upper triangle of A is read.
    func choleskyFactor(_ a: Tensor) throws(DecompositionError) -> Tensor
    /// X of op(R)·X = B for an upper triangular R without zeros on its diagonal, op the transpose where asked for; only the upper
    /// triangle of R is read.
    func solveTriangular(_ factor: Tensor, transposed: Bool, _ b: Tensor) -> Tensor

    // MARK: Codes

    /// The entries of the form's region, coded column by column; the tensor has the form's shape.
    ///
    /// - Throws: `QuantizationError.notFinite`.
    func encode(_ a: Tensor, as form: CodedForm) throws(QuantizationError) -> CodedTensor
    /// The coded entries and the kept diagonal; zeros elsewhere.
    func decode(_ coded: CodedTensor) -> Tensor
    /// Entries of one column, from a row on, as they come back where they are coded as one segment: to the bit what `encode` and
    /// `decode` make of them.
    ///
    /// - Precondition: the entries are finite.
    func throughCodes(_ segment: [Float], row: Int, column: Int, coding: BlockCoding) -> [Float]
    func form(of coded: CodedTensor) -> CodedForm
    /// The bytes of packed codes, block maxima and kept diagonal, as they are: packing may make them fewer than the form says.
    func byteCount(_ coded: CodedTensor) -> Int
    /// The buffers of a coded tensor as they are, and the tensor that they make.
    func codedMatrix(_ coded: CodedTensor) -> CodedMatrix
    func codedTensor(_ matrix: CodedMatrix) -> CodedTensor

    // MARK: Side by side

    /// Independent pieces of work, side by side where the device allows it; returns when all are done.
    ///
    /// A piece computes with the lane that it is given: this backend, or one like it that shares its device and its tensors
    /// and waits for nobody else (a stream of its own).
    func concurrently(_ count: Int, _ body: @Sendable (_ lane: Self, _ index: Int) -> Void)
}

extension MatrixBackend {
    public var peakDeviceBytes: Int? { nil }

    public func multiply(_ a: Tensor, transposed: Bool = false, _ b: Tensor) -> Tensor {
        multiply(a, transposed: transposed, b, transposed: false, alpha: 1)
    }

    /// α·A + 0·A.
    public func scaled(_ alpha: Scalar, _ a: Tensor) -> Tensor { combine(alpha, a, 0, a) }

    public func symmetricEigen(_ a: Tensor) throws(DecompositionError) -> (values: Vector, vectors: Tensor) {
        try symmetricEigen(a, by: .divideAndConquer)
    }

    public func values(of vector: Vector) -> [Scalar] { values(of: [vector])[0] }
    public func frobeniusNorm(_ a: Tensor) -> Scalar { norms(of: [a])[0] }
    public func largestMagnitude(_ a: Tensor) -> Scalar { largestMagnitudes(of: [a])[0] }

    public func throughCodes(_ segment: [Float], row: Int, column: Int, coding: BlockCoding) -> [Float] {
        let (codes, maxima) = ReferenceCodec.encode(segment, coding: coding)
        return ReferenceCodec.decode(codes: codes, maxima: maxima, coding: coding)
    }

    /// The bytes of the entries.
    public func byteCount(_ tensor: Tensor) -> Int {
        let (rows, columns) = shape(of: tensor)
        return rows * columns * MemoryLayout<Scalar>.stride
    }
}
