import Compute
import MatrixCore
import Preconditioning

/// The uncoded statistics of one parameter, followed beside its preconditioners.
public struct BlockShadow<Backend: MatrixBackend>: Sendable {
    public let places: [BlockPlace]
    /// L and R of every block in turn.
    private var sides: [ShadowStatistic<Backend>]

    /// From the start of a training.
    public init(following preconditioners: BlockPreconditioner<Backend>, _ backend: Backend) {
        places = preconditioners.places
        sides = preconditioners.blocks.flatMap { block in
            [block.left, block.right].map { ShadowStatistic(following: $0, backend) }
        }
    }

    /// Takes the gradient of a step of which the rule says that it `takesStatistics`.
    public mutating func update(with gradient: Backend.Tensor, _ backend: Backend) {
        backend.updateConcurrently(&sides) { [places] index, side in
            side.update(with: moment(of: gradient, place: places[index / 2], side: index % 2, backend), backend)
        }
    }

    /// The shadows of L and R of one block.
    public subscript(block: Int) -> (left: ShadowStatistic<Backend>, right: ShadowStatistic<Backend>) {
        (sides[2 * block], sides[2 * block + 1])
    }

    public func byteCount(_ backend: Backend) -> Int { sides.reduce(0) { $0 + $1.byteCount(backend) } }

    /// `<block row>_<block column>/{left,right}/entries`.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        for (index, place) in places.enumerated() {
            archive.add("\(place)/left", self[index].left.archive(backend))
            archive.add("\(place)/right", self[index].right.archive(backend))
        }
        return archive
    }

    /// - Throws: `StateArchiveError`; the shadow is then as before.
    public mutating func restore(from archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        var next = self
        for (index, place) in places.enumerated() {
            try next.sides[2 * index].read(archive.part("\(place)/left"), backend)
            try next.sides[2 * index + 1].read(archive.part("\(place)/right"), backend)
        }
        try archive.requireNames(of: next.archive(backend))
        self = next
    }
}
