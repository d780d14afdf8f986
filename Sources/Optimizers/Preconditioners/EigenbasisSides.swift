import Compute
import MatrixCore
import Preconditioning

/// The eigenbases of both sides of a parameter, which is not cut into blocks: a side that is longer than the largest order stays
/// in its own coordinates.
public struct EigenbasisSides<Backend: MatrixBackend>: Sendable {
    private let places: [BlockSidePlace]
    /// Left and right, nil for a side in its own coordinates.
    private var states: [EigenbasisState<Backend>?]
    private var turn: BasisTurn<Backend>?

    /// - Precondition: the parameter is a matrix.
    /// - Throws: what the storages refuse.
    init(
        _ parameter: ParameterShape, named name: String?, _ settings: PreconditionerSettings,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws {
        precondition(parameter.isMatrix, "eigenbases for a parameter of \(parameter.dimensions)")
        let whole = BlockPlace(blockRow: 0, blockColumn: 0, rows: 0..<parameter.rows, columns: 0..<parameter.columns)
        places = BlockSide.allCases.map { BlockSidePlace(block: whole, side: $0) }
        let scheme = name.map { settings.scheme(of: $0) } ?? settings.scheme
        states = []
        for place in places {
            let own = PhiloxGenerator(seed: generator.next())
            states.append(
                place.range.count > settings.largestOrder
                    ? nil
                    : try EigenbasisState(order: place.range.count, scheme: scheme, generator: own, backend))
        }
    }

    subscript(side: BlockSide) -> EigenbasisState<Backend>? { side == .left ? states[0] : states[1] }

    /// Q of a side; nil for I.
    func basis(_ side: BlockSide, _ backend: Backend) -> Backend.Tensor? { self[side]?.basis(backend) }

    /// Gives every side its moment.
    mutating func update(_ backend: Backend, moment: (BlockSide) -> Backend.Tensor) {
        changeSides { side, state in state.update(with: moment(side), backend) }
    }

    /// One step of QR on every side that does not turn with its updates.
    mutating func refresh(sorting: Bool, _ backend: Backend) {
        changeSides { _, state in state.refresh(sorting: sorting, backend) }
    }

    private mutating func changeSides(
        _ body: (BlockSide, inout EigenbasisState<Backend>) -> BasisTurn<Backend>.Side?
    ) {
        var turns: [BasisTurn<Backend>.Side?] = []
        for (index, place) in places.enumerated() {
            // Taken out, so that its buffers are not shared while they change.
            guard var state = states[index].take() else {
                turns.append(nil)
                continue
            }
            turns.append(body(place.side, &state))
            states[index] = state
        }
        if let next = BasisTurn(left: turns[0], right: turns[1]) {
            precondition(turn == nil, "a basis that turns twice in one step")
            turn = next
        }
    }

    /// How the bases have turned since this was last asked.
    mutating func takeTurn() -> BasisTurn<Backend>? { turn.take() }

    /// Q₁ᵀ·A·Q₂.
    func coordinates(of a: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        let rows = basis(.left, backend).map { backend.multiply($0, transposed: true, a) } ?? a
        return basis(.right, backend).map { backend.multiply(rows, $0) } ?? rows
    }

    /// Q₁·C·Q₂ᵀ.
    func displacement(of coordinates: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        let rows = basis(.left, backend).map { backend.multiply($0, coordinates) } ?? coordinates
        return basis(.right, backend).map {
            backend.multiply(rows, transposed: false, $0, transposed: true, alpha: 1)
        } ?? rows
    }

    /// The statistic of every side that has one; a coded one is what the optimizer uses.
    var sides: [PreconditionerSide<Backend>] {
        zip(places, states).compactMap { place, state in
            guard let state else { return nil }
            let name: NamedMatrix<Backend>.Name = state.statistic.isCoded ? .decoded : .statistic
            let matrix = NamedMatrix<Backend>(name, updates: state.updates) { backend throws(DecompositionError) in
                try state.statisticMatrix(backend).symmetrized
            }
            return PreconditionerSide(
                place, [matrix], record: state.record, scheme: state.scheme, residual: state.residual)
        }
    }

    func byteCount(_ backend: Backend) -> Int { states.reduce(0) { $0 + ($1?.byteCount(backend) ?? 0) } }

    /// `blocks/0_0/{left,right}/…`.
    func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        for (place, state) in zip(places, states) {
            if let state { archive.add("blocks/\(place)", state.archive(backend)) }
        }
        return archive
    }

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        for (index, place) in places.enumerated() { try states[index]?.read(archive.part("blocks/\(place)"), backend) }
    }
}
