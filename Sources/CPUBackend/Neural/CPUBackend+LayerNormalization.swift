import Compute
import MatrixCore

/// Layer normalization: every column by itself.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func layerNormalization(
        _ a: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>, offset: Scalar
    ) -> (output: Matrix<Scalar>, statistics: NormalizationStatistics<[Scalar]>) {
        requireFeatures(gain, of: a)
        requireFeatures(bias, of: a)
        // Means in the first column, inverse deviations in the second.
        var statistics = Matrix<Scalar>(rows: a.columns, columns: 2)
        let output = filled(rows: a.rows, columns: a.columns) { result in
            changing(&statistics) { statistics in
                withPointers(a, gain, bias) { x, gain, bias in
                    inPieces(a.columns, atLeast: columnGrain(rows: a.rows)) { columns in
                        let start = columns.lowerBound
                        normalize(
                            x + start * a.rows, gain, bias, offset, rows: a.rows, columns: columns.count,
                            result + start * a.rows, means: statistics + start,
                            inverses: statistics + a.columns + start)
                    }
                }
            }
        }
        return (
            output,
            NormalizationStatistics(
                means: Array(statistics.column(0)), inverseDeviations: Array(statistics.column(1)))
        )
    }

    /// With x̂ the normalized entry and g = γ∘dy: dx = (g − mean(g) − x̂·mean(g∘x̂))·inverse deviation.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func layerNormalizationGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, gain: Matrix<Scalar>,
        statistics: NormalizationStatistics<[Scalar]>
    ) -> (input: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        let (rows, count) = (input.rows, input.columns)
        let pieces = pieceCount(count, atLeast: columnGrain(rows: rows))
        // The gain's and the bias's gradient of every piece.
        var sums = Matrix<Scalar>(rows: rows, columns: 2 * pieces)
        let inputGradient = filled(rows: rows, columns: count) { dx in
            changing(&sums) { sums in
                withPointers(outputGradient, input, gain) { dy, x, gain in
                    inPieces(pieces, atLeast: 1) { own in
                        for index in own {
                            let columns = piece(index, of: pieces, count)
                            let start = columns.lowerBound * rows
                            layerGradient(
                                dy + start, x + start, gain, rows: rows, columns, statistics, dx + start,
                                sums + 2 * index * rows)
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

    @inline(__always)
    private func normalize(
        _ x: UnsafePointer<Scalar>, _ gain: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>, _ offset: Scalar,
        rows: Int, columns: Int, _ result: UnsafeMutablePointer<Scalar>, means: UnsafeMutablePointer<Scalar>,
        inverses: UnsafeMutablePointer<Scalar>
    ) {
        if hasKernels {
            return kernels.layer_normalize(
                floats(x), floats(gain), floats(bias), Float(offset), rows, columns, floats(result), floats(means),
                floats(inverses))
        }
        for column in 0..<columns {
            let (source, target) = (x + column * rows, result + column * rows)
            let (mean, inverse) = moments(source, rows, offset)
            means[column] = mean
            inverses[column] = inverse
            for row in 0..<rows { target[row] = gain[row] * ((source[row] - mean) * inverse) + bias[row] }
        }
    }

    @inline(__always)
    private func layerGradient(
        _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ gain: UnsafePointer<Scalar>, rows: Int,
        _ columns: Range<Int>, _ statistics: NormalizationStatistics<[Scalar]>, _ dx: UnsafeMutablePointer<Scalar>,
        _ sums: UnsafeMutablePointer<Scalar>
    ) {
        statistics.means.withUnsafeBufferPointer { means in
            statistics.inverseDeviations.withUnsafeBufferPointer { inverses in
                guard let mean = means.baseAddress, let inverse = inverses.baseAddress else { return }
                if hasKernels {
                    return kernels.layer_gradient(
                        floats(dy), floats(x), floats(gain), floats(mean + columns.lowerBound),
                        floats(inverse + columns.lowerBound), rows, columns.count, floats(dx), floats(sums),
                        floats(sums + rows))
                }
                for column in columns {
                    let start = (column - columns.lowerBound) * rows
                    columnGradient(
                        dy + start, x + start, gain, rows, mean: mean[column], inverse: inverse[column], dx + start,
                        sums)
                }
            }
        }
    }
}

/// The mean and 1/√(variance + offset).
@inline(__always)
private func moments<Scalar: MatrixScalar>(
    _ x: UnsafePointer<Scalar>, _ count: Int, _ offset: Scalar
) -> (mean: Scalar, inverse: Scalar) {
    var sum: Scalar = 0
    for index in 0..<count { sum += x[index] }
    let mean = sum / Scalar(count)
    var squares: Scalar = 0
    for index in 0..<count { squares += (x[index] - mean) * (x[index] - mean) }
    return (mean, 1 / (squares / Scalar(count) + offset).squareRoot())
}

@inline(__always)
private func columnGradient<Scalar: MatrixScalar>(
    _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ gain: UnsafePointer<Scalar>, _ rows: Int, mean: Scalar,
    inverse: Scalar, _ dx: UnsafeMutablePointer<Scalar>, _ sums: UnsafeMutablePointer<Scalar>
) {
    var (plain, weighted): (Scalar, Scalar) = (0, 0)
    for row in 0..<rows {
        let normalized = (x[row] - mean) * inverse
        plain += gain[row] * dy[row]
        weighted += gain[row] * dy[row] * normalized
        sums[row] += dy[row] * normalized
        sums[rows + row] += dy[row]
    }
    plain /= Scalar(rows)
    weighted /= Scalar(rows)
    for row in 0..<rows {
        dx[row] = (gain[row] * dy[row] - plain - (x[row] - mean) * inverse * weighted) * inverse
    }
}
