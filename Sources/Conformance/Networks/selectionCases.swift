import Compute
import MatrixCore

/// The primitives that move, add and average entries. A sum of n terms in any order is off by n·u of the sum of magnitudes.
func selectionCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    let general: [ConformanceCase<Backend>] = shapes.flatMap { rows, columns -> [ConformanceCase<Backend>] in
        let a: Matrix<Backend.Scalar> = deviates(rows, columns, seed: 20)
        let shift: Matrix<Backend.Scalar> = deviates(rows, 1, seed: 22)
        let size = "\(rows) × \(columns)"
        return [
            ConformanceCase("addToColumns, \(size)") { judge in
                let (backend, x) = (judge.backend, judge.backend.tensor(a))
                var shifted = a
                for column in 0..<columns { for row in 0..<rows { shifted[row, column] += shift[row, 0] } }
                judge.expectEqual(backend.addToColumns(x, backend.tensor(shift)), shifted, "addToColumns")
            },
            ConformanceCase("rowSums, \(size)") { judge in
                var (sums, bounds) = (Matrix<Double>(rows: rows, columns: 1), Matrix<Double>(rows: rows, columns: 1))
                for column in 0..<columns {
                    for row in 0..<rows {
                        sums[row, 0] += Double(a[row, column])
                        bounds[row, 0] += Double(a[row, column].magnitude) * Double(columns + 1) * judge.unit
                    }
                }
                judge.expect(judge.backend.rowSums(judge.backend.tensor(a)), within: bounds, of: sums)
            },
            ConformanceCase("groupMeans and spreadGroups, \(size)") { judge in averageGroups(a, &judge) },
        ]
    }
    let tables: [ConformanceCase<Backend>] = [
        (1, 1, 1), (7, 5, 40), (65, 96, 500), (300, 300, 1200), (1001, 300, 90), (4, 3, 0),
    ].map { rows, width, count in
        ConformanceCase("gatherRows and scatterRows, \(count) of \(rows) × \(width)") { judge in
            moveRows(rows, width, count, &judge)
        }
    }
    let masks: [ConformanceCase<Backend>] = [0, 1, 3, 4, 5, 20_001].map { columns in
        ConformanceCase("dropoutMask, 7 × \(columns)") { judge in
            let generator = PhiloxGenerator(seed: 7, stream: 3)
            judge.expectEqual(
                judge.backend.dropoutMask(rows: 7, columns: columns, rate: 0.3, generator: generator),
                dropoutMask(rows: 7, columns: columns, rate: 0.3, generator))
        }
    }
    let turns: [ConformanceCase<Backend>] = [(6, 4, 2, 3), (24, 16, 8, 5), (9, 0, 2, 1), (96, 64, 32, 700)].map {
        (height, rows, width, columns) in
        ConformanceCase("turnPairs, \(rows) of \(height) × \(columns) in groups of \(width)") { judge in
            turn(height, rows, width, columns, &judge)
        }
    }
    return general + tables + masks + turns
}

/// Two products and their sum, of which each rounds: at most 3 u of the sum of the magnitudes.
private func turn<Backend: NeuralBackend>(
    _ height: Int, _ rows: Int, _ width: Int, _ columns: Int, _ judge: inout Judge<Backend>
) {
    let x: Matrix<Backend.Scalar> = deviates(height, columns, seed: 47)
    let table: Matrix<Backend.Scalar> = deviates(width, 3, seed: 48)
    var (expected, bounds) = (Matrix<Double>(x), Matrix<Double>(rows: height, columns: columns))
    for column in 0..<columns {
        for row in 0..<rows {
            let (entry, half) = (row % width, width / 2)
            let (cosine, sine) = (Double(table[entry % half, column % 3]), Double(table[entry % half + half, column % 3]))
            let other = entry < half ? -Double(x[row + half, column]) : Double(x[row - half, column])
            expected[row, column] = Double(x[row, column]) * cosine + other * sine
            bounds[row, column] = ((Double(x[row, column]) * cosine).magnitude + (other * sine).magnitude) * 3 * judge.unit
        }
    }
    let found = judge.backend.turnPairs(judge.backend.tensor(x), rows: rows, by: judge.backend.tensor(table))
    judge.expect(found, within: bounds, of: expected)
}

private func averageGroups<Backend: NeuralBackend>(_ a: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>) {
    for size in [1, 3, 5] where a.columns % size == 0 {
        var means = Matrix<Double>(rows: a.rows, columns: a.columns / size)
        for column in 0..<a.columns {
            for row in 0..<a.rows { means[row, column / size] += Double(a[row, column]) / Double(size) }
        }
        let found = judge.backend.groupMeans(judge.backend.tensor(a), size: size)
        judge.expect(found, within: Double(size + 2) * judge.unit, of: means, "groupMeans of \(size)")
        let entries = judge.backend.matrix(found)
        var spread = Matrix<Backend.Scalar>(rows: a.rows, columns: a.columns)
        guard entries.columns == means.columns else { continue }
        for column in 0..<a.columns {
            for row in 0..<a.rows { spread[row, column] = entries[row, column / size] / Backend.Scalar(size) }
        }
        judge.expectEqual(judge.backend.spreadGroups(found, size: size), spread, "spreadGroups of \(size)")
    }
}

private func moveRows<Backend: NeuralBackend>(
    _ count: Int, _ width: Int, _ positions: Int, _ judge: inout Judge<Backend>
) {
    let table: Matrix<Backend.Scalar> = deviates(count, width, seed: 23)
    let columns: Matrix<Backend.Scalar> = deviates(width, positions, seed: 24)
    let rows = (0..<positions).map { $0 * 7 % count }
    var (gathered, scattered) = (Matrix<Backend.Scalar>(rows: width, columns: positions), table.mapped { _ in 0 })
    for (position, row) in rows.enumerated() {
        for feature in 0..<width {
            gathered[feature, position] = table[row, feature]
            // In the order of the columns, which is part of the definition.
            scattered[row, feature] += columns[feature, position]
        }
    }
    judge.expectEqual(judge.backend.gatherRows(judge.backend.tensor(table), rows), gathered, "gatherRows")
    judge.expectEqual(
        judge.backend.scatterRows(judge.backend.tensor(columns), rows, count: count), scattered, "scatterRows")
}

/// Two numbers of the generator are key and stream of Philox4x32-10; word k mod 4 of its block k/4 decides on entry k, which is
/// kept where the word is at least rate·2³².
private func dropoutMask<Scalar: MatrixScalar>(
    rows: Int, columns: Int, rate: Double, _ generator: PhiloxGenerator
) -> Matrix<Scalar> {
    var generator = generator
    let (key, stream) = (generator.next(), generator.next())
    func halves(_ value: UInt64) -> [UInt32] {
        [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
    }
    return Matrix(
        rows: rows, columns: columns,
        elements: (0..<rows * columns).map { index in
            let counter = halves(UInt64(index / 4)) + halves(stream)
            let block = PhiloxGenerator.block(
                counter: SIMD4(counter[0], counter[1], counter[2], counter[3]), key: SIMD2(halves(key)[0], halves(key)[1]))
            return Double(block[index % 4]) >= (rate * 0x1p32).rounded(.up) ? Scalar(1 / (1 - rate)) : 0
        })
}
