import Compute
import MatrixCore
import Preconditioning

/// Statistics and roots of one parameter: L and R of each of its blocks.
public struct BlockSides<Backend: MatrixBackend>: Sendable {
    public let blocks: [BlockPlace]
    /// L and R of every block in turn: side by side they can be updated at once.
    private var states: [PreconditionerState<Backend>]

    /// - Parameter name: the parameter's; nil where nobody knows it.
    /// - Precondition: the parameter is a matrix.
    /// - Throws: what the storages refuse.
    init(
        _ parameter: ParameterShape, named name: String?, _ settings: PreconditionerSettings,
        using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws {
        precondition(parameter.isMatrix, "preconditioners for a parameter of \(parameter.dimensions)")
        blocks = blockPlaces(parameter, largestOrder: settings.largestOrder)
        let scheme = name.map { settings.scheme(of: $0) } ?? settings.scheme
        states = []
        for place in places {
            states.append(
                try PreconditionerState(
                    order: place.range.count, scheme: scheme, generator: PhiloxGenerator(seed: generator.next()),
                    backend))
        }
    }

    /// Both sides of every block in turn.
    public var places: [BlockSidePlace] {
        blocks.flatMap { block in BlockSide.allCases.map { BlockSidePlace(block: block, side: $0) } }
    }

    public subscript(block: Int, side: BlockSide) -> PreconditionerState<Backend> {
        switch side {
        case .left: states[2 * block]
        case .right: states[2 * block + 1]
        }
    }

    func map<Result>(_ transform: (BlockSidePlace, PreconditionerState<Backend>) throws -> Result) rethrows -> [Result] {
        try zip(places, states).map { try transform($0, $1) }
    }

    mutating func updateConcurrently(
        _ backend: Backend,
        _ body: @Sendable (_ lane: Backend, BlockSidePlace, inout PreconditionerState<Backend>) -> Void
    ) {
        backend.updateConcurrently(&states) { [places] lane, index, state in body(lane, places[index], &state) }
    }

    /// The bytes of all statistics and roots.
    func byteCount(_ backend: Backend) -> Int { states.reduce(0) { $0 + $1.byteCount(backend) } }

    /// `blocks/<block row>_<block column>/{left,right}/…`.
    func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        for (place, state) in zip(places, states) { archive.add("blocks/\(place)", state.archive(backend)) }
        return archive
    }

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        for (index, place) in places.enumerated() { try states[index].read(archive.part("blocks/\(place)"), backend) }
    }
}
