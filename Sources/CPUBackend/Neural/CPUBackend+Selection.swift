import Compute
import MatrixCore

/// Rows of tables, groups of columns and masks.
extension CPUBackend {
    /// Where columns outnumber the table's rows, the table is turned first: its rows are then contiguous.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gatherRows(_ table: Matrix<Scalar>, _ rows: [Int]) -> Matrix<Scalar> {
        requireRows(rows, below: table.rows)
        let width = table.columns
        let isTurned = rows.count > table.rows
        let (rowStep, featureStep) = isTurned ? (width, 1) : (1, table.rows)
        return filled(rows: width, columns: rows.count) { result in
            (isTurned ? table.transposed : table).withElements { entries in
                inPieces(rows.count, atLeast: columnGrain(rows: width)) { positions in
                    for position in positions {
                        let (source, target) = (entries + rows[position] * rowStep, result + position * width)
                        if isTurned {
                            target.initialize(from: source, count: width)
                        } else {
                            for feature in 0..<width { target[feature] = source[feature * featureStep] }
                        }
                    }
                }
            }
        }
    }

    /// A piece is a range of features: every entry is added in the order of the columns, whatever the pieces.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func scatterRows(_ columns: Matrix<Scalar>, _ rows: [Int], count: Int) -> Matrix<Scalar> {
        requireRows(rows, below: count)
        precondition(rows.count == columns.columns, "\(rows.count) rows for \(columns.columns) columns")
        let width = columns.rows
        var turned = Matrix<Scalar>(rows: width, columns: count)
        changing(&turned) { table in
            columns.withElements { entries in
                inPieces(width, atLeast: columnGrain(rows: rows.count)) { features in
                    for (position, row) in rows.enumerated() {
                        add(
                            entries + position * width + features.lowerBound,
                            to: table + row * width + features.lowerBound, count: features.count)
                    }
                }
            }
        }
        return turned.transposed
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func groupMeans(_ a: Matrix<Scalar>, size: Int) -> Matrix<Scalar> {
        precondition(size > 0 && a.columns % size == 0, "groups of \(size) in \(a.columns) columns")
        let rows = a.rows
        var result = Matrix<Scalar>(rows: rows, columns: a.columns / size)
        changing(&result) { means in
            a.withElements { x in
                inPieces(a.columns / size, atLeast: columnGrain(rows: rows * size)) { groups in
                    for group in groups {
                        let (mean, first) = (means + group * rows, x + group * size * rows)
                        if hasKernels {
                            kernels.row_sums(floats(first), rows, size, floats(mean))
                        } else {
                            for column in 0..<size { add(first + column * rows, to: mean, count: rows) }
                        }
                        for row in 0..<rows { mean[row] /= Scalar(size) }
                    }
                }
            }
        }
        return result
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func spreadGroups(_ a: Matrix<Scalar>, size: Int) -> Matrix<Scalar> {
        precondition(size > 0, "groups of \(size)")
        let rows = a.rows
        return filled(rows: rows, columns: a.columns * size) { result in
            a.withElements { x in
                inPieces(a.columns, atLeast: columnGrain(rows: rows * size)) { groups in
                    for group in groups {
                        let first = result + group * size * rows
                        for row in 0..<rows { first[row] = x[group * rows + row] / Scalar(size) }
                        for column in 1..<max(size, 1) { (first + column * rows).initialize(from: first, count: rows) }
                    }
                }
            }
        }
    }

    /// Two numbers of the generator are key and stream of Philox4x32-10; word k mod 4 of its block k/4 decides on
    /// entry k, which is kept where the word is at least rate·2³².
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func dropoutMask(rows: Int, columns: Int, rate: Double, generator: PhiloxGenerator) -> Matrix<Scalar> {
        precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
        var generator = generator
        let (key, stream) = (words(generator.next()), words(generator.next()))
        let threshold = UInt32(min((rate * 0x1p32).rounded(.up), 0x1p32 - 1))
        let kept = Scalar(1 / (1 - rate))
        let count = rows * columns
        return filled(rows: rows, columns: columns) { mask in
            inPieces((count + 3) / 4, atLeast: smallestPiece / 4) { blocks in
                let first = 4 * blocks.lowerBound
                let own = min(4 * blocks.count, count - first)
                if hasKernels {
                    return kernels.dropout(
                        [key.x, key.y], [stream.x, stream.y], UInt64(blocks.lowerBound), threshold, Float(kept), own,
                        floats(mask + first))
                }
                for index in blocks {
                    let position = words(UInt64(index))
                    let random = PhiloxGenerator.block(
                        counter: SIMD4(position.x, position.y, stream.x, stream.y), key: key)
                    for word in 0..<min(4, count - 4 * index) {
                        mask[4 * index + word] = random[word] >= threshold ? kept : 0
                    }
                }
            }
        }
    }

    @inline(__always)
    private func add(_ x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>, count: Int) {
        if hasKernels { return kernels.combine(1, floats(y), 1, floats(x), count, floats(y)) }
        for index in 0..<count { y[index] += x[index] }
    }

    private func requireRows(_ rows: [Int], below count: Int) {
        precondition(rows.allSatisfy { 0..<count ~= $0 }, "rows of a table of \(count)")
    }
}

/// The low and the high half.
private func words(_ value: UInt64) -> SIMD2<UInt32> {
    SIMD2(UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32))
}
