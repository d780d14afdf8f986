import Compute
import MatrixCore

/// What feed-forward parts and attention of newer language models have beside activations: gates and turned pairs.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gatedLinear(_ a: Matrix<Scalar>, gate: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(a, gate) { x, gate, y, range in
            if hasKernels { return kernels.gated_linear(floats(x), floats(gate), range.count, floats(y)) }
            for index in range { y[index] = x[index] * (gate[index] * logistic(gate[index])) }
        }
    }

    /// With σ = 1/(1 + e^−g): dx = dy·g·σ, dg = dy·x·σ·(1 + g·(1 − σ)).
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gatedLinearGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, gate: Matrix<Scalar>
    ) -> (input: Matrix<Scalar>, gate: Matrix<Scalar>) {
        requireEqualShapes(outputGradient, gate)
        requireEqualShapes(input, gate)
        var gateGradient = Matrix<Scalar>(rows: gate.rows, columns: gate.columns)
        let inputGradient = filled(rows: gate.rows, columns: gate.columns) { dx in
            changing(&gateGradient) { dg in
                withPointers(outputGradient, input, gate) { dy, x, g in
                    inPieces(gate.elements.count, atLeast: smallestPiece) { range in
                        if hasKernels {
                            let start = range.lowerBound
                            return kernels.gated_linear_gradient(
                                floats(dy + start), floats(x + start), floats(g + start), range.count, floats(dx + start),
                                floats(dg + start))
                        }
                        for index in range {
                            let weight = logistic(g[index])
                            dx[index] = dy[index] * (g[index] * weight)
                            dg[index] = dy[index] * x[index] * (weight * (1 + g[index] * (1 - weight)))
                        }
                    }
                }
            }
        }
        return (inputGradient, gateGradient)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func turnPairs(_ a: Matrix<Scalar>, rows: Int, by table: Matrix<Scalar>) -> Matrix<Scalar> {
        precondition(
            table.rows > 0 && table.rows % 2 == 0 && table.columns > 0 && rows % table.rows == 0 && rows <= a.rows,
            "pairs of \(rows) of \(a.rows) rows by a table of \(table.rows) × \(table.columns)")
        let half = table.rows / 2
        return filled(rows: a.rows, columns: a.columns) { result in
            a.withElements { x in
                table.withElements { angles in
                    inPieces(a.columns, atLeast: columnGrain(rows: a.rows)) { columns in
                        for column in columns {
                            let (source, target) = (x + column * a.rows, result + column * a.rows)
                            let cosines = angles + column % table.columns * table.rows
                            for group in stride(from: 0, to: rows, by: 2 * half) {
                                for pair in group..<group + half {
                                    let (cosine, sine) = (cosines[pair - group], cosines[pair - group + half])
                                    target[pair] = source[pair] * cosine - source[pair + half] * sine
                                    target[pair + half] = source[pair + half] * cosine + source[pair] * sine
                                }
                            }
                            (target + rows).initialize(from: source + rows, count: a.rows - rows)
                        }
                    }
                }
            }
        }
    }
}

/// 1/(1 + e^−x).
@inline(__always)
private func logistic<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar { 1 / (1 + exponential(-x)) }
