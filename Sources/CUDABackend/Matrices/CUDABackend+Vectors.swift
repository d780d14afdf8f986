import Compute
import MatrixCore

/// Vectors, and what they do to tensors.
extension CUDABackend {
    /// The entries lie in the order of the vector already.
    public func vector(flattening a: Tensor) -> Vector { Vector(memory: a.memory, count: a.count) }
    public func column(_ a: Vector) -> Tensor { Tensor(memory: a.memory, rows: a.count, columns: 1) }

    public func diagonal(_ a: Tensor) -> Vector {
        let result = makeVector(min(a.rows, a.columns))
        launch(
            .elements, "take_diagonal", count: result.count, result.address, a.address, Int64(a.rows), Int64(result.count))
        return result
    }

    public func selectColumns(_ a: Tensor, _ indices: [Int]) -> Tensor {
        precondition(indices.allSatisfy((0..<a.columns).contains), "columns \(indices) of \(a.columns)")
        let result = makeTensor(rows: a.rows, columns: indices.count)
        let places = upload(indices.map { Int64($0) })
        launch(
            .elements, "select_columns", count: result.count, result.address, a.address, places.address, Int64(a.rows),
            Int64(indices.count))
        return result
    }

    public func select(_ a: Vector, permutation: [Int]) -> Vector {
        let row = selectColumns(Tensor(memory: a.memory, rows: 1, columns: a.count), permutation)
        return vector(flattening: row)
    }

    public func scaleColumns(_ a: Tensor, by factors: Vector) -> Tensor {
        precondition(factors.count == a.columns, "\(factors.count) factors of \(a.columns) columns")
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(
            .elements, "scale_columns", count: a.count, result.address, a.address, factors.address, Int64(a.rows),
            Int64(a.count))
        return result
    }

    public func scaleByLesser(_ a: Tensor, rows: Vector, columns: Vector, isDivided: Bool) -> Tensor {
        precondition(
            rows.count == a.rows && columns.count == a.columns,
            "\(rows.count) and \(columns.count) scales for \(a.rows) × \(a.columns)")
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(
            .elements, "scale_by_lesser", count: a.count, result.address, a.address, rows.address, columns.address,
            Int64(a.rows), Int64(a.count), Int32(isDivided ? 1 : 0))
        return result
    }

    public func addToDiagonal(_ a: Tensor, _ value: Scalar) -> Tensor {
        requireSquare(a)
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(.elements, "add_to_diagonal", count: a.count, result.address, a.address, value, Int64(a.rows))
        return result
    }

    public func symmetrize(_ a: Tensor) -> Tensor {
        requireSquare(a)
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(.elements, "symmetrize", count: a.count, result.address, a.address, Int64(a.rows))
        return result
    }

    public func mirrorUpperTriangle(_ a: Tensor) -> Tensor {
        requireSquare(a)
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(.elements, "mirror_upper_triangle", count: a.count, result.address, a.address, Int64(a.rows))
        return result
    }

    public func orientColumns(_ a: Tensor) -> Tensor {
        let result = makeTensor(rows: a.rows, columns: a.columns)
        orientColumns(of: a, into: result)
        return result
    }

    /// The oriented columns of `a`, which may be the result itself.
    func orientColumns(of a: Tensor, into result: Tensor) {
        launch(
            .reductions, "orient_columns", count: 32 * a.columns, result.address, a.address, Int64(a.rows), Int64(a.columns))
    }

    public func map(_ a: Vector, _ operation: VectorOperation<Scalar>) -> Vector {
        let result = makeVector(a.count)
        let (target, source, count) = (result.address, a.address, Int64(a.count))
        // Those that need the largest value find it in one block, or one warp.
        let blocks = min(a.count, 1)
        switch operation {
        case .magnitude: launch(.vectors, "magnitudes", count: a.count, target, source, count)
        case .raise(let floor): launch(.vectors, "raise_to_floor", count: a.count, target, source, floor, count)
        case .raiseToShareOfLargest(let share):
            launch(.vectors, "raise_to_share_of_largest", blocks: blocks, threads: 1024, target, source, share, count)
        case .roundToFloat: launch(.vectors, "round_to_float", count: a.count, target, source, count)
        case .inversePower(let exponent, let damping):
            launch(.vectors, "inverse_powers", blocks: blocks, threads: 32, target, source, exponent, damping, count)
        case .reflectorScalars(let reflectors):
            launch(.vectors, "reflector_scalars", count: a.count, target, source, Int64(reflectors), count)
        case .inverseDeviation(let offset):
            launch(.vectors, "inverse_deviations", count: a.count, target, source, offset, count)
        case .variance(let offset, let factor):
            launch(.vectors, "variances", count: a.count, target, source, offset, factor, count)
        }
        return result
    }
}
