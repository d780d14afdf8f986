import Compute
import MatrixCore

/// A rule that keeps one tensor of a parameter's form, zeros at the start.
public protocol SingleTensorRule: OptimizerRule where State == KeptTensor<Backend> {
    /// The tensor's name in archives.
    static var stateName: String { get }
    static var stateKind: MomentKind { get }
    var momentBits: MomentBits { get }
}

extension SingleTensorRule {
    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> State {
        KeptTensor(zerosOf: Self.stateKind, for: parameter, momentBits, backend)
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int { state.byteCount(backend) }

    /// The tensor under `stateName`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        state.add(to: &archive, as: Self.stateName, backend)
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try state.read(Self.stateName, from: archive, backend)
    }
}
