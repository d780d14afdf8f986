import Compute
import MatrixCore

/// Numbers that stand for whole tensors, or for their columns.
extension CPUBackend {
    public func norms(of tensors: [Matrix<Scalar>]) -> [Scalar] { tensors.map { norm($0) } }
    public func largestMagnitudes(of tensors: [Matrix<Scalar>]) -> [Scalar] { tensors.map(\.largestMagnitude) }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func distanceFromIdentity(_ a: Matrix<Scalar>) -> [Scalar] {
        let order = a.order
        var largest: Scalar = 0
        a.withElements { entries in
            for column in 0..<order {
                for row in 0..<order {
                    let entry = entries[row + column * order]
                    let distance = (row == column ? entry - 1 : entry).magnitude
                    // A NaN stays, once it is there.
                    if !(distance <= largest) && !largest.isNaN { largest = distance }
                }
            }
        }
        return [largest]
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func columnMagnitudes(_ a: Matrix<Scalar>) -> [Scalar] {
        a.withElements { entries in
            (0..<a.columns).map { column in
                var largest: Scalar = 0
                for row in 0..<a.rows {
                    let magnitude = entries[row + column * a.rows].magnitude
                    if !(magnitude <= largest) && !largest.isNaN { largest = magnitude }
                }
                return largest
            }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func squaredColumnNorms(_ a: Matrix<Scalar>) -> [Scalar] {
        (0..<a.columns).map { column in a.column(column).reduce(0) { $0 + $1 * $1 } }
    }

    public func columnProducts(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> [Scalar] {
        requireEqualShapes(a, b)
        return (0..<a.columns).map { sumOfProducts(Array(a.column($0)), Array(b.column($0))) }
    }

    /// Squares are summed in one sum a thread where they stay in the scalar's range.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    private func norm(_ a: Matrix<Scalar>) -> Scalar {
        guard hasKernels else { return a.frobeniusNorm }
        let count = a.elements.count
        let pieces = pieceCount(count, atLeast: smallestPiece)
        var sums = Matrix<Scalar>(rows: pieces, columns: 1)
        changing(&sums) { sums in
            a.withElements { x in
                inPieces(pieces, atLeast: 1) { own in
                    for index in own {
                        let range = piece(index, of: pieces, count)
                        sums[index] = Scalar(kernels.sum_of_squares(floats(x + range.lowerBound), range.count))
                    }
                }
            }
        }
        let plain = sums.elements.reduce(0, +)
        // A subnormal square is off by up to u·leastNormalMagnitude; n of them stay within the rounding of such a sum.
        if plain >= Scalar(count) * .leastNormalMagnitude && plain.isFinite { return plain.squareRoot() }
        return a.frobeniusNorm
    }
}
