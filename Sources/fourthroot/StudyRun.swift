import LinearAlgebra
import MatrixStudy
import Synchronization

/// The rows of a study on their way to its output: whole at the end, resumable where they are cut short.
struct StudyRun: Sendable {
    let output: StudyOutput
    private let advice: @Sendable (_ rows: Int) -> String

    /// From now on an interruption keeps the rows that are there.
    ///
    /// - Parameter unit: what a row is, in the plural.
    init(output: StudyOutput, path: String?, total: Int, unit: String, interruption: Interruption) {
        self.output = output
        let advice = { @Sendable (count: Int) in
            "\(count) of \(total) \(unit) are in \(path ?? "").partial; go on with --resume"
        }
        self.advice = advice
        interruption.replace {
            switch output.stop() {
            case .resumable(let count): advice(count)
            case .lost: "the study was cut short"
            case .tooLate: nil
            }
        }
    }

    /// Runs what makes the rows, and puts the output in place.
    ///
    /// - Parameter body: passes on what happens through the handler that it is given.
    func keepRows(
        clearing progress: Progress,
        _ body: @escaping @Sendable (_ handle: @escaping @Sendable (() throws -> Void) throws -> Void) async throws -> Void
    ) async throws {
        // One thread a case: the cases themselves run side by side.
        OpenBLAS.setThreadCount(1)
        do {
            try await runUntilFailure(body)
            // An interruption has stopped the output before it was whole, and is about to end the program.
            while try !output.finish() { try await Task.sleep(for: .seconds(1)) }
        } catch {
            progress.clear()
            if case .resumable(let count) = output.stop() { Terminal.report("note", advice(count)) }
            throw error
        }
        progress.clear()
    }

    /// Does not wait, after a row could not be written, for the decompositions that are under way: they end with the
    /// program.
    private func runUntilFailure(
        _ body: @escaping @Sendable (_ handle: @escaping @Sendable (() throws -> Void) throws -> Void) async throws -> Void
    ) async throws {
        let (run, end) = AsyncThrowingStream<Void, any Error>.makeStream()
        Task {
            do {
                try await body { event in
                    do {
                        try event()
                    } catch {
                        end.finish(throwing: error)
                        throw error
                    }
                }
                end.finish()
            } catch {
                end.finish(throwing: error)
            }
        }
        for try await _ in run {}
    }
}

/// Rows that a former run has kept, at the beginning of those that are computed again.
final class Surplus: Sendable {
    private let count: Mutex<Int>

    init(_ count: Int) { self.count = Mutex(count) }

    /// The rows without those that are still surplus.
    func removing<Row: Sendable>(from rows: [Row]) -> [Row] {
        count.withLock { count in
            let dropped = min(count, rows.count)
            count -= dropped
            return Array(rows.dropFirst(dropped))
        }
    }
}
