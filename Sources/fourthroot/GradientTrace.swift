import CUDABackend
import Compute
import HDF5Store
import LinearAlgebra
import MatrixCore
import Optimizers

/// A recorded stream of gradients: `/initial/<name>`, `/gradients/<name>` with the step first, and the settings as
/// attributes of the root; for preconditioners that want them also the factors of the gradients of layers' weights,
/// `/inputs/<name>` and `/output_gradients/<name>` (steps × inputs or outputs × positions).
struct GradientTrace {
    struct Parameter {
        let name: String
        let shape: ParameterShape
    }

    let parameters: [Parameter]
    let steps: Int
    /// Ascending, from 1.
    let keptSteps: [Int]
    var path: String { file.path }
    private let file: HDF5File
    private let attributes: Attributes

    /// - Throws: `HDF5Error`, or `StatusError` of status `wrongData` naming file and object.
    init(path: String) throws {
        file = try HDF5File.open(path)
        attributes = try file.attributes()
        let listing = try file.listing()
        for case let failure? in listing.datasets.map(\.failure) { throw failure }
        let initial = listing.datasets(below: "initial").datasets
        let gradients = Dictionary(
            listing.datasets(below: "gradients").datasets.map { (ExactName($0.name), $0) },
            uniquingKeysWith: { first, _ in first })
        guard !initial.isEmpty else { throw wrong(path, "initial", "no data sets in it; a trace holds the parameters there") }
        let expected = Dictionary(
            initial.map { (ExactName("gradients/" + GradientTrace.parameter(of: $0)), $0) },
            uniquingKeysWith: { first, _ in first })
        if let alone = gradients.keys.sorted().first(where: { expected[$0] == nil }) {
            throw wrong(path, alone.text, "there is no initial/\(Substring(alone.text.utf8.dropFirst(10)))")
        }
        let steps = try integer("steps", attributes, path, from: 1)
        parameters = try initial.map { set in
            let name = GradientTrace.parameter(of: set)
            guard let stream = gradients[ExactName("gradients/\(name)")] else {
                throw wrong(path, "gradients/\(name)", "it is missing; every initial parameter needs its gradients")
            }
            guard stream.shape == [steps] + set.shape else {
                throw wrong(
                    path, stream.name, "its shape is \(stream.shape), not \([steps] + set.shape): steps, then the parameter's")
            }
            return Parameter(name: name, shape: ParameterShape(set.shape))
        }
        self.steps = steps
        guard let kept = attributes["kept_steps"]?.integers, kept == Array(Set(kept)).sorted(),
            kept.allSatisfy({ (1...steps).contains($0) })
        else { throw unusable("kept_steps", attributes, path, needed: "ascending integers from 1 to \(steps)") }
        keptSteps = kept
    }

    /// What follows `initial/`.
    private static func parameter(of set: DatasetDescription) -> String { String(Substring(set.name.utf8.dropFirst(8))) }

    /// - Throws: `StatusError` where it is missing or not at least 1.
    func interval(_ name: String) throws -> Int { try integer(name, attributes, file.path, from: 1) }

    /// - Throws: `StatusError` where it is missing, not finite or outside `range`.
    func number(_ name: String, _ range: ClosedRange<Double>) throws -> Double {
        guard let value = attributes[name]?.number, range.contains(value) else {
            throw unusable(name, attributes, file.path, needed: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A setting of one rule: the attribute `<name>_<rule>`, else `<name>`, which is every rule's.
    ///
    /// - Throws: `StatusError` as for other numbers.
    func number(_ name: String, of rule: FirstOrderName, _ range: ClosedRange<Double>) throws -> Double {
        let own = "\(name)_\(rule.rawValue)"
        return try number(attributes[own] == nil && attributes[name] != nil ? name : own, range)
    }

    /// A parameter before the first step, as a matrix.
    func initial<Scalar: TraceScalar>(_ parameter: Parameter) throws -> Matrix<Scalar> {
        let name = "initial/\(parameter.name)"
        return try matrix(Scalar.read(name, file), parameter, name)
    }

    /// The gradient of step t, from 1.
    func gradient<Scalar: TraceScalar>(_ parameter: Parameter, step: Int) throws -> Matrix<Scalar> {
        let name = "gradients/\(parameter.name)"
        return try matrix(Scalar.read(name, at: step - 1, file), parameter, "\(name), step \(step)")
    }

    /// The output gradients and inputs of the layer whose weight a parameter is, at step t, from 1: a column a position.
    func factors<Scalar: TraceScalar>(
        _ parameter: Parameter, step: Int
    ) throws -> (outputGradients: Matrix<Scalar>, inputs: Matrix<Scalar>) {
        let (outputs, inputs) = ("output_gradients/\(parameter.name)", "inputs/\(parameter.name)")
        let outputGradients: Matrix<Scalar> = try factor(outputs, rows: parameter.shape.rows, step: step)
        let inputMatrix: Matrix<Scalar> = try factor(inputs, rows: parameter.shape.columns, step: step)
        guard inputMatrix.columns == outputGradients.columns else {
            throw wrong(
                file.path, inputs, "it has \(inputMatrix.columns) positions, and \(outputs) \(outputGradients.columns)")
        }
        return (outputGradients, inputMatrix)
    }

    private func factor<Scalar: TraceScalar>(_ name: String, rows: Int, step: Int) throws -> Matrix<Scalar> {
        guard try file.contains(name) else {
            throw wrong(
                file.path, name, "it is missing; the preconditioner needs inputs and output gradients of every layer's weight")
        }
        let array = try Scalar.read(name, at: step - 1, file)
        guard array.shape.count == 2, array.shape[0] == rows else {
            throw wrong(file.path, name, "a step of it is \(array.shape), not \(rows) by the number of positions")
        }
        return try matrix(array, rows: rows, columns: array.shape[1], "\(name), step \(step)")
    }

    private func matrix<Scalar: TraceScalar>(
        _ array: NumericArray<Scalar>, _ parameter: Parameter, _ name: String
    ) throws -> Matrix<Scalar> {
        try matrix(array, rows: parameter.shape.rows, columns: parameter.shape.columns, name)
    }

    private func matrix<Scalar: TraceScalar>(
        _ array: NumericArray<Scalar>, rows: Int, columns: Int, _ name: String
    ) throws -> Matrix<Scalar> {
        if let value = array.values.first(where: { !$0.isFinite }) {
            throw wrong(file.path, name, "an entry is \(value); only finite ones can be followed")
        }
        // Rows of the set are columns of the memory.
        return Matrix(rows: columns, columns: rows, elements: array.values).transposed
    }
}

/// The precisions in which a trace can be followed.
protocol TraceScalar: LAPACKScalar, CUDAScalar {
    static func read(_ name: String, _ file: HDF5File) throws -> NumericArray<Self>
    static func read(_ name: String, at index: Int, _ file: HDF5File) throws -> NumericArray<Self>
    static func write(_ array: NumericArray<Self>, to name: String, _ writer: HDF5Writer) throws
}

extension Float: TraceScalar {
    static func read(_ name: String, _ file: HDF5File) throws -> NumericArray<Float> {
        try file.readArray(name, as: Float.self)
    }
    static func read(_ name: String, at index: Int, _ file: HDF5File) throws -> NumericArray<Float> {
        try file.readSlab(name, at: index, as: Float.self)
    }
    static func write(_ array: NumericArray<Float>, to name: String, _ writer: HDF5Writer) throws {
        try writer.write(array, to: name)
    }
}

extension Double: TraceScalar {
    static func read(_ name: String, _ file: HDF5File) throws -> NumericArray<Double> { try file.readArray(name) }
    static func read(_ name: String, at index: Int, _ file: HDF5File) throws -> NumericArray<Double> {
        try file.readSlab(name, at: index, as: Double.self)
    }
    static func write(_ array: NumericArray<Double>, to name: String, _ writer: HDF5Writer) throws {
        try writer.write(array, to: name)
    }
}

private func integer(
    _ name: String, _ attributes: Attributes, _ path: String, from least: Int
) throws -> Int {
    guard let value = attributes[name]?.integer, value >= least else {
        throw unusable(name, attributes, path, needed: "an integer from \(least)")
    }
    return value
}

private func unusable(_ name: String, _ attributes: Attributes, _ path: String, needed: String) -> StatusError {
    let problem = attributes[name] == nil ? "there is no such attribute; give" : "this attribute must be"
    return wrong(path, name, "\(problem) \(needed)")
}

private func wrong(_ path: String, _ object: String, _ problem: String) -> StatusError {
    StatusError(status: .wrongData, description: "\(path): \(object): \(problem)")
}
