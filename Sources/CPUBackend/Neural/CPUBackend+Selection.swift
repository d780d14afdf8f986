import Compute
import MatrixCore

/// Rows of tables, groups of columns and masks.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gatherRows(_ table: Matrix<Scalar>, _ rows: [Int]) -> Matrix<Scalar> {
        requireRows(rows, below: table.rows)
        let width = table.columns
        return Matrix(rows: width, columns: rows.count) { result in
            table.withElements { entries in
                for (position, row) in rows.enumerated() {
                    for feature in 0..<width { result[position * width + feature] = entries[row + feature * table.rows] }
                }
            }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func scatterRows(_ columns: Matrix<Scalar>, _ rows: [Int], count: Int) -> Matrix<Scalar> {
        requireRows(rows, below: count)
        precondition(rows.count == columns.columns, "\(rows.count) rows for \(columns.columns) columns")
        let width = columns.rows
        var table = Matrix<Scalar>(rows: count, columns: width)
        table.withMutableElements { target in
            columns.withElements { source in
                for (position, row) in rows.enumerated() {
                    for feature in 0..<width { target[row + feature * count] += source[position * width + feature] }
                }
            }
        }
        return table
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func groupMeans(_ a: Matrix<Scalar>, size: Int) -> Matrix<Scalar> {
        precondition(size > 0 && a.columns % size == 0, "groups of \(size) in \(a.columns) columns")
        let rows = a.rows
        var result = Matrix<Scalar>(rows: rows, columns: a.columns / size)
        result.withMutableElements { means in
            a.withElements { x in
                for column in 0..<a.columns {
                    let mean = means + column / size * rows
                    for row in 0..<rows { mean[row] += x[column * rows + row] }
                }
            }
            for index in 0..<a.columns / size * rows { means[index] /= Scalar(size) }
        }
        return result
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func spreadGroups(_ a: Matrix<Scalar>, size: Int) -> Matrix<Scalar> {
        precondition(size > 0, "groups of \(size)")
        let rows = a.rows
        return Matrix(rows: rows, columns: a.columns * size) { result in
            a.withElements { x in
                for column in 0..<a.columns * size {
                    let source = x + column / size * rows
                    for row in 0..<rows { result[column * rows + row] = source[row] / Scalar(size) }
                }
            }
        }
    }

    /// Two numbers of the generator are key and stream of Philox4x32-10; word k mod 4 of its block k/4 decides on
    /// entry k, which is kept where the word is at least rate·2³².
    public func dropoutMask(rows: Int, columns: Int, rate: Double, generator: PhiloxGenerator) -> Matrix<Scalar> {
        precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
        var generator = generator
        let (key, stream) = (words(generator.next()), words(generator.next()))
        let threshold = UInt64((rate * 0x1p32).rounded(.up))
        let kept = Scalar(1 / (1 - rate))
        let count = rows * columns
        return Matrix(rows: rows, columns: columns) { mask in
            inPieces((count + 3) / 4, atLeast: smallestPiece / 4) { blocks in
                for index in blocks {
                    let position = words(UInt64(index))
                    let random = PhiloxGenerator.block(
                        counter: SIMD4(position.x, position.y, stream.x, stream.y), key: key)
                    for word in 0..<min(4, count - 4 * index) {
                        mask[4 * index + word] = UInt64(random[word]) >= threshold ? kept : 0
                    }
                }
            }
        }
    }

    private func requireRows(_ rows: [Int], below count: Int) {
        precondition(rows.allSatisfy { 0..<count ~= $0 }, "rows of a table of \(count)")
    }
}

/// The low and the high half.
private func words(_ value: UInt64) -> SIMD2<UInt32> {
    SIMD2(UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32))
}
