import Compute
import MatrixCore

/// Vectors, which are arrays here, and what they do to tensors.
extension CPUBackend {
    public func vector(flattening a: Matrix<Scalar>) -> [Scalar] { a.elements }
    public func column(_ a: [Scalar]) -> Matrix<Scalar> { Matrix(rows: a.count, columns: 1, elements: a) }
    public func diagonal(_ a: Matrix<Scalar>) -> [Scalar] { a.diagonal }
    public func select(_ a: [Scalar], permutation: [Int]) -> [Scalar] { permutation.map { a[$0] } }
    public func map(_ a: [Scalar], _ operation: VectorOperation<Scalar>) -> [Scalar] { operation.applied(to: a) }

    public func scaleColumns(_ a: Matrix<Scalar>, by factors: [Scalar]) -> Matrix<Scalar> {
        a.scalingColumns(by: factors)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func scaleByLesser(
        _ a: Matrix<Scalar>, rows: [Scalar], columns: [Scalar], isDivided: Bool
    ) -> Matrix<Scalar> {
        precondition(
            rows.count == a.rows && columns.count == a.columns,
            "\(rows.count) and \(columns.count) scales for \(a.rows) × \(a.columns)")
        return filled(rows: a.rows, columns: a.columns) { result in
            a.withElements { entries in
                inPieces(a.columns, atLeast: columnGrain(rows: a.rows)) { own in
                    for column in own {
                        for row in 0..<a.rows {
                            let (index, scale) = (row + column * a.rows, min(rows[row], columns[column]))
                            result[index] = scale == 0 ? 0 : isDivided ? entries[index] / scale : entries[index] * scale
                        }
                    }
                }
            }
        }
    }

    public func selectColumns(_ a: Matrix<Scalar>, _ indices: [Int]) -> Matrix<Scalar> { a.selectingColumns(indices) }

    public func orientColumns(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        var result = a
        result.makeLargestEntriesPositive()
        return result
    }

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
}
