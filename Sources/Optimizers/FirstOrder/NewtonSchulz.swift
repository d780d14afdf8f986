import Compute

/// An approximate polar factor U·Vᵀ of a matrix U·Σ·Vᵀ by products alone: X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ, from
/// X = M/(‖M‖F + 1e-7).
///
/// An odd polynomial acts on the singular values; the published coefficients have so large a slope at 0 that small ones grow
/// by 3.4 a step, and leave them between about 0.7 and 1.2 instead of at 1. The shorter side makes the products.
///
/// Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
public struct NewtonSchulz: Sendable, Equatable, Codable {
    /// a, b and c.
    public let coefficients: [Double]
    public let steps: Int

    /// (3.4445, −4.7750, 2.0315) in 5 steps.
    public static let published = NewtonSchulz(unchecked: [3.4445, -4.7750, 2.0315], steps: 5)

    /// - Throws: `HyperparameterError` unless there are three finite coefficients and at least one step.
    public init(coefficients: [Double], steps: Int) throws(HyperparameterError) {
        try HyperparameterError.require(
            coefficients.count == 3 && coefficients.allSatisfy(\.isFinite), "Newton-Schulz coefficients",
            coefficients.map { "\($0)" }.joined(separator: ","), "three finite numbers")
        try HyperparameterError.require((1...100).contains(steps), "Newton-Schulz steps", steps, "from 1 to 100")
        self.init(unchecked: coefficients, steps: steps)
    }

    private init(unchecked coefficients: [Double], steps: Int) {
        self.coefficients = coefficients
        self.steps = steps
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            coefficients: values.decode([Double].self, forKey: .coefficients),
            steps: values.decode(Int.self, forKey: .steps))
    }

    /// - Parameter norm: ‖M‖F.
    func orthogonalized<Backend: MatrixBackend>(
        _ matrix: Backend.Tensor, norm: Backend.Scalar, _ backend: Backend
    ) -> Backend.Tensor {
        let (rows, columns) = backend.shape(of: matrix)
        let isTall = rows > columns
        let (a, b, c) = (
            Backend.Scalar(coefficients[0]), Backend.Scalar(coefficients[1]), Backend.Scalar(coefficients[2])
        )
        var x = backend.scaled(1 / (norm + 1e-7), matrix)
        for _ in 0..<steps {
            let gram = backend.symmetricProduct(x, transposed: isTall, alpha: 1)
            let polynomial = backend.combine(b, gram, c, backend.symmetricProduct(gram, transposed: false, alpha: 1))
            let product = isTall ? backend.multiply(x, polynomial) : backend.multiply(polynomial, x)
            backend.combine(a, into: &x, 1, product)
        }
        return x
    }
}
