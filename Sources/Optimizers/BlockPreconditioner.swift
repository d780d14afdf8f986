import Compute
import MatrixCore
import Preconditioning

/// How the two roots of a block act on its gradient.
public enum Combination: String, Sendable, Codable, CaseIterable {
    /// Ĝ = L̂·G·R̂.
    case shampoo
    /// CASPR: J = L̂G + GR̂, Ĝ = L̂J + JR̂.
    case caspr
}

/// The preconditioners of one parameter: a pair for each of its blocks.
///
/// A dimension longer than the largest order is cut into pieces of exactly that order and a remainder; blocks are in
/// row-major order.
public struct BlockPreconditioner<Backend: MatrixBackend>: Sendable {
    /// A block of the parameter with L of its rows and R of its columns.
    public struct Block: Sendable {
        public let rows: Range<Int>
        public let columns: Range<Int>
        public var left: PreconditionerState<Backend>
        public var right: PreconditionerState<Backend>
    }

    public private(set) var blocks: [Block]

    /// - Precondition: the parameter is a matrix.
    /// - Throws: what the storages refuse.
    init(
        _ parameter: ParameterShape, largestOrder: Int, scheme: PreconditionerScheme,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws {
        precondition(parameter.isMatrix, "preconditioners for a parameter of \(parameter.dimensions)")
        blocks = []
        for rows in pieces(of: parameter.rows, largest: largestOrder) {
            for columns in pieces(of: parameter.columns, largest: largestOrder) {
                let left = try PreconditionerState(
                    order: rows.count, scheme: scheme, generator: PhiloxGenerator(seed: generator.next()), backend)
                let right = try PreconditionerState(
                    order: columns.count, scheme: scheme, generator: PhiloxGenerator(seed: generator.next()), backend)
                blocks.append(Block(rows: rows, columns: columns, left: left, right: right))
            }
        }
    }

    /// L ← βL + (1 − β)GGᵀ and R ← βR + (1 − β)GᵀG for every block.
    mutating func updateStatistics(with gradient: Backend.Tensor, _ backend: Backend) {
        for index in blocks.indices {
            let piece = backend.block(gradient, rows: blocks[index].rows, columns: blocks[index].columns)
            blocks[index].left.updateStatistic(
                with: backend.symmetricProduct(piece, transposed: false, alpha: 1), backend)
            blocks[index].right.updateStatistic(
                with: backend.symmetricProduct(piece, transposed: true, alpha: 1), backend)
        }
    }

    mutating func updateRoots(_ backend: Backend) {
        for index in blocks.indices {
            blocks[index].left.updateRoot(backend)
            blocks[index].right.updateRoot(backend)
        }
    }

    /// Ĝ of the whole gradient.
    func preconditioned(
        _ gradient: Backend.Tensor, _ combination: Combination, _ backend: Backend
    ) -> Backend.Tensor {
        var result = gradient
        for block in blocks {
            let piece = backend.block(gradient, rows: block.rows, columns: block.columns)
            let left = block.left.root.decoded(backend)
            let right = block.right.root.decoded(backend)
            backend.setBlock(
                &result, rows: block.rows, columns: block.columns,
                to: combine(left: left, piece, right: right, combination, backend))
        }
        return result
    }

    /// The bytes of all statistics and roots.
    public func byteCount(_ backend: Backend) -> Int {
        blocks.reduce(0) { $0 + $1.left.byteCount(backend) + $1.right.byteCount(backend) }
    }
}

/// Ĝ of one block. Decoded roots are the transposes of L̂ and R̂ in memory (see `StoredMatrix`), and are not symmetric
/// where blocks run along rows.
func combine<Backend: MatrixBackend>(
    left: Backend.Tensor, _ gradient: Backend.Tensor, right: Backend.Tensor, _ combination: Combination,
    _ backend: Backend
) -> Backend.Tensor {
    func fromLeft(_ a: Backend.Tensor) -> Backend.Tensor {
        backend.multiply(left, transposed: true, a, transposed: false, alpha: 1)
    }
    func fromRight(_ a: Backend.Tensor) -> Backend.Tensor {
        backend.multiply(a, transposed: false, right, transposed: true, alpha: 1)
    }
    switch combination {
    case .shampoo:
        return fromRight(fromLeft(gradient))
    case .caspr:
        let sum = backend.combine(1, fromLeft(gradient), 1, fromRight(gradient))
        return backend.combine(1, fromLeft(sum), 1, fromRight(sum))
    }
}

/// 0 ..< length in pieces of exactly `largest` and a remainder.
func pieces(of length: Int, largest: Int) -> [Range<Int>] {
    stride(from: 0, to: length, by: largest).map { $0..<min($0 + largest, length) }
}
