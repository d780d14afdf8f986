import MatrixCore
import Spectra

/// A positive definite matrix with a geometric spectrum from 1 to 1/κ.
func geometricMatrix(order: Int, condition: Double = 1e3, seed: UInt64 = 1) throws -> Matrix<Double> {
    var generator = PhiloxGenerator(seed: seed)
    let values = try Spectrum.geometric(conditionNumber: condition).eigenvalues(
        order: order, largest: nil, reversed: false, using: &generator)
    return positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: order, using: &generator))
}

extension TemporaryFolder {
    /// Writes float64 matrices by name.
    func write(_ matrices: [(name: String, matrix: Matrix<Double>)], to name: String) throws {
        try createHDF5(name) { writer in
            for (name, matrix) in matrices { try writer.write(matrix, to: name) }
        }
    }

    /// A file `a.h5` with one sound matrix `matrix`.
    func writeSoundFile(order: Int = 16) throws {
        try write([("matrix", try geometricMatrix(order: order))], to: "a.h5")
    }
}
