import Compute

/// A table of one row a token (or a place), of which every position takes one.
struct Embedding<Backend: NeuralBackend>: Sendable {
    /// The table's position in the network's list, for a head that shares it.
    let table: Int
    private let count: Int

    /// - Precondition: `count` is at least 2, since a table of one row would stand as a column.
    init(
        _ layout: inout NetworkLayout, _ name: String, count: Int, width: Int,
        _ initialization: ParameterDescription.Initialization, decays: Bool = true
    ) {
        precondition(count >= 2, "\(name) has \(count) rows")
        self.count = count
        table = layout.addParameter("\(name).weight", [count, width], initialization, decays: decays)
    }

    /// Width × positions.
    func forward(_ rows: [Int], _ pass: inout ForwardPass<Backend>) -> Backend.Tensor {
        pass.backend.gatherRows(pass.parameters[table], rows)
    }

    func backward(_ outputGradient: Backend.Tensor, _ rows: [Int], _ pass: inout BackwardPass<Backend>) {
        let backend = pass.backend
        pass.contribute(
            backend.scatterRows(outputGradient, rows, count: count), to: table,
            factors: GradientFactors(
                rows: backend.gatherRows(backend.identity(count), rows), columns: outputGradient))
    }
}
