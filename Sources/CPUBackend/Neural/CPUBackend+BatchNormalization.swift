import Compute
import MatrixCore

/// Batch normalization: every row by itself, the rows side by side.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func batchNormalization(
        _ a: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>, offset: Scalar
    ) -> (output: Matrix<Scalar>, statistics: NormalizationStatistics<[Scalar]>) {
        let count = Scalar(max(a.columns, 1))
        let (means, squares) = rowMoments(a)
        let inverses = squares.map { 1 / ($0 / count + offset).squareRoot() }
        let statistics = NormalizationStatistics(means: means, inverseDeviations: inverses)
        return (batchNormalization(a, gain: gain, bias: bias, statistics: statistics), statistics)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func batchNormalization(
        _ a: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>, statistics: NormalizationStatistics<[Scalar]>
    ) -> Matrix<Scalar> {
        requireFeatures(gain, of: a)
        requireFeatures(bias, of: a)
        requireStatistics(statistics, of: a)
        let rows = a.rows
        let constants = rowConstants(
            statistics.means, zip(gain.elements, statistics.inverseDeviations).map { $0 * $1 }, bias.elements)
        return filled(rows: rows, columns: a.columns) { result in
            withPointers(a, constants, constants) { x, means, _ in
                let (scales, biases) = (means + rows, means + 2 * rows)
                inPieces(a.columns, atLeast: columnGrain(rows: rows)) { columns in
                    let start = columns.lowerBound * rows
                    if hasKernels {
                        return kernels.batch_normalize(
                            floats(x + start), floats(means), floats(scales), floats(biases), rows, columns.count,
                            floats(result + start))
                    }
                    for column in columns {
                        for row in 0..<rows {
                            let index = column * rows + row
                            result[index] = (x[index] - means[row]) * scales[row] + biases[row]
                        }
                    }
                }
            }
        }
    }

    /// With x̂ the normalized entry: dx = γ·inverse deviation·(dy − mean(dy) − x̂·mean(dy∘x̂)), means over the row.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func batchNormalizationGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, gain: Matrix<Scalar>,
        statistics: NormalizationStatistics<[Scalar]>
    ) -> (input: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        requireStatistics(statistics, of: input)
        let (rows, inverses) = (input.rows, statistics.inverseDeviations)
        let (products, sums) = centeredProducts(outputGradient, input, statistics.means)
        let gainGradient = Matrix(
            rows: rows, columns: 1, elements: zip(products.elements, inverses).map { $0 * $1 })
        let count = Scalar(max(input.columns, 1))
        let constants = rowConstants(
            statistics.means, zip(gain.elements, inverses).map { $0 * $1 }, sums.elements.map { $0 / count },
            zip(gainGradient.elements, inverses).map { $0 / count * $1 })
        let inputGradient = filled(rows: rows, columns: input.columns) { dx in
            withPointers(outputGradient, input, constants) { dy, x, constants in
                inPieces(input.columns, atLeast: columnGrain(rows: rows)) { columns in
                    let start = columns.lowerBound * rows
                    batchGradient(dy + start, x + start, constants, rows: rows, columns: columns.count, dx + start)
                }
            }
        }
        return (inputGradient, gainGradient, sums)
    }

    /// Each list a column.
    private func rowConstants(_ lists: [Scalar]...) -> Matrix<Scalar> {
        Matrix(rows: lists[0].count, columns: lists.count, elements: lists.flatMap { $0 })
    }

    private func requireStatistics(_ statistics: NormalizationStatistics<[Scalar]>, of a: Matrix<Scalar>) {
        precondition(
            statistics.means.count == a.rows && statistics.inverseDeviations.count == a.rows,
            "statistics of \(statistics.means.count) rows for \(a.rows)")
    }

    @inline(__always)
    private func batchGradient(
        _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ constants: UnsafePointer<Scalar>, rows: Int,
        columns: Int, _ dx: UnsafeMutablePointer<Scalar>
    ) {
        let (means, scales) = (constants, constants + rows)
        let (plains, slopes) = (constants + 2 * rows, constants + 3 * rows)
        if hasKernels {
            return kernels.batch_gradient(
                floats(dy), floats(x), floats(means), floats(scales), floats(plains), floats(slopes), rows, columns,
                floats(dx))
        }
        for column in 0..<columns {
            for row in 0..<rows {
                let index = column * rows + row
                dx[index] = scales[row] * (dy[index] - plains[row] - (x[index] - means[row]) * slopes[row])
            }
        }
    }
}
