import Compute
import MatrixCore

/// A rule that keeps one tensor of a parameter's form, zeros at the start.
public protocol SingleTensorRule: OptimizerRule where State == Backend.Tensor {
    /// The tensor's name in archives.
    static var stateName: String { get }
}

extension SingleTensorRule {
    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> Backend.Tensor {
        zeros(parameter, backend)
    }

    public func byteCount(_ state: Backend.Tensor, _ backend: Backend) -> Int { backend.byteCount(state) }

    /// The tensor under `stateName`.
    public func archive(_ state: Backend.Tensor, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add(Self.stateName, state, backend)
        return archive
    }

    public func read(
        _ state: inout Backend.Tensor, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        state = try archive.tensor(Self.stateName, like: state, backend)
    }
}

/// A tensor of zeros in a parameter's form.
func zeros<Backend: MatrixBackend>(_ parameter: ParameterShape, _ backend: Backend) -> Backend.Tensor {
    backend.zeros(rows: parameter.rows, columns: parameter.columns)
}
