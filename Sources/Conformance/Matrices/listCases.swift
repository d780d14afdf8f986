import Compute
import MatrixCore

/// Passes over the tensors of a list: none, one, many of unequal sizes with empty ones among them, more than a device may take in
/// one launch, and tensors that share their memory.
func listCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    let large = shapes.filter { $0.0 * $0.1 > 1000 }
    let many = (0..<200).map { ($0 % 7, 1 + $0 % 5) }
    let lists: [(name: String, shapes: [(Int, Int)])] = [
        ("no tensor", []), ("one tensor", [(33, 16)]), ("tensors of all sizes", shapes), ("200 tensors", many),
        ("200 tensors between large ones", large + many + large),
    ]
    return lists.map { name, shapes in
        ConformanceCase("combine, combineSquares and addQuotient into each, \(name)") { judge in
            judgeLists(shapes.enumerated().map { deviates($1.0, $1.1, seed: UInt32($0)) }, &judge)
        }
    } + [ConformanceCase("combine into each, shared tensors") { judge in judgeShared(&judge) }]
}

/// The entries are below 1, and so are the sums of the magnitudes that are added: the bounds are those of single tensors.
private func judgeLists<Backend: MatrixBackend>(_ a: [Matrix<Backend.Scalar>], _ judge: inout Judge<Backend>) {
    let (backend, unit) = (judge.backend, judge.unit)
    let b: [Matrix<Backend.Scalar>] = a.enumerated().map { deviates($1.rows, $1.columns, seed: 1000 + UInt32($0)) }
    let roots = b.map { $0.mapped { $0 * $0 + 1 } }
    let alphas = a.indices.map { Backend.Scalar($0 % 5) / 8 }
    var (combined, squares, moved) = (a.map(backend.tensor), a.map(backend.tensor), a.map(backend.tensor))
    let (kept, others) = (moved, b.map(backend.tensor))
    backend.combine(alphas, intoEach: &combined, -0.5, others)
    backend.combineSquares(0.9, intoEach: &squares, 0.1, others)
    backend.addQuotient(
        0.1, intoEach: &moved, others, rootOf: roots.map(backend.tensor), scale: 0.5, offset: 0.125)
    for index in a.indices {
        let (x, y) = (Matrix<Double>(a[index]), Matrix<Double>(b[index]))
        let (alpha, decay, rate) = (Double(alphas[index]), Double(0.9 as Backend.Scalar), Double(0.1 as Backend.Scalar))
        judge.expect(combined[index], within: 2 * unit, of: x.combined(y) { alpha * $0 - 0.5 * $1 }, "combine \(index)")
        judge.expect(
            squares[index], within: 3 * unit, of: x.combined(y) { decay * $0 + rate * $1 * $1 }, "combineSquares \(index)")
        let quotients = y.combined(Matrix<Double>(roots[index])) { rate * $0 / ($1.squareRoot() * 0.5 + 0.125) }
        judge.expect(moved[index], within: 3 * unit, of: x.combined(quotients, +), "addQuotient \(index)")
        judge.expectEqual(kept[index], a[index], "the tensor \(index) whose copy was changed")
        judge.expectEqual(others[index], b[index], "the tensor \(index) that was read")
    }
}

/// A tensor that occurs twice in the list, and others that are in both lists: each is computed from what all were before.
private func judgeShared<Backend: MatrixBackend>(_ judge: inout Judge<Backend>) {
    let (a, b): (Matrix<Backend.Scalar>, Matrix<Backend.Scalar>) = (deviates(65, 31, seed: 1), deviates(65, 31, seed: 2))
    let (x, y) = (judge.backend.tensor(a), judge.backend.tensor(b))
    var list = [x, y, x, y]
    judge.backend.combine(0.5, intoEach: &list, 0.25, [y, x, x, y])
    func sum(_ u: Matrix<Backend.Scalar>, _ v: Matrix<Backend.Scalar>) -> Matrix<Double> {
        Matrix<Double>(u).combined(Matrix<Double>(v)) { 0.5 * $0 + 0.25 * $1 }
    }
    for (index, expected) in [sum(a, b), sum(b, a), sum(a, a), sum(b, b)].enumerated() {
        judge.expect(list[index], within: 2 * judge.unit, of: expected, "tensor \(index)")
    }
    judge.expectEqual(x, a, "the first tensor")
    judge.expectEqual(y, b, "the second tensor")
    // Nobody but the list holds these, nor those of a list that changes itself.
    var (fresh, other) = ([judge.backend.tensor(a), judge.backend.tensor(b)], [judge.backend.tensor(b)])
    judge.backend.combine(0.5, intoEach: &fresh, 0.25, fresh)
    judge.backend.combine(0.5, intoEach: &other, 0.25, [y])
    for (found, expected) in zip(fresh + other, [sum(a, a), sum(b, b), sum(b, b)]) {
        judge.expect(found, within: 2 * judge.unit, of: expected, "a list by itself")
    }
}
