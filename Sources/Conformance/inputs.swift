import MatrixCore

/// Deviates in [−1, 1) of 24 bits, the same in every scalar, by a linear congruential generator: a short period is as good here
/// as a long one, and much faster.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
func deviates<Scalar: MatrixScalar>(_ rows: Int, _ columns: Int, seed: UInt32) -> Matrix<Scalar> {
    var state = seed &* 2_654_435_761 | 1
    return Matrix(
        rows: rows, columns: columns,
        elements: (0..<rows * columns).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Scalar(Double(state >> 8) / 8_388_608 - 1)
        })
}

/// B·Bᵀ/n + I/4 of an n × n matrix of deviates: symmetric, eigenvalues from 1/4 to about 2.
func positiveDefinite<Scalar: MatrixScalar>(_ order: Int, seed: UInt32) -> Matrix<Scalar> {
    let b: Matrix<Double> = deviates(order, order, seed: seed)
    var result = product(b, b.transposed).mapped { $0 / Double(max(order, 1)) }
    for index in 0..<order { result[index, index] += 0.25 }
    return Matrix(result)
}

/// Rows and columns: none, one, odd ones, around the widths of registers and blocks of threads, and enough for many pieces.
let shapes = [
    (0, 0), (0, 3), (3, 0), (1, 1), (1, 7), (7, 1), (3, 5), (16, 33), (33, 16), (64, 64), (65, 31), (1001, 300),
]

/// A·B by the definition.
func product(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
    var c = Matrix<Double>(rows: a.rows, columns: b.columns)
    c.elements.withUnsafeMutableBufferPointer { c in
        for column in 0..<b.columns {
            for inner in 0..<a.columns {
                let factor = b[inner, column]
                for row in 0..<a.rows { c[row + column * a.rows] += a.elements[row + inner * a.rows] * factor }
            }
        }
    }
    return c
}

extension Matrix {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func mapped(_ body: (Scalar) -> Scalar) -> Matrix {
        Matrix(rows: rows, columns: columns, elements: elements.map(body))
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func combined(_ other: Matrix, _ body: (Scalar, Scalar) -> Scalar) -> Matrix {
        Matrix(rows: rows, columns: columns, elements: zip(elements, other.elements).map { body($0, $1) })
    }

    var magnitudes: Matrix { mapped { $0.magnitude } }
}
