import MatrixCore

/// Derivatives against central differences of a weighted sum of outputs, f(x) = Σ c∘y(x).
///
/// D(h) = (f(x + h·d) − f(x − h·d))/2h differs from ⟨∇f, d⟩ by
/// - truncation, h²/6·f‴ to leading order: D(2h) − D(h) is three times that, and depends on no gradient of ours;
/// - rounding: outputs are of order 1, formed in chains of sums of at most about a hundred terms, so each is off by at most
///   64·u·max(|y|, 1), and D by 64·u·Σ|c|·max(|y|, 1)/h.
/// A rectifier that changes sign within 2h breaks the first; h = 1e-5 makes that improbable, and the inputs are fixed.
public struct CentralDifference: Sendable {
    private static let step = 1e-5

    /// c: what the gradients of f begin with.
    public let weights: Matrix<Double>

    public init(outputs: Matrix<Double>) {
        weights = deviates(outputs.rows, outputs.columns, seed: 99)
    }

    /// How a derivative differs from that of the outputs; nil where it does not.
    ///
    /// - Parameter outputs: at x + step·d.
    public func difference(
        of derivative: Double, _ what: String, _ outputs: (_ step: Double) -> Matrix<Double>
    ) -> String? {
        var magnitude = 0.0
        func quotient(_ step: Double) -> Double {
            let (above, below) = (outputs(step), outputs(-step))
            magnitude = zip(weights.elements, above.elements).reduce(0) { $0 + $1.0.magnitude * max($1.1.magnitude, 1) }
            // Differences entry by entry: the sum then rounds less than the outputs.
            return zip(weights.elements, zip(above.elements, below.elements)).reduce(0) {
                $0 + $1.0 * ($1.1.0 - $1.1.1)
            } / (2 * step)
        }
        let coarse = quotient(2 * Self.step)
        let fine = quotient(Self.step)
        let bound = (coarse - fine).magnitude + 64 * 0x1p-53 * magnitude / Self.step
        // NaN is within no bound.
        return (fine - derivative).magnitude <= bound
            ? nil : "\(what): \(derivative) against the difference quotient \(fine), bound \(bound)"
    }
}
