import Foundation
import MatrixCore

/// The functions of the C library, through double precision for every scalar.
@inline(__always)
func exponential<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar { Scalar(exp(Double(x))) }

@inline(__always)
func logarithm<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar { Scalar(log(Double(x))) }

/// Φ(x) = erfc(−x/√2)/2, without the cancellation of 1 + erf for negative x.
@inline(__always)
func normalDistribution<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar { Scalar(erfc(-Double(x) * 0.5.squareRoot()) / 2) }
