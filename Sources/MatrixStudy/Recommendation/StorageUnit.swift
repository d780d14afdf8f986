import MatrixCore
import Preconditioning

/// A way to keep the matrices of a unit, as it was measured.
public struct StorageOption: Sendable {
    /// One of its rows: what is kept and how.
    public let row: StudyRow
    /// Of statistics and roots, over all matrices of the unit.
    public let bytes: Int
    /// The largest NRE of a matrix.
    public let worstError: Double
    /// The sum of NRE² over the matrices.
    public let squaredErrors: Double

    public var studyCase: StudyCase { row.studyCase }
}

/// Matrices that are kept in one way: both sides and all blocks of a parameter, or a matrix of which nothing of the kind is known.
public struct StorageUnit: Sendable {
    /// The parameter's name in a training, else the matrix's.
    public let name: String
    public let matrixCount: Int
    /// The sum of n² over the matrices.
    public let entries: Int
    /// Those with a sound root for every matrix, both sides exact first, then in the order of the study.
    public let options: [StorageOption]
}

extension StorageUnit {
    /// The units of a study's rows.
    ///
    /// Of a matrix that a dump holds at several steps, the largest error and the most bytes count: it is one matrix, and what is
    /// enough at one of the steps only is not enough. A trainer keeps statistics of small order as they are, whatever the storage.
    public static func units(of rows: [StudyRow]) -> [StorageUnit] {
        rows.grouped { ExactName(Place($0).unit) }.map { name, rows in
            let places = rows.grouped { Place($0) }
            var options: [StudyCase: [Measured]] = [:]
            for (place, rows) in places {
                let exact = rows.filter { $0.studyCase.isExact }
                for (studyCase, own) in rows.grouped(by: \.studyCase) {
                    let kept = place.isUncoded(order: own[0].order) && !exact.isEmpty ? exact : own
                    if let measured = Measured(kept, shownAs: own[0]) { options[studyCase, default: []].append(measured) }
                }
            }
            let sound = rows.grouped(by: \.studyCase).compactMap { studyCase, _ -> StorageOption? in
                guard let measured = options[studyCase], measured.count == places.count else { return nil }
                return StorageOption(
                    row: measured[0].row, bytes: measured.reduce(0) { $0 + $1.bytes },
                    worstError: measured.reduce(0) { max($0, $1.error) },
                    squaredErrors: measured.reduce(0) { $0 + $1.error * $1.error })
            }
            return StorageUnit(
                name: name.text, matrixCount: places.count,
                entries: places.reduce(0) { $0 + $1.elements[0].order * $1.elements[0].order },
                // What is no smaller and no better than the matrices as they are is not named in their place.
                options: sound.filter(\.studyCase.isExact) + sound.filter { !$0.studyCase.isExact })
        }
    }

    /// A matrix, at whatever step.
    private struct Place: Hashable {
        let unit: String
        private let part: ExactName
        private let isOfDump: Bool

        init(_ row: StudyRow) {
            guard let place = DumpPlace(matrix: row.matrix) else {
                (unit, part, isOfDump) = (row.matrix, ExactName(row.matrix), false)
                return
            }
            unit = place.parameter
            part = ExactName("\(place.parameter)/\(place.blockRow)_\(place.blockColumn)/\(place.side)")
            isOfDump = true
        }

        func isUncoded(order: Int) -> Bool { isOfDump && order < PreconditionerScheme.usualSmallestCodedOrder }

        static func == (a: Place, b: Place) -> Bool { a.part == b.part }
        func hash(into hasher: inout Hasher) { hasher.combine(part) }
    }

    /// A case of a matrix over the steps at which there is one.
    private struct Measured {
        let row: StudyRow
        let bytes: Int
        let error: Double

        /// nil where one of the rows has no sound root.
        init?(_ rows: [StudyRow], shownAs row: StudyRow) {
            let errors = rows.compactMap { $0.outcome == .ok ? $0.comparison?.normwiseRelativeError : nil }.filter(\.isFinite)
            guard errors.count == rows.count, let error = errors.max() else { return nil }
            self.row = row
            self.error = error
            bytes = rows.map { $0.statisticBytes + $0.rootBytes }.max() ?? 0
        }
    }
}
