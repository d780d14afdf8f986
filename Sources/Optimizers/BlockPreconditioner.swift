import Compute
import MatrixCore
import Preconditioning

/// How the two roots of a block act on its gradient.
public enum Combination: String, Sendable, Codable, CaseIterable {
    /// Ĝ = L̂·G·R̂.
    case shampoo
    /// CASPR: J = L̂G + GR̂, Ĝ = L̂J + JR̂.
    case caspr
}

/// The preconditioners of one parameter: a pair for each of its blocks.
///
/// A dimension longer than the largest order is cut into pieces of exactly that order and a remainder; blocks are in
/// row-major order.
public struct BlockPreconditioner<Backend: MatrixBackend>: Sendable {
    /// A block of the parameter with L of its rows and R of its columns.
    public struct Block: Sendable {
        public let place: BlockPlace
        public let left: PreconditionerState<Backend>
        public let right: PreconditionerState<Backend>

        public var rows: Range<Int> { place.rows }
        public var columns: Range<Int> { place.columns }
    }

    public let places: [BlockPlace]
    /// L and R of every block in turn: side by side they can be updated at once.
    private var sides: [PreconditionerState<Backend>]

    public var blocks: [Block] {
        places.enumerated().map { index, place in
            Block(place: place, left: sides[2 * index], right: sides[2 * index + 1])
        }
    }

    /// - Parameter generator: seeds the power iterations.
    /// - Precondition: the parameter is a matrix.
    /// - Throws: what the storages refuse.
    public init(
        _ parameter: ParameterShape, largestOrder: Int, scheme: PreconditionerScheme,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws {
        precondition(parameter.isMatrix, "preconditioners for a parameter of \(parameter.dimensions)")
        places = blockPlaces(parameter, largestOrder: largestOrder)
        sides = []
        for place in places {
            for order in [place.rows.count, place.columns.count] {
                sides.append(
                    try PreconditionerState(
                        order: order, scheme: scheme, generator: PhiloxGenerator(seed: generator.next()), backend))
            }
        }
    }

    /// Updates statistics and roots where the step asks for it.
    public mutating func update(
        with gradient: Backend.Tensor, _ schedule: ShampooSchedule, _ step: OptimizerStep, _ backend: Backend
    ) {
        if step.number % schedule.statisticsInterval == 0 { updateStatistics(with: gradient, backend) }
        if step.number % schedule.rootInterval == 0 { updateRoots(backend) }
    }

    /// L ← βL + (1 − β)GGᵀ and R ← βR + (1 − β)GᵀG for every block.
    mutating func updateStatistics(with gradient: Backend.Tensor, _ backend: Backend) {
        backend.updateConcurrently(&sides) { [places] index, side in
            side.updateStatistic(with: moment(of: gradient, place: places[index / 2], side: index % 2, backend), backend)
        }
    }

    mutating func updateRoots(_ backend: Backend) {
        backend.updateConcurrently(&sides) { _, side in side.updateRoot(backend) }
    }

    /// Ĝ of the whole gradient.
    func preconditioned(
        _ gradient: Backend.Tensor, _ combination: Combination, _ backend: Backend
    ) -> Backend.Tensor {
        let pieces = backend.concurrentMap(places.count) { index in
            combine(
                left: sides[2 * index].root.decoded(backend),
                backend.block(gradient, rows: places[index].rows, columns: places[index].columns),
                right: sides[2 * index + 1].root.decoded(backend), combination, backend)
        }
        var result = gradient
        for (place, piece) in zip(places, pieces) {
            backend.setBlock(&result, rows: place.rows, columns: place.columns, to: piece)
        }
        return result
    }

    /// The bytes of all statistics and roots.
    public func byteCount(_ backend: Backend) -> Int { sides.reduce(0) { $0 + $1.byteCount(backend) } }

    /// `<block row>_<block column>/{left,right}/…`.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        for block in blocks {
            archive.add("\(block.place)/left", block.left.archive(backend))
            archive.add("\(block.place)/right", block.right.archive(backend))
        }
        return archive
    }

    /// - Throws: `StateArchiveError`.
    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        for (index, place) in places.enumerated() {
            try sides[2 * index].read(archive.part("\(place)/left"), backend)
            try sides[2 * index + 1].read(archive.part("\(place)/right"), backend)
        }
    }
}

/// GGᵀ of a block of the gradient for side 0, GᵀG for side 1.
func moment<Backend: MatrixBackend>(
    of gradient: Backend.Tensor, place: BlockPlace, side: Int, _ backend: Backend
) -> Backend.Tensor {
    backend.symmetricProduct(
        backend.block(gradient, rows: place.rows, columns: place.columns), transposed: side == 1, alpha: 1)
}

/// Ĝ of one block. Decoded roots are the transposes of L̂ and R̂ in memory (see `StoredMatrix`), and are not symmetric
/// where blocks run along rows.
func combine<Backend: MatrixBackend>(
    left: Backend.Tensor, _ gradient: Backend.Tensor, right: Backend.Tensor, _ combination: Combination,
    _ backend: Backend
) -> Backend.Tensor {
    func fromLeft(_ a: Backend.Tensor) -> Backend.Tensor {
        backend.multiply(left, transposed: true, a, transposed: false, alpha: 1)
    }
    func fromRight(_ a: Backend.Tensor) -> Backend.Tensor {
        backend.multiply(a, transposed: false, right, transposed: true, alpha: 1)
    }
    switch combination {
    case .shampoo:
        return fromRight(fromLeft(gradient))
    case .caspr:
        let sum = backend.combine(1, fromLeft(gradient), 1, fromRight(gradient))
        return backend.combine(1, fromLeft(sum), 1, fromRight(sum))
    }
}
