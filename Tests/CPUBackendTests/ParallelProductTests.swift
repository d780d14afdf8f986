import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

import class Foundation.NSLock

/// Products large enough to be cut. A sum of n products in any order: n·u·Σ|terms|.
@Suite struct ParallelProductTests {
    private func direct(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
        var c = Matrix<Double>(rows: a.rows, columns: b.columns)
        for column in 0..<b.columns {
            for inner in 0..<a.columns {
                for row in 0..<a.rows { c[row, column] += a[row, inner] * b[inner, column] }
            }
        }
        return c
    }

    @Test(arguments: [1, 2, 3, 5]) func products(threads: Int) {
        let backend = CPUBackend<Float>(threads: threads)
        for (rows, columns, depth) in [(131, 60, 97), (61, 130, 97), (1, 3001, 300), (3001, 1, 300), (64, 64, 64)] {
            let a = Matrix<Float>.random(rows: rows, columns: depth, seed: 1)
            let b = Matrix<Float>.random(rows: depth, columns: columns, seed: 2)
            let (x, y) = (Matrix<Double>(a), Matrix<Double>(b))
            let bound = direct(x.magnitudes, y.magnitudes).times(1.01 * Double(depth + 2) * unitOfFloat)
            let expected = direct(x, y)
            for (left, right) in [(false, false), (true, false), (false, true), (true, true)] {
                let (a, b) = (left ? a.transposed : a, right ? b.transposed : b)
                backend.multiply(a, transposed: left, b, transposed: right, alpha: 1)
                    .expectWithin(bound, of: expected, "\(rows) × \(columns), \(left), \(right)")
            }
        }
    }

    @Test(arguments: [1, 2, 3, 5]) func symmetricProducts(threads: Int) {
        let backend = CPUBackend<Float>(threads: threads)
        for (order, depth) in [(131, 97), (90, 200), (3, 60_000), (1, 600_000)] {
            let a = Matrix<Float>.random(rows: order, columns: depth, seed: 3)
            let x = Matrix<Double>(a)
            let expected = direct(x, x.transposed).times(0.5)
            let bound = direct(x.magnitudes, x.magnitudes.transposed).times(0.51 * Double(depth + 2) * unitOfFloat)
            for transposed in [false, true] {
                let product = backend.symmetricProduct(
                    transposed ? a.transposed : a, transposed: transposed, alpha: 0.5)
                product.expectWithin(bound, of: expected, "order \(order), transposed \(transposed)")
                #expect(product == product.transposed)
            }
        }
    }

    /// A cut product within pieces that run side by side has the bits of one by itself.
    @Test func productsNest() {
        let backend = CPUBackend<Float>(threads: 2)
        let a = Matrix<Float>.random(rows: 100, columns: 100, seed: 4)
        let expected = backend.multiply(a, a)
        let results = Results()
        backend.concurrently(8) { lane, _ in results.append(lane.multiply(a, a) == expected) }
        #expect(results.values == Array(repeating: true, count: 8))
    }
}

private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var values: [Bool] = []

    func append(_ value: Bool) { lock.withLock { values.append(value) } }
}
