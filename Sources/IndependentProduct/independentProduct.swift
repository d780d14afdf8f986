import CIndependentProduct
import MatrixCore

/// A·B in double, by no BLAS: what judges and what generates test matrices must not share code with what is judged.
///
/// Shapes: (m × k)·(k × n) = m × n.
///
/// Numerics: every entry is Σ aᵢₖbₖⱼ from 0 in increasing order of k, each multiplication and each addition rounded to
/// double by itself, so the result has the same bits on every processor. |error| ≤ (k + 1)·u·|A||B|, entry by entry.
public func independentProduct(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
    independentProduct(a, b, instructions: .widest)
}

/// A·Diag(d)·Aᵀ, exactly symmetric.
///
/// Shapes: A is m × k, d has k entries, the result is m × m.
///
/// Numerics: the entries (i, j) with i ≤ j are Σ (aᵢₖdₖ)aⱼₖ in increasing order of k, each operation rounded by itself;
/// the others are their mirror image.
public func independentSymmetricProduct(_ a: Matrix<Double>, diagonal: [Double]) -> Matrix<Double> {
    independentSymmetricProduct(a, diagonal: diagonal, instructions: .widest)
}

/// AᵀA, exactly symmetric.
///
/// Shapes: A is m × n, the result is n × n.
///
/// Numerics: as for `independentProduct`, with i ≤ j computed and the rest mirrored.
public func independentGramMatrix(_ a: Matrix<Double>) -> Matrix<Double> {
    var result = product(
        rows: a.columns, columns: a.columns, depth: a.rows,
        left: Operand(a, transposed: true), right: Operand(a, transposed: false), upperOnly: true,
        instructions: .widest)
    result.mirrorUpperTriangle()
    return result
}

/// AᵀB.
///
/// Shapes: A is k × m, B is k × n, the result is m × n.
///
/// Numerics: as for `independentProduct`.
public func independentProduct(transposing a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
    precondition(a.rows == b.rows, "the transpose of \(a.rows) × \(a.columns) times \(b.rows) × \(b.columns)")
    return product(
        rows: a.columns, columns: b.columns, depth: a.rows,
        left: Operand(a, transposed: true), right: Operand(b, transposed: false), instructions: .widest)
}

/// The instruction sets that the product is compiled for; all give the same bits.
enum InstructionSet: CaseIterable {
    case portable, avx2, avx512

    static var widest: InstructionSet {
        switch independent_widest_instructions() {
        case independent_avx512: .avx512
        case independent_avx2: .avx2
        default: .portable
        }
    }

    /// Those that this processor offers, the narrowest first.
    static var available: [InstructionSet] {
        switch widest {
        case .portable: [.portable]
        case .avx2: [.portable, .avx2]
        case .avx512: [.portable, .avx2, .avx512]
        }
    }

    fileprivate var code: independent_instructions {
        switch self {
        case .portable: independent_portable
        case .avx2: independent_avx2
        case .avx512: independent_avx512
        }
    }
}

func independentProduct(
    _ a: Matrix<Double>, _ b: Matrix<Double>, instructions: InstructionSet
) -> Matrix<Double> {
    precondition(a.columns == b.rows, "\(a.rows) × \(a.columns) times \(b.rows) × \(b.columns)")
    return product(
        rows: a.rows, columns: b.columns, depth: a.columns,
        left: Operand(a, transposed: false), right: Operand(b, transposed: false), instructions: instructions)
}

func independentSymmetricProduct(
    _ a: Matrix<Double>, diagonal: [Double], instructions: InstructionSet
) -> Matrix<Double> {
    precondition(diagonal.count == a.columns, "\(diagonal.count) factors for \(a.columns) columns")
    var result = product(
        rows: a.rows, columns: a.rows, depth: a.columns,
        left: Operand(a, transposed: false), factors: diagonal, right: Operand(a, transposed: true), upperOnly: true,
        instructions: instructions)
    result.mirrorUpperTriangle()
    return result
}

/// A matrix or its transpose, as strides over the same memory.
private struct Operand {
    let elements: [Double]
    let rowStride: Int
    let columnStride: Int

    init(_ matrix: Matrix<Double>, transposed: Bool) {
        elements = matrix.elements
        rowStride = transposed ? matrix.rows : 1
        columnStride = transposed ? 1 : matrix.rows
    }
}

private func product(
    rows: Int, columns: Int, depth: Int, left: Operand, factors: [Double]? = nil, right: Operand,
    upperOnly: Bool = false, instructions: InstructionSet
) -> Matrix<Double> {
    let workspace = UnsafeMutableRawPointer.allocate(
        byteCount: independent_workspace_count() * MemoryLayout<Double>.stride, alignment: 64)
    defer { workspace.deallocate() }
    let entries = [Double](unsafeUninitializedCapacity: rows * columns) { target, count in
        // The entries below the diagonal that the kernel leaves out are read by no one before they are mirrored.
        if upperOnly { target.initialize(repeating: 0) }
        left.elements.withUnsafeBufferPointer { a in
            right.elements.withUnsafeBufferPointer { b in
                withPointer(to: factors) { scale in
                    independent_product(
                        instructions.code, rows, columns, depth,
                        independent_operand(
                            data: a.baseAddress, row_stride: left.rowStride, column_stride: left.columnStride),
                        scale,
                        independent_operand(
                            data: b.baseAddress, row_stride: right.rowStride, column_stride: right.columnStride),
                        target.baseAddress, upperOnly ? 1 : 0, workspace.assumingMemoryBound(to: Double.self))
                }
            }
        }
        count = rows * columns
    }
    return Matrix(rows: rows, columns: columns, elements: entries)
}

private func withPointer(to factors: [Double]?, _ body: (UnsafePointer<Double>?) -> Void) {
    guard let factors else { return body(nil) }
    factors.withUnsafeBufferPointer { body($0.baseAddress) }
}
