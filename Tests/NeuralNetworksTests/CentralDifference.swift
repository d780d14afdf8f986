import CPUBackend
import Compute
import Conformance
import MatrixCore
import TestSupport
import Testing

@testable import NeuralNetworks

typealias Processor = CPUBackend<Double>

extension CentralDifference {
    func expect(
        _ derivative: Double, _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ outputs: (Double) -> Matrix<Double>
    ) {
        let difference = difference(of: derivative, what, outputs)
        #expect(difference == nil, "\(difference ?? "")", sourceLocation: sourceLocation)
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

/// Checks the gradients of a network in training along two directions of every parameter.
func expectGradients(
    of network: some Network<Processor>, _ input: NetworkInput<Matrix<Double>>, scale: Double,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let difference = gradientDifference(of: network, input, scale: scale, on: Processor())
    #expect(difference == nil, "\(difference ?? "")", sourceLocation: sourceLocation)
}
