import LinearAlgebra
import MatrixCore
import MatrixSources

/// Runs the cases of a plan of recoding over matrices, on all cores.
///
/// The cases of a matrix go through the updates in step, side by side, so that its true statistic and the reference's
/// decomposition are there once for all of them, and memory holds one update of every case.
public struct RecodeRunner: Sendable {
    /// What happens on the way.
    public enum Event: Sendable {
        /// The rows of a matrix, in the order of the study: case after case, update after update.
        case rows([RecodeRow])
        /// So many cases have gone through an update.
        case advanced(Int)
        /// A matrix whose cases are the next.
        case began(InputMatrix)
        /// The first failure of a case.
        case note(subject: String, reason: String)
    }

    private let cases: [RecodeCase]
    private let plan: RecodePlan
    private let threads: Int

    /// - Throws: `PlanError`.
    public init(plan: RecodePlan, threads: Int) throws(PlanError) {
        precondition(threads > 0, "\(threads) threads")
        cases = try plan.cases()
        self.plan = plan
        self.threads = threads
    }

    /// Computes the rows of some of the input's matrices.
    ///
    /// Cases run side by side, so OpenBLAS's own thread count, which is the process's, should be one.
    ///
    /// - Throws: what reading the input or `handle` throws; after that no more events come.
    public func run(
        _ input: StudyInput, matrices: Range<Int>, handle: @escaping @Sendable (Event) throws -> Void
    ) async throws {
        let rowCount = cases.count * plan.course.rowCount
        let ordered = OrderedRows<RecodeRow>(first: matrices.lowerBound * rowCount) { try handle(.rows($0)) }
        let permits = Permits(threads)
        // A matrix has as many tasks as cases; more matrices are under way where those are fewer than the cores.
        let concurrentMatrices = max(1, threads / (cases.count + 1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            var underWay = 0
            for position in matrices {
                if underWay == concurrentMatrices { try await group.next() } else { underWay += 1 }
                let matrix = input.matrices[position]
                group.addTask {
                    try ordered.requireConsumer()
                    try handle(.began(matrix))
                    let job = RecodeJob(matrix: matrix, cases: cases, plan: plan, permits: permits, handle: handle)
                    let rows = try await job.rows(input)
                    try ordered.add(rows.enumerated().map { (index: position * rowCount + $0, row: $1) })
                }
            }
            while try await group.next() != nil {}
        }
    }
}

/// The cases of one matrix.
private struct RecodeJob: Sendable {
    let matrix: InputMatrix
    let cases: [RecodeCase]
    let plan: RecodePlan
    let permits: Permits
    let handle: @Sendable (RecodeRunner.Event) throws -> Void

    /// - Throws: `SourceError`, also for a matrix whose true statistic has no decomposition; what `handle` throws.
    func rows(_ input: StudyInput) async throws -> [RecodeRow] {
        do {
            return try await rowsOfCases(input)
        } catch let error as DecompositionError {
            throw SourceError(
                .wrongData, file: matrix.source, entry: matrix.name,
                "\(error); scale the matrix, or leave it out with --matrix")
        }
    }

    private func rowsOfCases(_ input: StudyInput) async throws -> [RecodeRow] {
        let subject = try await permits.holding { try StudySubject(decomposing: input.entries(of: matrix)) }
        let starts = try await sideBySide(cases) { recoded in
            recoded.track(subject, plan.course, plan.storages.indefinite, plan.storages.arithmetic)
        }
        var failures: Set<Int> = []
        for (index, start) in starts.enumerated() { try note(start.reason, index, &failures) }
        var tracks = starts.map(\.track)
        let contractions = cases.map(\.storages.statistic.contraction)
        var trajectories = Dictionary(
            uniqueKeysWithValues: try await sideBySide(Array(Set(contractions))) { contraction in
                (contraction, Trajectory(StartingStatistic(subject, contraction: contraction), plan.course))
            })
        var rows = [[RecodeRow]](repeating: [], count: cases.count)
        for update in 1...plan.course.updates {
            let advanced = try await sideBySide(Array(trajectories)) { contraction, trajectory in
                var next = trajectory
                next.advance(to: update)
                return (contraction, next)
            }
            trajectories = Dictionary(uniqueKeysWithValues: advanced)
            let now = trajectories
            async let truths: [Double?: TrueStatistic] = plan.course.hasRow(update) ? trueStatistics(now) : [:]
            tracks = try await sideBySide(Array(zip(contractions, tracks))) { contraction, track in
                var next = track
                if let moment = now[contraction]?.moment { next.advance(with: moment, update: update) }
                return next
            }
            let known = try await truths
            let measures = try await sideBySide(Array(zip(contractions, tracks))) { contraction, track in
                known[contraction].map { track.measured(against: $0) }
            }
            for (index, found) in measures.enumerated() {
                guard let found else { continue }
                try note(found.reason, index, &failures)
                rows[index].append(row(cases[index], subject, update, found))
            }
            try handle(.advanced(cases.count))
        }
        return rows.flatMap(\.self)
    }

    private func trueStatistics(_ trajectories: [Double?: Trajectory]) async throws -> [Double?: TrueStatistic] {
        let powers = Dictionary(grouping: cases.map(\.storages.statistic), by: \.contraction)
            .mapValues { Set($0.map { TrueStatistic.Power($0) }) }
        let found = try await sideBySide(Array(trajectories)) { contraction, trajectory in
            (contraction, try TrueStatistic(trajectory.statistic, powers: powers[contraction] ?? []))
        }
        return Dictionary(uniqueKeysWithValues: found)
    }

    /// The results in the order of the items, each computed with a permit.
    private func sideBySide<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ compute: @escaping @Sendable (Item) throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for (index, item) in items.enumerated() {
                group.addTask { (index, try await permits.holding { try compute(item) }) }
            }
            var results = [Result?](repeating: nil, count: items.count)
            while let (index, result) = try await group.next() { results[index] = result }
            return results.compactMap(\.self)
        }
    }

    private func note(_ reason: String?, _ index: Int, _ failures: inout Set<Int>) throws {
        guard let reason, failures.insert(index).inserted else { return }
        let storages = cases[index].storages
        let pair = "\(storages.statistic.summary), root \(storages.root.kind.rawValue)"
        try handle(.note(subject: "\(matrix.source): \(matrix.name): \(pair)", reason: reason))
    }

    private func row(
        _ recoded: RecodeCase, _ subject: StudySubject, _ update: Int, _ measures: RecodeMeasures
    ) -> RecodeRow {
        let values = subject.eigenvalues(contraction: recoded.storages.statistic.contraction)
        let least = values.reduce(.infinity) { min($0, $1.magnitude) }
        return RecodeRow(
            matrix: matrix, conditionNumber: values.largestMagnitude / least, recoded: recoded, update: update,
            measures: measures, course: plan.course, arithmetic: plan.storages.arithmetic)
    }
}
