import Compute
import MatrixCore

/// Batch normalization: every row by itself, the rows side by side.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func batchNormalization(
        _ a: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>, offset: Scalar
    ) -> (output: Matrix<Scalar>, statistics: NormalizationStatistics<Scalar>) {
        let count = Scalar(max(a.columns, 1))
        let means = rowSums(a).elements.map { $0 / count }
        let squares = sumsOfSquares(a, around: means)
        let inverses = squares.map { 1 / ($0 / count + offset).squareRoot() }
        let statistics = NormalizationStatistics(means: means, inverseDeviations: inverses)
        return (batchNormalization(a, gain: gain, bias: bias, statistics: statistics), statistics)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func batchNormalization(
        _ a: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>, statistics: NormalizationStatistics<Scalar>
    ) -> Matrix<Scalar> {
        requireFeatures(gain, of: a)
        requireFeatures(bias, of: a)
        let rows = a.rows
        return Matrix(rows: rows, columns: a.columns) { result in
            withPointers(a, gain, bias) { x, gain, bias in
                inPieces(a.columns, atLeast: columnGrain(rows: rows)) { columns in
                    for column in columns {
                        for row in 0..<rows {
                            let normalized =
                                (x[column * rows + row] - statistics.means[row]) * statistics.inverseDeviations[row]
                            result[column * rows + row] = gain[row] * normalized + bias[row]
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
        statistics: NormalizationStatistics<Scalar>
    ) -> (input: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        let (rows, count) = (input.rows, Scalar(max(input.columns, 1)))
        let (gainGradient, biasGradient) = normalizedProducts(outputGradient, input, statistics)
        let weighted = gainGradient.elements.map { $0 / count }
        let plain = biasGradient.elements.map { $0 / count }
        let inputGradient = Matrix<Scalar>(rows: rows, columns: input.columns) { dx in
            withPointers(outputGradient, input, gain) { dy, x, gain in
                inPieces(input.columns, atLeast: columnGrain(rows: rows)) { columns in
                    for column in columns {
                        for row in 0..<rows {
                            let index = column * rows + row
                            let inverse = statistics.inverseDeviations[row]
                            let normalized = (x[index] - statistics.means[row]) * inverse
                            dx[index] = gain[row] * inverse * (dy[index] - plain[row] - normalized * weighted[row])
                        }
                    }
                }
            }
        }
        return (inputGradient, gainGradient, biasGradient)
    }

    /// Σ (x − mean)² of every row.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    private func sumsOfSquares(_ a: Matrix<Scalar>, around means: [Scalar]) -> [Scalar] {
        let rows = a.rows
        let deviations = a.withElements { x in
            entries(a) { _, result, range in
                for index in range {
                    let deviation = x[index] - means[index % rows]
                    result[index] = deviation * deviation
                }
            }
        }
        return rowSums(deviations).elements
    }

    /// Σ dy∘x̂ and Σ dy of every row.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    private func normalizedProducts(
        _ outputGradient: Matrix<Scalar>, _ input: Matrix<Scalar>, _ statistics: NormalizationStatistics<Scalar>
    ) -> (Matrix<Scalar>, Matrix<Scalar>) {
        let rows = input.rows
        let products = entries(outputGradient, input) { dy, x, result, range in
            for index in range {
                let row = index % rows
                result[index] = dy[index] * ((x[index] - statistics.means[row]) * statistics.inverseDeviations[row])
            }
        }
        return (rowSums(products), rowSums(outputGradient))
    }
}
