import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

typealias Processor = CPUBackend<Double>

/// Gradients against central differences of a weighted sum of the outputs, f(x) = Σ c∘y(x).
///
/// D(h) = (f(x + h·d) − f(x − h·d))/2h differs from ⟨∇f, d⟩ by
/// - truncation, h²/6·f‴ to leading order: D(2h) − D(h) is three times that, and depends on no gradient of ours;
/// - rounding: outputs are of order 1, formed in chains of sums of at most about a hundred terms, so each is off by at most
///   64·u·max(|y|, 1), and D by 64·u·Σ|c|·max(|y|, 1)/h.
/// A rectifier that changes sign within 2h breaks the first; h = 1e-5 makes that improbable, and the seeds are fixed.
struct CentralDifference {
    static let step = 1e-5

    let weights: Matrix<Double>

    init(outputs: Matrix<Double>) {
        weights = .random(rows: outputs.rows, columns: outputs.columns, seed: 99)
    }

    func expect(
        _ derivative: Double, _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ outputs: (Double) -> Matrix<Double>
    ) {
        var magnitude = 0.0
        func difference(_ step: Double) -> Double {
            let (above, below) = (outputs(step), outputs(-step))
            magnitude = zip(weights.elements, above.elements).reduce(0) { $0 + $1.0.magnitude * max($1.1.magnitude, 1) }
            // Differences entry by entry: the sum then rounds less than the outputs.
            return zip(weights.elements, zip(above.elements, below.elements)).reduce(0) {
                $0 + $1.0 * ($1.1.0 - $1.1.1)
            } / (2 * step)
        }
        let coarse = difference(2 * Self.step)
        let fine = difference(Self.step)
        let rounding = 64 * 0x1p-53 * magnitude / Self.step
        expectBound(
            (fine - derivative).magnitude, atMost: (coarse - fine).magnitude + rounding,
            "\(what): \(derivative) against the difference quotient \(fine)", sourceLocation: sourceLocation)
    }
}

/// Gains about 1, the rest in [−1, 1)·scale: generic numbers, so that no term of a gradient vanishes.
func genericParameters(_ descriptions: [ParameterDescription], scale: Double = 1) -> [Matrix<Double>] {
    descriptions.enumerated().map { index, description in
        var values = Matrix<Double>.random(
            rows: description.shape.rows, columns: description.shape.columns, seed: UInt64(1000 + index))
        let center = description.initialization == .constant(1) ? 1.0 : 0
        values.elements = values.elements.map { center + scale * $0 * (center == 1 ? 0.5 : 1) }
        return values
    }
}

func genericState(_ layout: NetworkLayout) -> NetworkState<Processor> {
    NetworkState(
        parameters: genericParameters(layout.parameters),
        runningStatistics: layout.runningStatistics.map {
            Matrix(rows: $0.shape.rows, columns: $0.shape.columns, repeating: 1)
        })
}

/// Checks every entry of the input's and the parameters' gradients of a layer in training.
func expectGradients<Subject: Layer<Processor>>(
    of layer: Subject, _ layout: NetworkLayout = NetworkLayout(), input: Matrix<Double>, batch: Int = 1,
    length: Int = 1, sourceLocation: SourceLocation = #_sourceLocation
) {
    let state = genericState(layout)
    func run(_ input: Matrix<Double>, _ state: NetworkState<Processor>) -> (output: Matrix<Double>, record: Subject.Record) {
        var pass = ForwardPass(state, isTraining: true, seed: 5, Processor())
        (pass.batch, pass.length) = (batch, length)
        return layer.forward(input, &pass)
    }
    let (output, record) = run(input, state)
    let check = CentralDifference(outputs: output)
    var pass = BackwardPass(state, Processor())
    let inputGradient = layer.backward(check.weights, record, &pass)

    #expect(inputGradient.elements.count == input.elements.count, sourceLocation: sourceLocation)
    for entry in input.elements.indices {
        check.expect(inputGradient.elements[entry], "input \(entry)", sourceLocation: sourceLocation) { step in
            var moved = input
            moved.elements[entry] += step
            return run(moved, state).output
        }
    }
    for (index, description) in layout.parameters.enumerated() {
        guard let gradient = pass.gradients[index] else {
            Issue.record("no gradient of \(description.name)", sourceLocation: sourceLocation)
            continue
        }
        #expect(gradient.rows == description.shape.rows, sourceLocation: sourceLocation)
        #expect(gradient.columns == description.shape.columns, sourceLocation: sourceLocation)
        for entry in gradient.elements.indices {
            check.expect(
                gradient.elements[entry], "\(description.name) \(entry)", sourceLocation: sourceLocation
            ) { step in
                var moved = state
                moved.parameters[index].elements[entry] += step
                return run(input, moved).output
            }
        }
    }
}

/// Checks the gradients of a network in training along two random directions of every parameter.
func expectGradients(
    of network: some Network<Processor>, _ input: NetworkInput<Matrix<Double>>, scale: Double,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let backend = Processor()
    let state = NetworkState<Processor>(
        parameters: genericParameters(network.parameters, scale: scale),
        runningStatistics: NetworkState(initializing: network, seed: 0, backend).runningStatistics)
    func logits(_ state: NetworkState<Processor>) -> Matrix<Double> {
        var pass = ForwardPass(state, isTraining: true, seed: 5, backend)
        return network.forward(input, &pass).logits
    }
    let check = CentralDifference(outputs: logits(state))
    let gradients = gradients(of: network, input, state, logitsGradient: check.weights)
    for (index, description) in network.parameters.enumerated() {
        guard let gradient = gradients[index] else {
            Issue.record("no gradient of \(description.name)", sourceLocation: sourceLocation)
            continue
        }
        #expect(gradient.frobeniusNorm > 0, "\(description.name)", sourceLocation: sourceLocation)
        for trial in 0..<2 {
            let direction = Matrix<Double>.random(
                rows: description.shape.rows, columns: description.shape.columns, seed: UInt64(2000 + trial))
            let derivative = backend.columnProducts(gradient, direction).reduce(0, +)
            check.expect(derivative, description.name, sourceLocation: sourceLocation) { step in
                var moved = state
                backend.combine(1, into: &moved.parameters[index], step, direction)
                return logits(moved)
            }
        }
    }
}

func gradients<Subject: Network<Processor>>(
    of network: Subject, _ input: NetworkInput<Matrix<Double>>, _ state: NetworkState<Processor>,
    logitsGradient: Matrix<Double>
) -> [Matrix<Double>?] {
    var forward = ForwardPass(state, isTraining: true, seed: 5, Processor())
    let record = network.forward(input, &forward).record
    var backward = BackwardPass(state, Processor())
    network.backward(logitsGradient, record, &backward)
    return backward.gradients
}
