import CPUBackend
import MatrixCore

/// Decoded eigenvectors V of a statistic A, with what tells how far they are from eigenvectors, of A and of all its contractions.
///
/// Numerics: VᵀAV is computed in float32, in half the time; the residual is so known to 1e-6 of ‖VᵀAV‖F, and no codes leave as
/// little.
struct DecodedBasis: Sendable {
    let vectors: Matrix<Double>
    /// max |VᵀV − I|.
    let orthogonalityDefect: Double

    /// Of P = VᵀAV in units of a power of two, and G = VᵀV: ‖P‖F², ⟨P, G⟩, ‖G‖F².
    private struct Products {
        var p = 0.0
        var mixed = 0.0
        var g = 0.0

        mutating func add(_ p: Double, _ g: Double) {
            self.p += p * p
            mixed += p * g
            self.g += g * g
        }
    }

    private let diagonal: Products
    private let offdiagonal: Products
    private let unit: Double

    init(_ vectors: Matrix<Double>, of a: Matrix<Double>, _ backend: CPUBackend<Double>) {
        self.vectors = vectors
        let gram = backend.symmetricProduct(vectors, transposed: true, alpha: 1)
        orthogonalityDefect = backend.values(of: backend.distanceFromIdentity(gram))[0]
        let largest = a.largestMagnitude
        let exponent = largest > 0 ? min(max(largest.exponent, -1000), 1000) : 0
        unit = Double(sign: .plus, exponent: exponent, significand: 1)
        let scale = 1 / unit
        let (single, scaled) = (
            Matrix<Float>(vectors), Matrix(rows: a.rows, columns: a.columns, elements: a.elements.map { Float($0 * scale) })
        )
        let half = CPUBackend<Float>()
        (diagonal, offdiagonal) = Self.products(
            half.multiply(single, transposed: true, half.multiply(scaled, single)), gram)
    }

    private static func products(
        _ product: Matrix<Float>, _ gram: Matrix<Double>
    ) -> (diagonal: Products, offdiagonal: Products) {
        let order = gram.order
        var (diagonal, offdiagonal) = (Products(), Products())
        product.elements.withUnsafeBufferPointer { p in
            gram.elements.withUnsafeBufferPointer { g in
                for column in 0..<order {
                    // Sums of a column, lest a long sum lose its last terms.
                    var own = Products()
                    for index in column * order..<(column + 1) * order where index != column * (order + 1) {
                        own.add(Double(p[index]), g[index])
                    }
                    offdiagonal.p += own.p
                    offdiagonal.mixed += own.mixed
                    offdiagonal.g += own.g
                    diagonal.add(Double(p[column * (order + 1)]), g[column * (order + 1)])
                }
            }
        }
        return (diagonal, offdiagonal)
    }

    /// ‖offdiag(VᵀBV)‖F/‖VᵀBV‖F of B = factor·A + shift·I: VᵀBV = factor·P + shift·G. Nil where B is zero.
    ///
    /// An update that keeps its basis loses nothing but what is off the diagonal, and need not renew it while this is small.
    ///
    /// Source: the criterion is that of Eschenhagen et al., arXiv 2506.03595.
    func offdiagonalResidual(_ b: ContractionScaling) -> Double? {
        let factor = b.factor
        func squaredNorm(_ products: Products) -> Double {
            let shift = b.shift / unit
            return max(0, factor * factor * products.p + 2 * factor * shift * products.mixed + shift * shift * products.g)
        }
        let off = squaredNorm(offdiagonal)
        let residual = (off / (off + squaredNorm(diagonal))).squareRoot()
        return residual.isFinite ? residual : nil
    }
}
