import Compute
import MatrixCore
import Preconditioning

/// The uncoded statistics of one parameter, followed beside its preconditioners.
public struct StatisticShadow<Backend: MatrixBackend>: Sendable {
    public let places: [BlockSidePlace]
    /// One a place.
    public private(set) var statistics: [ShadowStatistic<Backend>]

    /// From the start of a training.
    init(following sides: BlockSides<Backend>, _ backend: Backend) {
        places = sides.places
        statistics = sides.map { ShadowStatistic(following: $1, backend) }
    }

    /// - Parameter moment: that of a side, of a step at which statistics take one.
    mutating func update(_ backend: Backend, moment: @Sendable (_ lane: Backend, BlockSidePlace) -> Backend.Tensor) {
        backend.updateConcurrently(&statistics) { [places] lane, index, statistic in
            statistic.update(with: moment(lane, places[index]), lane)
        }
    }

    /// The roots of all statistics now; nil where there is no finite one.
    public func roots(_ backend: Backend) -> [Matrix<Backend.Scalar>?] {
        backend.concurrentMap(statistics.count) { lane, index in
            do throws(DecompositionError) {
                return try statistics[index].rootMatrix(lane)
            } catch {
                return nil
            }
        }
    }

    public func byteCount(_ backend: Backend) -> Int { statistics.reduce(0) { $0 + $1.byteCount(backend) } }

    /// `<block row>_<block column>/{left,right}/entries`.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        for (place, statistic) in zip(places, statistics) { archive.add("\(place)", statistic.archive(backend)) }
        return archive
    }

    /// - Throws: `StateArchiveError`; the shadow is then as before.
    public mutating func restore(from archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        var next = self
        for (index, place) in places.enumerated() { try next.statistics[index].read(archive.part("\(place)"), backend) }
        try archive.requireNames(of: next.archive(backend))
        self = next
    }
}
