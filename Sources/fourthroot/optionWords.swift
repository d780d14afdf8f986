import ArgumentParser
import MatrixCore
import MatrixStudy
import NeuralNetworks
import Optimizers
import Preconditioning
import Quantization
import Training

// The words of options: help shows them, completions offer them, and the parser refuses others with the list.

extension TableName: ExpressibleByArgument {}
extension StatisticKind: ExpressibleByArgument {}
extension RootKind: ExpressibleByArgument {}
extension CodebookName: ExpressibleByArgument {}
extension Arithmetic: ExpressibleByArgument {}
extension DecompositionSource: ExpressibleByArgument {}
extension IndefiniteRule: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}
extension ReferenceSolver: ExpressibleByArgument {}
extension RootSolver: ExpressibleByArgument {}
extension ReflectorLoop: ExpressibleByArgument {}
extension UpdateDecomposition: ExpressibleByArgument {}
extension StatisticShift: ExpressibleByArgument {}
extension DataSource: ExpressibleByArgument {}
extension CorruptImageRule: ExpressibleByArgument {}
extension LearningRateSchedule.Course: ExpressibleByArgument {}

/// A method of preconditioning, or none.
enum PreconditionerChoice: ExpressibleByArgument {
    case none
    case method(PreconditionerName)

    init?(argument: String) {
        if argument == "none" {
            self = .none
        } else {
            guard let name = PreconditionerName(rawValue: argument) else { return nil }
            self = .method(name)
        }
    }

    static var allValueStrings: [String] { ["none"] + PreconditionerName.allCases.map(\.rawValue) }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}
