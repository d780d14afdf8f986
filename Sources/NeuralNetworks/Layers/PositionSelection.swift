import Compute

/// Some positions of every sample, each at most once, in an order of their own: features × (sample, position) to features ×
/// (sample, chosen position).
struct PositionSelection<Backend: NeuralBackend>: Layer {
    /// The positions of a sample.
    private let length: Int
    private let chosen: [Int]
    /// Of every position its place among the chosen ones, nil where it is none of them.
    private let places: [Int?]

    /// - Precondition: `chosen` are different positions below `length`.
    init(length: Int, chosen: [Int]) {
        precondition(chosen.allSatisfy { 0..<length ~= $0 }, "a position outside of \(length)")
        var places = [Int?](repeating: nil, count: length)
        for (place, position) in chosen.enumerated() {
            precondition(places[position] == nil, "position \(position) is chosen twice")
            places[position] = place
        }
        self.length = length
        self.chosen = chosen
        self.places = places
    }

    /// - Returns: as the record, the batch.
    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Int) {
        var order: [Int] = []
        order.reserveCapacity(pass.batch * chosen.count)
        for sample in 0..<pass.batch { for position in chosen { order.append(sample * length + position) } }
        return (pass.backend.selectColumns(input, order), pass.batch)
    }

    /// Positions that were not chosen take a column of zeros behind the others.
    func backward(
        _ outputGradient: Backend.Tensor, _ batch: Int, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let (backend, count) = (pass.backend, batch * chosen.count)
        var order: [Int] = []
        order.reserveCapacity(batch * length)
        for sample in 0..<batch { for place in places { order.append(place.map { sample * chosen.count + $0 } ?? count) } }
        if chosen.count == length { return backend.selectColumns(outputGradient, order) }
        let rows = backend.shape(of: outputGradient).rows
        let extended = backend.appendingColumn(
            backend.zeros(rows: rows, columns: 1), to: outputGradient, rows: rows, columns: count)
        return backend.selectColumns(extended, order)
    }
}
