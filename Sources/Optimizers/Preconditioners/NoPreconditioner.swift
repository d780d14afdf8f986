import Compute

/// The preconditioner of a rule without: there is no value of it, and no state.
public enum NoPreconditioner<Backend: MatrixBackend>: GradientPreconditioner {
    public typealias State = Never

    public init(from decoder: any Decoder) throws {
        throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no preconditioner"))
    }

    public func encode(to encoder: any Encoder) throws {}
    public var schedule: PreconditionerSchedule { switch self {} }
    public func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) -> Never? { nil }
    public func update(
        _ state: inout Never, with gradient: ParameterGradient<Backend>, step: OptimizerStep, _ backend: Backend
    ) {}
    public func direction(of gradient: Backend.Tensor, _ state: Never, _ backend: Backend) -> Backend.Tensor {}
    public func sides(of state: Never) -> [PreconditionerSide<Backend>] {}
    public func byteCount(_ state: Never, _ backend: Backend) -> Int {}
    public func archive(_ state: Never, _ backend: Backend) -> StateArchive {}
    public func read(_ state: inout Never, from archive: StateArchive, _ backend: Backend) {}
}
