import Compute
import MatrixCore

/// Decompositions by what they must satisfy: residuals and orthogonality in units of ‖A‖·n·u, as LAPACK tests itself, with its
/// threshold of 30.
func decompositionCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    [0, 1, 2, 3, 17, 64, 65, 130].flatMap { order in
        [
            ConformanceCase("symmetricEigen, order \(order), divide and conquer") { judge in
                try decompose(order, .divideAndConquer, &judge)
            },
            ConformanceCase("symmetricEigen, order \(order), relatively robust") { judge in
                try decompose(order, .relativelyRobust, &judge)
            },
            ConformanceCase("householderQR and orthogonalFactor, order \(order)") { judge in factorize(order, &judge) },
            ConformanceCase("choleskyFactor, order \(order)") { judge in try factorizeDefinite(order, &judge) },
            ConformanceCase("solveTriangular, order \(order)") { judge in solveTriangular(order, 5, &judge) },
        ]
    }
}

private let threshold = 30.0

extension Judge {
    /// ‖found − expected‖ in the largest entry, in units of scale·n·u.
    fileprivate mutating func expectRatio(
        _ found: Matrix<Double>, _ expected: Matrix<Double>, scale: Double, order: Int, _ what: String
    ) {
        let difference = found.combined(expected, -).largestMagnitude
        expect(difference, atMost: threshold * scale * Double(max(order, 1)) * unit, what)
    }
}

private func decompose<Backend: MatrixBackend>(
    _ order: Int, _ algorithm: EigenAlgorithm, _ judge: inout Judge<Backend>
) throws {
    let entries: Matrix<Backend.Scalar> = deviates(order, order, seed: 14)
    let a = entries.combined(entries.transposed, +)
    var upper = a
    // The strict lower triangle is not read.
    for column in 0..<order { for row in 0..<order where row > column { upper[row, column] = 7 } }
    let (values, vectors) = try judge.backend.symmetricEigen(judge.backend.tensor(upper), by: algorithm)
    let (lambda, v) = (judge.backend.values(of: values).map { Double($0) }, Matrix<Double>(judge.backend.matrix(vectors)))
    judge.expect(lambda.count == order && lambda == lambda.sorted(), "the values are not ascending")
    guard order > 0, lambda.count == order, v.columns == order else { return }
    let x = Matrix<Double>(a)
    judge.expectRatio(product(x, v), v.scalingColumns(by: lambda), scale: x.frobeniusNorm, order: order, "A·V − V·Λ")
    judge.expectRatio(product(v.transposed, v), .identity(order), scale: 1, order: order, "VᵀV − I")
    for column in 0..<order {
        let largest = v.column(column).reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
        judge.expect(largest > 0, "the largest entry of vector \(column) is \(largest)")
    }
}

/// Q of the reflectors as LAPACK keeps them, formed by its definition: H₁H₂…Hₙ, Hₖ = I − τₖ·vₖ·vₖᵀ.
private func factorize<Backend: MatrixBackend>(_ order: Int, _ judge: inout Judge<Backend>) {
    let a: Matrix<Backend.Scalar> = deviates(order, order, seed: 15)
    let (packed, scalars) = judge.backend.householderQR(judge.backend.tensor(a))
    let (reflectors, tau) = (Matrix<Double>(judge.backend.matrix(packed)), judge.backend.values(of: scalars))
    judge.expect(tau.count == order && reflectors.rows == order, "\(tau.count) scalars of order \(order)")
    guard order > 0, tau.count == order else { return }
    var (q, r) = (Matrix<Double>.identity(order), Matrix<Double>(rows: order, columns: order))
    for index in (0..<order).reversed() {
        let v = (0..<order).map { $0 < index ? 0 : $0 == index ? 1 : reflectors[$0, index] }
        for column in 0..<order {
            let projection = (0..<order).reduce(0) { $0 + v[$1] * q[$1, column] } * Double(tau[index])
            for row in 0..<order { q[row, column] -= projection * v[row] }
        }
        for row in 0...index { r[row, index] = reflectors[row, index] }
    }
    let x = Matrix<Double>(a)
    judge.expectRatio(product(q, r), x, scale: x.frobeniusNorm, order: order, "Q·R − A")
    judge.expectRatio(product(q.transposed, q), .identity(order), scale: 1, order: order, "QᵀQ − I")
    let factor = judge.backend.orthogonalFactor(reflectors: packed, scalars: scalars)
    judge.expectRatio(Matrix(judge.backend.matrix(factor)), q, scale: 1, order: order, "orthogonalFactor")
}

/// A residual of op(R)·X − B by forward and backward substitution is at most n·u·|op(R)|·|X| in every entry, to first order
/// (Higham, Accuracy and Stability, theorem 8.5); a product with a rounded reciprocal in a division's place adds 2u.
private func solveTriangular<Backend: MatrixBackend>(_ order: Int, _ columns: Int, _ judge: inout Judge<Backend>) {
    var factor: Matrix<Backend.Scalar> = deviates(order, order, seed: 21)
    for index in 0..<order { factor[index, index] = 2 + factor[index, index].magnitude }
    let b: Matrix<Backend.Scalar> = deviates(order, columns, seed: 22)
    var upper = Matrix<Double>(factor)
    for column in 0..<order { for row in 0..<order where row > column { upper[row, column] = 0 } }
    for transposed in [false, true] {
        let found = judge.backend.matrix(
            judge.backend.solveTriangular(judge.backend.tensor(factor), transposed: transposed, judge.backend.tensor(b)))
        judge.expect(found.rows == order && found.columns == columns, "\(found.rows) × \(found.columns)")
        guard found.rows == order, found.columns == columns else { return }
        let (matrix, x) = (transposed ? upper.transposed : upper, Matrix<Double>(found))
        let bounds = product(matrix.magnitudes, x.magnitudes).mapped { $0 * 1.01 * Double(order + 3) * judge.unit }
        let (residual, right) = (product(matrix, x), Matrix<Double>(b))
        judge.expect(
            zip(zip(residual.elements, right.elements), bounds.elements).allSatisfy { ($0.0 - $0.1).magnitude <= $1 },
            "transposed \(transposed): a residual beyond rounding")
    }
}

private func factorizeDefinite<Backend: MatrixBackend>(_ order: Int, _ judge: inout Judge<Backend>) throws {
    var a: Matrix<Backend.Scalar> = positiveDefinite(order, seed: 16)
    let x = Matrix<Double>(a)
    for column in 0..<order { for row in 0..<order where row > column { a[row, column] = 7 } }
    let found = judge.backend.matrix(try judge.backend.choleskyFactor(judge.backend.tensor(a)))
    judge.expect(found.rows == order && found.columns == order, "\(found.rows) × \(found.columns)")
    guard order > 0, found.rows == order, found.columns == order else { return }
    let upper = Matrix<Double>(found)
    judge.expectRatio(product(upper.transposed, upper), x, scale: x.frobeniusNorm, order: order, "L·Lᵀ − A")
    for column in 0..<order {
        judge.expect((column + 1..<max(order, column + 1)).allSatisfy { found[$0, column] == 0 }, "not triangular")
    }
    a[order - 1, order - 1] = -1
    do throws(DecompositionError) {
        _ = try judge.backend.choleskyFactor(judge.backend.tensor(a))
        judge.expect(false, "an indefinite matrix has a factor")
    } catch {
        judge.expect(error == .notPositiveDefinite(leadingMinor: order), "\(error)")
    }
}
