import MatrixCore
import Quantization

/// The matrix and coding primitives in which storages, roots and optimizers are written.
///
/// A backend is a value, passed explicitly. Tensors are column-major matrices that live on its device; vectors of
/// one value a row (eigenvalues, scale factors) live on the host. A tensor is immutable: primitives return new ones.
public protocol MatrixBackend<Scalar>: Sendable {
    associatedtype Scalar: MatrixScalar
    associatedtype Tensor: Sendable
    /// Packed codes with their block maxima, and the uncoded diagonal where there is one.
    associatedtype CodedTensor: Sendable

    func tensor(_ matrix: Matrix<Scalar>) -> Tensor
    func matrix(_ tensor: Tensor) -> Matrix<Scalar>
    /// The bytes of the entries.
    func byteCount(_ tensor: Tensor) -> Int
    /// The entries of a range of rows and columns.
    func block(_ a: Tensor, rows: Range<Int>, columns: Range<Int>) -> Tensor
    /// Replaces the entries of a range of rows and columns.
    func setBlock(_ a: inout Tensor, rows: Range<Int>, columns: Range<Int>, to block: Tensor)

    /// α·op(A)·op(B), op the transpose where asked for.
    func multiply(
        _ a: Tensor, transposed transposeA: Bool, _ b: Tensor, transposed transposeB: Bool, alpha: Scalar
    ) -> Tensor
    /// α·A·Aᵀ, or α·Aᵀ·A where `transposed`; exactly symmetric.
    func symmetricProduct(_ a: Tensor, transposed: Bool, alpha: Scalar) -> Tensor
    /// α·A + β·B.
    func combine(_ alpha: Scalar, _ a: Tensor, _ beta: Scalar, _ b: Tensor) -> Tensor
    /// A·Diag(factors).
    func scaleColumns(_ a: Tensor, by factors: [Scalar]) -> Tensor
    /// Column j of the result is column `order[j]`.
    func selectColumns(_ a: Tensor, _ order: [Int]) -> Tensor
    func diagonal(_ a: Tensor) -> [Scalar]
    func addToDiagonal(_ a: Tensor, _ value: Scalar) -> Tensor
    /// (A + Aᵀ)/2.
    func symmetrize(_ a: Tensor) -> Tensor
    /// The strict lower triangle replaced by the mirror image of the upper one.
    func mirrorUpperTriangle(_ a: Tensor) -> Tensor
    func frobeniusNorm(_ a: Tensor) -> Scalar
    func largestMagnitude(_ a: Tensor) -> Scalar
    /// Σᵢ aᵢⱼ² for every column j.
    func squaredColumnNorms(_ a: Tensor) -> [Scalar]
    /// Σᵢ aᵢⱼ·bᵢⱼ for every column j: the diagonal of Aᵀ·B.
    func columnProducts(_ a: Tensor, _ b: Tensor) -> [Scalar]

    /// A ← α·A + β·B, in place where the tensor is not shared.
    func combine(_ alpha: Scalar, into a: inout Tensor, _ beta: Scalar, _ b: Tensor)
    /// A ← α·A + β·B∘B, entry by entry.
    func combineSquares(_ alpha: Scalar, into a: inout Tensor, _ beta: Scalar, _ b: Tensor)
    /// aᵢ ← aᵢ + α·bᵢ/(√cᵢ·scale + offset).
    func addQuotient(_ alpha: Scalar, into a: inout Tensor, _ b: Tensor, rootOf c: Tensor, scale: Scalar, offset: Scalar)

    /// A = V·Diag(values)·Vᵀ for a symmetric A, of which the upper triangle is read: values ascending, eigenvectors in columns,
    /// each signed so that its entry of largest magnitude is positive.
    func symmetricEigen(_ a: Tensor) throws(DecompositionError) -> (values: [Scalar], vectors: Tensor)
    /// A = H₁H₂…Hₙ·R as LAPACK keeps it: reflector tails below the diagonal, R on and above it, and the scalars τ.
    func householderQR(_ a: Tensor) -> (packed: Tensor, scalars: [Scalar])
    /// H₁H₂…Hₙ from reflector tails below the diagonal.
    func orthogonalFactor(reflectors: Tensor, scalars: [Scalar]) -> Tensor
    /// Lᵀ of A = L·Lᵀ, zeros below the diagonal; only the upper triangle of A is read.
    func choleskyFactor(_ a: Tensor) throws(DecompositionError) -> Tensor

    /// The entries of a region of a square tensor, coded column by column.
    ///
    /// With `keepingDiagonal` the diagonal is kept in float32 beside the codes; where the region holds it, a zero is
    /// coded in its place.
    ///
    /// - Throws: `QuantizationError.notFinite`.
    func encode(
        _ a: Tensor, region: CodedRegion, coding: BlockCoding, keepingDiagonal: Bool
    ) throws(QuantizationError) -> CodedTensor
    /// The coded entries and the kept diagonal; zeros elsewhere.
    func decode(_ coded: CodedTensor) -> Tensor
    /// The bytes of packed codes, block maxima and kept diagonal.
    func byteCount(_ coded: CodedTensor) -> Int
    /// The buffers of a coded tensor as they are, and the tensor that they make.
    func parts(of coded: CodedTensor) -> CodedParts
    func codedTensor(_ parts: CodedParts) -> CodedTensor

    /// Independent pieces of work, side by side where the device allows it; returns when all are done.
    func concurrently(_ count: Int, _ body: @Sendable (Int) -> Void)
}

extension MatrixBackend {
    public func multiply(_ a: Tensor, transposed: Bool = false, _ b: Tensor) -> Tensor {
        multiply(a, transposed: transposed, b, transposed: false, alpha: 1)
    }
}
