extension Matrix {
    /// The transpose, moved in square tiles so that both sides stay within the first-level cache.
    @inlinable
    public var transposed: Matrix {
        @specialized(where Scalar == Double)
        @specialized(where Scalar == Float)
        get {
            let tile = 32
            var result = Matrix(rows: columns, columns: rows)
            result.elements.withUnsafeMutableBufferPointer { target in
                elements.withUnsafeBufferPointer { source in
                    for firstColumn in stride(from: 0, to: columns, by: tile) {
                        for firstRow in stride(from: 0, to: rows, by: tile) {
                            for column in firstColumn..<Swift.min(firstColumn + tile, columns) {
                                for row in firstRow..<Swift.min(firstRow + tile, rows) {
                                    target[column + row * columns] = source[row + column * rows]
                                }
                            }
                        }
                    }
                }
            }
            return result
        }
    }

    /// (A + Aᵀ)/2; exactly symmetric, and equal to A where A already is.
    @inlinable
    public var symmetrized: Matrix {
        @specialized(where Scalar == Double)
        @specialized(where Scalar == Float)
        get {
            let order = self.order
            var result = self
            for column in 0..<order {
                for row in 0..<column {
                    let (upper, lower) = (self[row, column], self[column, row])
                    // Halves first: the sum of two entries near the largest number would overflow. Equal entries stay as
                    // they are: the half of an odd subnormal number is rounded.
                    let mean = upper == lower ? upper : upper / 2 + lower / 2
                    result[row, column] = mean
                    result[column, row] = mean
                }
            }
            return result
        }
    }

    /// The strict lower triangle replaced by the mirror image of the upper one.
    @inlinable
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public mutating func mirrorUpperTriangle() {
        let order = self.order
        let tile = 32
        elements.withUnsafeMutableBufferPointer { entries in
            for firstColumn in stride(from: 0, to: order, by: tile) {
                for firstRow in stride(from: 0, through: firstColumn, by: tile) {
                    for column in firstColumn..<Swift.min(firstColumn + tile, order) {
                        for row in firstRow..<Swift.min(firstRow + tile, column) {
                            entries[column + row * order] = entries[row + column * order]
                        }
                    }
                }
            }
        }
    }

    /// Column j multiplied by `factors[j]`: A·Diag(factors).
    @inlinable
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func scalingColumns(by factors: [Scalar]) -> Matrix {
        precondition(factors.count == columns, "\(factors.count) factors for \(columns) columns")
        var result = self
        result.elements.withUnsafeMutableBufferPointer { entries in
            for column in 0..<columns {
                let factor = factors[column]
                for index in column * rows..<(column + 1) * rows { entries[index] *= factor }
            }
        }
        return result
    }

    /// The columns in the given order: column j of the result is column `order[j]`.
    @inlinable
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func selectingColumns(_ order: [Int]) -> Matrix {
        var selected: [Scalar] = []
        selected.reserveCapacity(rows * order.count)
        for index in order { selected.append(contentsOf: column(index)) }
        return Matrix(rows: rows, columns: order.count, elements: selected)
    }

    /// max |aᵢⱼ|, 0 for an empty matrix, NaN where an entry is.
    @inlinable
    public var largestMagnitude: Scalar {
        @specialized(where Scalar == Double)
        @specialized(where Scalar == Float)
        get {
            var largest: Scalar = 0
            for value in elements {
                let magnitude = value.magnitude
                if magnitude > largest { largest = magnitude } else if magnitude.isNaN { return magnitude }
            }
            return largest
        }
    }

    /// ‖A‖F. Scaled by the largest entry where the squares would leave the range of the scalar.
    @inlinable
    public var frobeniusNorm: Scalar {
        @specialized(where Scalar == Double)
        @specialized(where Scalar == Float)
        get {
            let plain = sumOfProducts(elements, elements)
            // A subnormal square is off by up to u·leastNormalMagnitude; n of them stay within the rounding of such a sum.
            if plain >= Scalar(elements.count) * .leastNormalMagnitude && plain.isFinite { return plain.squareRoot() }
            let largest = largestMagnitude
            guard largest > 0, largest.isFinite else { return largest }
            let scaled = elements.map { $0 / largest }
            return largest * sumOfProducts(scaled, scaled).squareRoot()
        }
    }

    /// Each column negated where its entry of largest magnitude is negative.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public mutating func makeLargestEntriesPositive() {
        let rows = self.rows
        elements.withUnsafeMutableBufferPointer { entries in
            for start in stride(from: 0, to: entries.count, by: max(rows, 1)) {
                var largest: Scalar = 0
                for index in start..<start + rows where entries[index].magnitude > largest.magnitude {
                    largest = entries[index]
                }
                if largest < 0 {
                    for index in start..<start + rows { entries[index].negate() }
                }
            }
        }
    }
}

/// Σ xᵢyᵢ in eight interleaved partial sums, added pairwise at the end.
///
/// Numerics: the order of additions is fixed, so the result is the same on every machine; error at most
/// (⌈n/8⌉ + 3)·u·Σ|xᵢyᵢ|.
@inlinable
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func sumOfProducts<Scalar: MatrixScalar>(_ x: [Scalar], _ y: [Scalar]) -> Scalar {
    precondition(x.count == y.count, "\(x.count) and \(y.count) entries")
    return x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
            var partial = SIMD8<Scalar>(repeating: 0)
            let whole = x.count / 8 * 8
            for start in stride(from: 0, to: whole, by: 8) {
                var left = SIMD8<Scalar>()
                var right = SIMD8<Scalar>()
                for lane in 0..<8 {
                    left[lane] = x[start + lane]
                    right[lane] = y[start + lane]
                }
                partial += left * right
            }
            for index in whole..<x.count { partial[index - whole] += x[index] * y[index] }
            return ((partial[0] + partial[4]) + (partial[1] + partial[5]))
                + ((partial[2] + partial[6]) + (partial[3] + partial[7]))
        }
    }
}
