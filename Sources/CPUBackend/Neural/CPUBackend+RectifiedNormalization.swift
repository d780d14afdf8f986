import Compute
import MatrixCore

/// Batch normalization, a residual and the rectified linear function in one pass over memory.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rectifiedBatchNormalization(
        _ a: Matrix<Scalar>, adding residual: Matrix<Scalar>?, gain: Matrix<Scalar>, bias: Matrix<Scalar>,
        offset: Scalar
    ) -> (output: Matrix<Scalar>, statistics: NormalizationStatistics<Scalar>) {
        guard hasKernels else {
            return composedRectifiedNormalization(a, adding: residual, gain: gain, bias: bias, offset: offset)
        }
        requireFeatures(gain, of: a)
        requireFeatures(bias, of: a)
        if let residual { requireEqualShapes(a, residual) }
        let (rows, count) = (a.rows, Scalar(max(a.columns, 1)))
        let (means, squares) = rowMoments(a)
        let inverses = squares.map { 1 / ($0 / count + offset).squareRoot() }
        let constants = rowConstants(means, zip(gain.elements, inverses).map { $0 * $1 }, bias.elements)
        let output = Matrix<Scalar>(rows: rows, columns: a.columns) { result in
            withPointers(a, constants, residual ?? a) { x, means, added in
                inPieces(a.columns, atLeast: columnGrain(rows: rows)) { columns in
                    let start = columns.lowerBound * rows
                    kernels.batch_normalize(
                        floats(x + start), floats(means), floats(means + rows), floats(means + 2 * rows),
                        residual == nil ? nil : floats(added + start), 1, rows, columns.count, floats(result + start))
                }
            }
        }
        return (output, NormalizationStatistics(means: means, inverseDeviations: inverses))
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rectifiedBatchNormalizationGradient(
        _ outputGradient: Matrix<Scalar>, output: Matrix<Scalar>, input: Matrix<Scalar>, gain: Matrix<Scalar>,
        statistics: NormalizationStatistics<Scalar>, wantsResidual: Bool
    ) -> (input: Matrix<Scalar>, gain: Matrix<Scalar>, bias: Matrix<Scalar>, residual: Matrix<Scalar>?) {
        guard hasKernels else {
            return composedRectifiedNormalizationGradient(
                outputGradient, output: output, input: input, gain: gain, statistics: statistics,
                wantsResidual: wantsResidual)
        }
        requireEqualShapes(outputGradient, input)
        requireEqualShapes(output, input)
        requireFeatures(gain, of: input)
        requireStatistics(statistics, of: input)
        let inverses = statistics.inverseDeviations
        let (products, sums, residual) = rectifiedProducts(
            outputGradient, output, input, statistics.means, keeping: wantsResidual)
        let gainGradient = Matrix(
            rows: input.rows, columns: 1, elements: zip(products.elements, inverses).map { $0 * $1 })
        let count = Scalar(max(input.columns, 1))
        let constants = rowConstants(
            statistics.means, zip(gain.elements, inverses).map { $0 * $1 }, sums.elements.map { $0 / count },
            zip(gainGradient.elements, inverses).map { $0 / count * $1 })
        let inputGradient = rectifiedInputGradient(
            residual ?? outputGradient, residual == nil ? output : nil, input, constants)
        return (inputGradient, gainGradient, sums, residual)
    }

    /// Σ dy·(x − mean) and Σ dy over the columns where the output is positive, and that dy itself if it is to be kept.
    private func rectifiedProducts(
        _ outputGradient: Matrix<Scalar>, _ output: Matrix<Scalar>, _ input: Matrix<Scalar>, _ means: [Scalar],
        keeping: Bool
    ) -> (products: Matrix<Scalar>, sums: Matrix<Scalar>, kept: Matrix<Scalar>?) {
        let rows = input.rows
        let pieces = pieceCount(input.columns, atLeast: columnGrain(rows: rows))
        var sums = Matrix<Scalar>(rows: rows, columns: 2 * pieces)
        let means = Matrix(rows: rows, columns: 1, elements: means)
        let kept = Matrix<Scalar>(rows: rows, columns: keeping ? input.columns : 0) { kept in
            addRectifiedProducts(outputGradient, output, input, means, pieces: pieces, keeping ? kept : nil, &sums)
        }
        if !keeping || kept.elements.isEmpty {
            addRectifiedProducts(outputGradient, output, input, means, pieces: pieces, nil, &sums)
        }
        let total = sumOfPieces(sums, pieces: pieces)
        return (total.0, total.1, keeping ? kept : nil)
    }

    private func addRectifiedProducts(
        _ outputGradient: Matrix<Scalar>, _ output: Matrix<Scalar>, _ input: Matrix<Scalar>, _ means: Matrix<Scalar>,
        pieces: Int, _ kept: UnsafeMutablePointer<Scalar>?, _ sums: inout Matrix<Scalar>
    ) {
        let rows = input.rows
        sums.withMutableElements { sums in
            withPointers(outputGradient, input, output) { dy, x, y in
                means.withElements { means in
                    inPieces(pieces, atLeast: 1) { own in
                        for index in own {
                            let columns = piece(index, of: pieces, input.columns)
                            let start = columns.lowerBound * rows
                            let sum = sums + 2 * index * rows
                            kernels.batch_products(
                                floats(dy + start), floats(x + start), floats(means), floats(y + start), rows,
                                columns.count, floats(sum), floats(sum + rows), kept.map { floats($0 + start) })
                        }
                    }
                }
            }
        }
    }

    private func rectifiedInputGradient(
        _ outputGradient: Matrix<Scalar>, _ output: Matrix<Scalar>?, _ input: Matrix<Scalar>,
        _ constants: Matrix<Scalar>
    ) -> Matrix<Scalar> {
        let rows = input.rows
        return Matrix(rows: rows, columns: input.columns) { dx in
            withPointers(outputGradient, input, output ?? input) { dy, x, y in
                constants.withElements { means in
                    inPieces(input.columns, atLeast: columnGrain(rows: rows)) { columns in
                        let start = columns.lowerBound * rows
                        kernels.batch_gradient(
                            floats(dy + start), floats(x + start), floats(means), floats(means + rows),
                            floats(means + 2 * rows), floats(means + 3 * rows),
                            output == nil ? nil : floats(y + start), rows, columns.count, floats(dx + start))
                    }
                }
            }
        }
    }
}
