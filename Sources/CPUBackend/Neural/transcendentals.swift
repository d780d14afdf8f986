import Foundation
import MatrixCore

/// The functions of the C library, through double precision for every scalar.
@inline(__always)
func exponential<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar { Scalar(exp(Double(x))) }

@inline(__always)
func logarithm<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar { Scalar(log(Double(x))) }
