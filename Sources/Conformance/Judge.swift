import Compute
import MatrixCore

/// Compares what a backend gives with what the definition gives, and keeps the first difference.
struct Judge<Backend: MatrixBackend> {
    typealias Scalar = Backend.Scalar

    let backend: Backend
    private(set) var difference: String?

    init(_ backend: Backend) { self.backend = backend }

    /// The unit roundoff of the scalar, and that of the double precision in which the definition itself is computed.
    var unit: Double { Double(Scalar.ulpOfOne) / 2 + 0x1p-53 }

    mutating func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) {
        if !isTrue && difference == nil { difference = what() }
    }

    /// Equal shapes and entries; the two zeros are equal, a NaN is equal to a NaN.
    mutating func expectEqual(_ found: Backend.Tensor, _ expected: Matrix<Scalar>, _ what: String = "result") {
        let found = backend.matrix(found)
        guard isOfShape(found, expected.rows, expected.columns, what) else { return }
        guard let index = firstDifference(found, expected) else { return }
        let (left, right) = (found.elements[index], expected.elements[index])
        expect(false, "\(what), \(place(index, expected.rows)): \(left) instead of \(right)")
    }

    mutating func expectEqual(_ found: Backend.Vector, _ expected: [Scalar], _ what: String = "result") {
        expectEqual(backend.column(found), Matrix(rows: expected.count, columns: 1, elements: expected), what)
    }

    /// Every entry within the bound of its own place; NaN is within none.
    mutating func expect(
        _ found: Backend.Tensor, within bounds: Matrix<Double>, of expected: Matrix<Double>, _ what: String = "result"
    ) {
        expect(backend.matrix(found), within: bounds, of: expected, what)
    }

    mutating func expect(
        _ found: Backend.Vector, within bounds: [Double], of expected: [Double], _ what: String = "result"
    ) {
        func column(_ values: [Double]) -> Matrix<Double> { Matrix(rows: values.count, columns: 1, elements: values) }
        expect(backend.column(found), within: column(bounds), of: column(expected), what)
    }

    mutating func expect(
        _ found: Backend.Tensor, within bound: Double, of expected: Matrix<Double>, _ what: String = "result"
    ) {
        expect(found, within: expected.mapped { _ in bound }, of: expected, what)
    }

    mutating func expect(_ error: Double, atMost bound: Double, _ what: String) {
        expect(error <= bound, "\(what): \(error), bound \(bound)")
    }

    private mutating func expect(
        _ found: Matrix<Scalar>, within bounds: Matrix<Double>, of expected: Matrix<Double>, _ what: String
    ) {
        guard isOfShape(found, expected.rows, expected.columns, what) else { return }
        guard let index = firstOutside(found, bounds, expected) else { return }
        let (value, wanted, bound) = (found.elements[index], expected.elements[index], bounds.elements[index])
        expect(false, "\(what), \(place(index, expected.rows)): \(value) instead of \(wanted), bound \(bound)")
    }

    private mutating func isOfShape(_ found: Matrix<Scalar>, _ rows: Int, _ columns: Int, _ what: String) -> Bool {
        let isEqual = found.rows == rows && found.columns == columns
        expect(isEqual, "\(what): \(found.rows) × \(found.columns) instead of \(rows) × \(columns)")
        return isEqual
    }
}

private func place(_ index: Int, _ rows: Int) -> String { "entry (\(index % rows), \(index / rows))" }

/// The first entry in which matrices of one shape differ; the two zeros are equal, a NaN is equal to a NaN.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func firstDifference<Scalar: MatrixScalar>(_ found: Matrix<Scalar>, _ expected: Matrix<Scalar>) -> Int? {
    found.elements.indices.first { index in
        let (left, right) = (found.elements[index], expected.elements[index])
        return !(left == right || (left.isNaN && right.isNaN))
    }
}

/// The first entry that is not within the bound of its place; NaN is within none.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func firstOutside<Scalar: MatrixScalar>(
    _ found: Matrix<Scalar>, _ bounds: Matrix<Double>, _ expected: Matrix<Double>
) -> Int? {
    found.elements.indices.first { index in
        !((Double(found.elements[index]) - expected.elements[index]).magnitude <= bounds.elements[index])
    }
}
