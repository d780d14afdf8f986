import Compute
import MatrixCore

/// Normalization by the root mean square: every column by itself.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rootMeanSquareNormalization(
        _ a: Matrix<Scalar>, gain: Matrix<Scalar>, offset: Scalar
    ) -> (output: Matrix<Scalar>, inverses: [Scalar]) {
        requireFeatures(gain, of: a)
        var inverses = Matrix<Scalar>(rows: a.columns, columns: 1)
        let output = filled(rows: a.rows, columns: a.columns) { result in
            changing(&inverses) { inverses in
                withPointers(a, gain, gain) { x, gain, _ in
                    inPieces(a.columns, atLeast: columnGrain(rows: a.rows)) { columns in
                        let start = columns.lowerBound
                        normalizeRoot(
                            x + start * a.rows, gain, offset, a.rows, columns.count, result + start * a.rows,
                            inverses + start)
                    }
                }
            }
        }
        return (output, inverses.elements)
    }

    /// With x̂ the normalized entry and g = γ∘dy: dx = (g − x̂·mean(g∘x̂))·inverse.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rootMeanSquareNormalizationGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, gain: Matrix<Scalar>, inverses: [Scalar]
    ) -> (input: Matrix<Scalar>, gain: Matrix<Scalar>) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        precondition(inverses.count == input.columns, "\(inverses.count) inverses for \(input.columns) columns")
        let (rows, count) = (input.rows, input.columns)
        let pieces = pieceCount(count, atLeast: columnGrain(rows: rows))
        // The gain's gradient of every piece.
        var sums = Matrix<Scalar>(rows: rows, columns: pieces)
        let inverses = Matrix(rows: count, columns: 1, elements: inverses)
        let inputGradient = filled(rows: rows, columns: count) { dx in
            changing(&sums) { sums in
                withPointers(outputGradient, input, gain) { dy, x, gain in
                    inverses.withElements { inverses in
                        inPieces(pieces, atLeast: 1) { own in
                            for index in own {
                                let columns = piece(index, of: pieces, count)
                                let start = columns.lowerBound
                                rootGradient(
                                    dy + start * rows, x + start * rows, gain, inverses + start, rows, columns.count,
                                    dx + start * rows, sums + index * rows)
                            }
                        }
                    }
                }
            }
        }
        return (inputGradient, rowSums(sums))
    }

    @inline(__always)
    private func normalizeRoot(
        _ x: UnsafePointer<Scalar>, _ gain: UnsafePointer<Scalar>, _ offset: Scalar, _ rows: Int, _ columns: Int,
        _ result: UnsafeMutablePointer<Scalar>, _ inverses: UnsafeMutablePointer<Scalar>
    ) {
        if hasKernels {
            return kernels.rms_normalize(
                floats(x), floats(gain), Float(offset), rows, columns, floats(result), floats(inverses))
        }
        for column in 0..<columns {
            let (source, target) = (x + column * rows, result + column * rows)
            var squares: Scalar = 0
            for row in 0..<rows { squares += source[row] * source[row] }
            let inverse = 1 / (squares / Scalar(rows) + offset).squareRoot()
            inverses[column] = inverse
            for row in 0..<rows { target[row] = gain[row] * (source[row] * inverse) }
        }
    }

    @inline(__always)
    private func rootGradient(
        _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ gain: UnsafePointer<Scalar>,
        _ inverses: UnsafePointer<Scalar>, _ rows: Int, _ columns: Int, _ dx: UnsafeMutablePointer<Scalar>,
        _ sums: UnsafeMutablePointer<Scalar>
    ) {
        if hasKernels {
            return kernels.rms_gradient(
                floats(dy), floats(x), floats(gain), floats(inverses), rows, columns, floats(dx), floats(sums))
        }
        for column in 0..<columns {
            let (start, inverse) = (column * rows, inverses[column])
            var weighted: Scalar = 0
            for row in 0..<rows {
                let normalized = x[start + row] * inverse
                weighted += gain[row] * dy[start + row] * normalized
                sums[row] += dy[start + row] * normalized
            }
            let slope = weighted / Scalar(rows) * inverse
            for row in 0..<rows { dx[start + row] = (gain[row] * dy[start + row] - x[start + row] * slope) * inverse }
        }
    }
}
