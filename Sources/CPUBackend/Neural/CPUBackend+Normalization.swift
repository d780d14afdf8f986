import Compute
import MatrixCore

/// Layer normalization: every column by itself.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func layerNormalization(
        _ a: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>, offset: Scalar
    ) -> (output: Matrix<Scalar>, statistics: NormalizationStatistics<Scalar>) {
        requireFeatures(gain, of: a)
        requireFeatures(bias, of: a)
        let rows = a.rows
        var means = [Scalar](repeating: 0, count: a.columns)
        var inverses = [Scalar](repeating: 0, count: a.columns)
        let output = Matrix<Scalar>(rows: rows, columns: a.columns) { result in
            withPointers(a, gain, bias) { x, gain, bias in
                means.withUnsafeMutableBufferPointer { means in
                    inverses.withUnsafeMutableBufferPointer { inverses in
                        inPieces(a.columns, atLeast: columnGrain(rows: rows)) { columns in
                            for column in columns {
                                let (source, target) = (x + column * rows, result + column * rows)
                                let (mean, inverse) = moments(source, rows, offset)
                                means[column] = mean
                                inverses[column] = inverse
                                for row in 0..<rows {
                                    target[row] = gain[row] * ((source[row] - mean) * inverse) + bias[row]
                                }
                            }
                        }
                    }
                }
            }
        }
        return (output, NormalizationStatistics(means: means, inverseDeviations: inverses))
    }

    /// With x̂ the normalized entry and g = γ∘dy: dx = (g − mean(g) − x̂·mean(g∘x̂))·inverse deviation.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func layerNormalizationGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, gain: Matrix<Scalar>,
        statistics: NormalizationStatistics<Scalar>
    ) -> (input: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        let (rows, count) = (input.rows, input.columns)
        let pieces = pieceCount(count, atLeast: columnGrain(rows: rows))
        // The gain's and the bias's gradient of every piece.
        var sums = Matrix<Scalar>(rows: rows, columns: 2 * pieces)
        let inputGradient = Matrix<Scalar>(rows: rows, columns: count) { dx in
            sums.withMutableElements { sums in
                withPointers(outputGradient, input, gain) { dy, x, gain in
                    inPieces(pieces, atLeast: 1) { own in
                        for index in own {
                            for column in piece(index, of: pieces, count) {
                                layerGradient(
                                    dy + column * rows, x + column * rows, gain, rows, statistics, column,
                                    dx + column * rows, sums + 2 * index * rows)
                            }
                        }
                    }
                }
            }
        }
        let total = sumOfPieces(sums, pieces: pieces)
        return (inputGradient, total.0, total.1)
    }

    /// The sums of the even and of the odd columns, in their order.
    func sumOfPieces(_ sums: Matrix<Scalar>, pieces: Int) -> (Matrix<Scalar>, Matrix<Scalar>) {
        var total = block(sums, rows: 0..<sums.rows, columns: 0..<2)
        for index in 1..<max(pieces, 1) {
            combine(1, into: &total, 1, block(sums, rows: 0..<sums.rows, columns: 2 * index..<2 * index + 2))
        }
        return (
            block(total, rows: 0..<sums.rows, columns: 0..<1), block(total, rows: 0..<sums.rows, columns: 1..<2)
        )
    }

    @inline(__always)
    func withPointers<Result>(
        _ a: Matrix<Scalar>, _ b: Matrix<Scalar>, _ c: Matrix<Scalar>,
        _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Result
    ) -> Result {
        a.withElements { a in b.withElements { b in c.withElements { c in body(a, b, c) } } }
    }
}

/// The mean and 1/√(variance + offset).
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func moments<Scalar: MatrixScalar>(
    _ x: UnsafePointer<Scalar>, _ count: Int, _ offset: Scalar
) -> (mean: Scalar, inverse: Scalar) {
    var sum: Scalar = 0
    for index in 0..<count { sum += x[index] }
    let mean = sum / Scalar(max(count, 1))
    var squares: Scalar = 0
    for index in 0..<count { squares += (x[index] - mean) * (x[index] - mean) }
    return (mean, 1 / (squares / Scalar(max(count, 1)) + offset).squareRoot())
}

@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func layerGradient<Scalar: MatrixScalar>(
    _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ gain: UnsafePointer<Scalar>, _ rows: Int,
    _ statistics: NormalizationStatistics<Scalar>, _ column: Int, _ dx: UnsafeMutablePointer<Scalar>,
    _ sums: UnsafeMutablePointer<Scalar>
) {
    let (mean, inverse) = (statistics.means[column], statistics.inverseDeviations[column])
    var (plain, weighted): (Scalar, Scalar) = (0, 0)
    for row in 0..<rows {
        let normalized = (x[row] - mean) * inverse
        let g = gain[row] * dy[row]
        plain += g
        weighted += g * normalized
        sums[row] += dy[row] * normalized
        sums[rows + row] += dy[row]
    }
    plain /= Scalar(rows)
    weighted /= Scalar(rows)
    for row in 0..<rows {
        let normalized = (x[row] - mean) * inverse
        dx[row] = (gain[row] * dy[row] - plain - normalized * weighted) * inverse
    }
}
