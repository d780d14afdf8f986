import LinearAlgebra
import MatrixStudy
import Synchronization

/// The rows of a study that nobody keeps: for what is made of them.
///
/// - Throws: what the study throws.
func studiedRows(
    _ plan: StudyPlan, of input: StudyInput, cache: ReferenceCache?, threads: Int, quiet: Bool
) async throws -> [StudyRow] {
    // One thread a case: the cases themselves run side by side.
    OpenBLAS.setThreadCount(1)
    let count = try input.matrices.count * plan.cases().count
    let progress = Progress(total: count, unit: "cases", quiet: quiet)
    let notes = RunNotes(progress, quiet: quiet)
    let kept = KeptRows()
    defer { progress.clear() }
    try await StudyRunner(plan: plan, cache: cache, threads: threads).run(input, rows: 0..<count) { event in
        switch event {
        case .rows(let finished):
            kept.append(finished)
            progress.advance(by: finished.count)
        case .began(let matrix): progress.begin(matrix.name)
        case .note(let subject, let reason): notes.report(reason, of: subject)
        }
    }
    return kept.rows
}

private final class KeptRows: Sendable {
    private let kept = Mutex<[StudyRow]>([])

    var rows: [StudyRow] { kept.withLock { $0 } }

    func append(_ rows: [StudyRow]) { kept.withLock { $0 += rows } }
}
