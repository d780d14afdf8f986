import MatrixCore

/// A matrix for which float32 has no place.
struct SinglePrecisionError: Error, CustomStringConvertible {
    let largest: Double

    var description: String {
        "its largest entry, \(largest), is outside the normal range of float32, 1.2e-38 to 3.4e38; scale the matrix"
    }
}

/// A largest entry below the normal range would leave a matrix of a few digits, or of zeros, and nothing would say so.
///
/// - Throws: where the largest entry is neither 0 nor a normal float32.
func requireSinglePrecision(_ matrix: Matrix<Double>) throws(SinglePrecisionError) {
    let largest = matrix.largestMagnitude
    guard largest == 0 || Float(largest).isNormal else { throw SinglePrecisionError(largest: largest) }
}
