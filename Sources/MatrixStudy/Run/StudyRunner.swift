import CPUBackend
import Foundation
import GSLReference
import MatrixCore
import Preconditioning

/// Runs the cases of a plan over matrices, on all cores.
///
/// One task computes one statistic's root and all the roots coded from it, with one BLAS thread. The reference's decomposition
/// runs beside the cases: those that are finished before it wait with their roots, four a core at most, and two matrices are
/// under way at a time, more where there are more than four cores. Memory is so bounded by a number of matrices a core,
/// whatever the file's size.
public struct StudyRunner: Sendable {
    /// What happens on the way.
    public enum Event: Sendable {
        /// Finished rows, in the order of the study.
        case rows([StudyRow])
        /// A matrix whose cases are the next.
        case began(InputMatrix)
        /// A case without a root, and why.
        case note(subject: String, reason: String)
    }

    private let cases: [StudyCase]
    private let reference: ReferenceSolver
    private let rule: IndefiniteRule
    private let arithmetic: Arithmetic
    private let decomposition: DecompositionSource
    private let cache: ReferenceCache?
    private let threads: Int

    /// - Throws: `PlanError`.
    public init(plan: StudyPlan, cache: ReferenceCache?, threads: Int) throws(PlanError) {
        precondition(threads > 0, "\(threads) threads")
        cases = try plan.cases()
        reference = plan.reference
        rule = plan.indefinite
        arithmetic = plan.arithmetic
        decomposition = plan.decomposition
        self.cache = cache
        self.threads = threads
    }

    /// Computes the rows with these indices; row i belongs to matrix i / cases and case i % cases.
    ///
    /// Matrices run side by side, so OpenBLAS's own thread count, which is the process's, should be one.
    ///
    /// - Throws: what reading the input or `handle` throws; after that no more events come.
    public func run(
        _ input: StudyInput, rows: Range<Int>, handle: @escaping @Sendable (Event) throws -> Void
    ) async throws {
        let ordered = OrderedRows<StudyRow>(first: rows.lowerBound) { try handle(.rows($0)) }
        let permits = Permits(threads)
        let waitingRoots = Permits(4 * threads)
        let concurrentMatrices = max(2, threads / 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var underWay = 0
            for (position, matrix) in input.matrices.enumerated() {
                let wanted = rows.clamped(to: position * cases.count..<(position + 1) * cases.count)
                if wanted.isEmpty { continue }
                if underWay == concurrentMatrices { try await group.next() } else { underWay += 1 }
                group.addTask {
                    try handle(.began(matrix))
                    let job = MatrixJob(
                        runner: self, matrix: matrix, firstRow: position * cases.count, wanted: wanted,
                        permits: permits, waitingRoots: waitingRoots, ordered: ordered,
                        note: { try handle(.note(subject: $0, reason: $1)) })
                    try await job.run(input)
                }
            }
            // Not `waitForAll`, which would let the others go on after the first has failed.
            while try await group.next() != nil {}
        }
    }

    /// The cases of one matrix.
    private struct MatrixJob: Sendable {
        let runner: StudyRunner
        let matrix: InputMatrix
        let firstRow: Int
        let wanted: Range<Int>
        let permits: Permits
        let waitingRoots: Permits
        let ordered: OrderedRows<StudyRow>
        let note: @Sendable (_ subject: String, _ reason: String) throws -> Void

        func run(_ input: StudyInput) async throws {
            let entries = try await permits.holding { try input.entries(of: matrix) }
            let groups = groupedCases()
            let statistics = groups.map(\.statistic)
            // Started first: GSL's decomposition takes the longest. LAPACK's serves the storages and the other references,
            // where one asks for it; cases that need neither run beside both.
            let independent = runner.reference == .gsl ? Task { try await gslDecomposition(entries) } : nil
            // A task that nobody waits for would still compute when the program ends.
            let needsDecomposition = independent == nil || statistics.contains(where: \.needsDecomposition)
            let subject = Task {
                guard needsDecomposition else { return StudySubject(undecomposed: entries) }
                return try await permits.holding { try decomposed(entries, input) }
            }
            // The cases wait for these; where nobody wants the cases any more, neither are wanted.
            let giveUp = { @Sendable in
                independent?.cancel()
                subject.cancel()
            }
            defer { giveUp() }
            let reference = MatrixReference(
                source: source(independent, entries, subject), cases: statistics, permits: permits)
            let vectors = SharedVectors(uses: statistics, capacity: 2)
            let decompositions = SharedDecompositions(entries, all: runner.cases, wanted: statistics, permits: permits)
            try await withTaskCancellationHandler {
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for group in groups {
                        try await waitingRoots.acquire()
                        tasks.addTask {
                            do {
                                try ordered.requireConsumer()
                                try await run(group, entries, subject, reference, vectors, decompositions)
                                await waitingRoots.release()
                            } catch {
                                giveUp()
                                await waitingRoots.release()
                                throw error
                            }
                        }
                    }
                    while try await tasks.next() != nil {}
                }
            } onCancel: {
                giveUp()
            }
        }

        private typealias Group = (statistic: StatisticCase, roots: [(index: Int, root: RootCase)])

        /// The wanted cases, those with one statistic together.
        private func groupedCases() -> [Group] {
            var positions: [StatisticCase: Int] = [:]
            var groups: [Group] = []
            for index in wanted {
                let studyCase = runner.cases[index - firstRow]
                if let position = positions[studyCase.statistic] {
                    groups[position].roots.append((index, studyCase.root))
                } else {
                    positions[studyCase.statistic] = groups.count
                    groups.append((studyCase.statistic, [(index, studyCase.root)]))
                }
            }
            return groups
        }

        /// The matrix with the decomposition that storages keep the factors of.
        private func decomposed(_ entries: Matrix<Double>, _ input: StudyInput) throws -> StudySubject {
            switch runner.decomposition {
            case .lapack: try StudySubject(decomposing: entries)
            case .file: StudySubject(entries, try input.factors(of: matrix, entries))
            }
        }

        private func source(
            _ independent: Task<ReferenceDecomposition, any Error>?, _ entries: Matrix<Double>,
            _ subject: Task<StudySubject, any Error>
        ) -> ReferenceSource {
            switch runner.reference {
            case .schurNewton: return .iteration(subject)
            case .gsl, .lapack:
                let decomposition =
                    independent
                    ?? Task {
                        let own = runner.decomposition == .lapack ? try await subject.value : nil
                        return try await permits.holding {
                            ReferenceDecomposition(judging: try own ?? StudySubject(decomposing: entries))
                        }
                    }
                return .decomposition(decomposition, runner.reference)
            }
        }

        /// GSL's decomposition, from the cache or computed and kept.
        private func gslDecomposition(_ entries: Matrix<Double>) async throws -> ReferenceDecomposition {
            try await permits.holding {
                if let known = runner.cache?.decomposition(of: entries, hash: matrix.hash) { return known }
                let computed = try GSLReference.decompose(entries)
                runner.cache?.keep(computed, ofMatrixWithHash: matrix.hash)
                return ReferenceDecomposition(computed, of: entries)
            }
        }

        private func run(
            _ group: Group, _ entries: Matrix<Double>, _ decomposed: Task<StudySubject, any Error>,
            _ reference: MatrixReference, _ vectors: SharedVectors, _ decompositions: SharedDecompositions
        ) async throws {
            let needsDecomposition = group.statistic.needsDecomposition
            let subject = needsDecomposition ? try await decomposed.value : StudySubject(undecomposed: entries)
            let backend = CPUBackend<Double>()
            let clock = ContinuousClock()
            let shared =
                runner.arithmetic == .float64 ? try await decompositions.decomposition(for: group.statistic) : nil
            let root = { @Sendable (decomposition: SharedDecomposition?) in
                CaseRoot(
                    group.statistic, subject, rule: runner.rule, arithmetic: runner.arithmetic, vectors, decomposition, backend)
            }
            let (stored, seconds) = try await permits.holding {
                let start = clock.now
                let stored = root(shared)
                return (stored, (clock.now - start) / .seconds(1))
            }
            await decompositions.release(group.statistic)
            if let reason = stored.reason {
                try note("\(matrix.source): \(matrix.name): \(group.statistic.summary)", reason)
            }
            let target = try await reference.target(
                of: group.statistic, leastEigenvalue: needsDecomposition ? subject.eigenvalues.first ?? 0 : 0)
            let rows = try await permits.holding {
                let stored = isCertain(stored, target) ? stored : root(nil)
                return try group.roots.map { index, root in
                    let start = clock.now
                    var row = try row(stored, root, group.statistic, target, backend)
                    row.seconds = seconds + (clock.now - start) / .seconds(1)
                    return (index: index, row: row)
                }
            }
            await reference.release(group.statistic)
            try ordered.add(rows)
        }

        /// Whether the root's own error is too small for the row to show.
        private func isCertain(_ stored: CaseRoot, _ target: MatrixReference.Target) -> Bool {
            guard let x = stored.root, let r = target.root else { return true }
            return SharedDecomposition.isNegligible(stored.rootError, x, against: r)
        }

        private func row(
            _ stored: CaseRoot, _ root: RootCase, _ statistic: StatisticCase, _ target: MatrixReference.Target,
            _ backend: CPUBackend<Double>
        ) throws -> StudyRow {
            var outcome = stored.outcome
            var comparison: RootComparison?
            let storage = try root.storage()
            var rootBytes = storage.byteCount(order: matrix.order)
            if let computed = storage.traits.isShared ? stored.keptRoot : stored.root, let reference = target.root {
                do {
                    if !storage.traits.isExact { try requireSinglePrecision(computed) }
                    let kept = try storage.keep(computed, backend)
                    if let kept, storage.traits.hasVariableLength { rootBytes = kept.byteCount(backend) }
                    comparison = compare(kept?.decoded(backend) ?? computed, to: reference)
                } catch {
                    outcome = .failed
                    try note("\(matrix.source): \(matrix.name): root \(root.kind.rawValue)", "\(error)")
                }
                if target.isIllConditioned { outcome = outcome.orWorse(.illConditioned) }
            } else {
                outcome = outcome.orWorse(.failed)
            }
            let studyCase = StudyCase(statistic: statistic, root: root)
            let statisticBytes = try stored.byteCount ?? statistic.storage().byteCount(order: matrix.order)
            return StudyRow(
                source: matrix.source, matrix: matrix.name, order: matrix.order,
                conditionNumber: target.conditionNumber,
                studyCase: studyCase, statisticBytes: statisticBytes,
                rootBytes: rootBytes, comparison: comparison,
                orthogonalityDefect: stored.orthogonalityDefect, minimumEigenvalue: stored.minimumEigenvalue,
                outcome: outcome, reference: runner.reference, referenceResidual: target.residual, seconds: 0,
                arithmetic: runner.arithmetic, decomposition: runner.decomposition,
                bitsToBound: bitsToBound(
                    studyCase, bytes: (statisticBytes, rootBytes), error: comparison?.normwiseRelativeError, target.rateBound),
                offdiagonalResidual: stored.offdiagonalResidual)
        }

        /// - Parameter bytes: of the statistic and of the root; what is exact is not coded.
        private func bitsToBound(
            _ studyCase: StudyCase, bytes: (statistic: Int, root: Int), error: Double?, _ bound: RateBound?
        ) -> Double? {
            let coded = [
                studyCase.statistic.kind.traits.isExact ? nil : bytes.statistic,
                studyCase.root.kind.traits.isExact ? nil : bytes.root,
            ].compactMap(\.self)
            guard !coded.isEmpty, let error, let bits = bound?.bits(relativeError: error) else { return nil }
            return (8 * Double(coded.reduce(0, +)) - bits) / (Double(matrix.order) * Double(matrix.order))
        }
    }
}
