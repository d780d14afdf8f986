import CPUBackend
import MatrixCore
import TestSupport
import Testing

/// Units of rounding of the two scalars.
let unitOfFloat = 0x1p-24
let unitOfDouble = 0x1p-53

/// A way to compute: the pieces into which work is cut and the kernels of float32.
struct Setup: Sendable, CustomTestStringConvertible {
    let threads: Int
    let kernels: NeuralKernels

    var single: CPUBackend<Float> { CPUBackend(kernels: kernels, threads: threads) }
    var double: CPUBackend<Double> { CPUBackend(kernels: kernels, threads: threads) }
    var testDescription: String { "\(threads) threads, \(kernels.instructionSet)" }
}

/// Uncut, cut in two and cut unevenly with the fastest kernels; each of the other kernels in two pieces.
let setups: [Setup] =
    [1, 2, 3].map { Setup(threads: $0, kernels: .fastest) }
    + NeuralKernels.available.dropFirst().map { Setup(threads: 2, kernels: $0) }

extension Matrix {
    /// Each entry of `self` within the bound of its own place of `expected`.
    func expectWithin(
        _ bounds: Matrix<Double>, of expected: Matrix<Double>, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard rows == expected.rows, columns == expected.columns else {
            Issue.record(
                "\(what): \(rows) × \(columns) instead of \(expected.rows) × \(expected.columns)",
                sourceLocation: sourceLocation)
            return
        }
        for index in elements.indices {
            let error = (Double(elements[index]) - expected.elements[index]).magnitude
            guard error <= bounds.elements[index] else {
                Issue.record(
                    "\(what), entry \(index): \(elements[index]) instead of \(expected.elements[index]), bound \(bounds.elements[index])",
                    sourceLocation: sourceLocation)
                return
            }
        }
    }

    func expectWithin(
        _ bound: Double, of expected: Matrix<Double>, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        expectWithin(
            Matrix<Double>(rows: expected.rows, columns: expected.columns, repeating: bound), of: expected, what,
            sourceLocation: sourceLocation)
    }

    var magnitudes: Matrix { mapped { $0.magnitude } }

    func mapped(_ body: (Scalar) -> Scalar) -> Matrix {
        Matrix(rows: rows, columns: columns, elements: elements.map(body))
    }

    func times(_ factor: Scalar) -> Matrix { mapped { $0 * factor } }
}

/// Σ a∘b.
func innerProduct(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Double {
    zip(a.elements, b.elements).reduce(0) { $0 + $1.0 * $1.1 }
}

/// The gradient of `loss` by central differences.
///
/// For a loss that is linear in `point` the difference is exact but for rounding, whatever the step.
func centralDifferences(
    at point: Matrix<Double>, step: Double, _ loss: (Matrix<Double>) -> Double
) -> Matrix<Double> {
    var moved = point
    var gradient = Matrix<Double>(rows: point.rows, columns: point.columns)
    for index in point.elements.indices {
        moved.elements[index] = point.elements[index] + step
        let above = loss(moved)
        moved.elements[index] = point.elements[index] - step
        gradient.elements[index] = (above - loss(moved)) / (2 * step)
        moved.elements[index] = point.elements[index]
    }
    return gradient
}
