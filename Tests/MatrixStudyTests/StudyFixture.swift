import Foundation
import HDF5Store
import MatrixCore
import MatrixSources
import MatrixStudy
import Synchronization
import Testing

/// A folder of a test's own, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "fourthroot-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Writes matrices to an HDF5 file.
func write(_ matrices: [(name: String, matrix: Matrix<Double>)], to path: String) throws {
    try HDF5File.create(at: path, overwriting: true) { writer in
        for (name, matrix) in matrices { try writer.write(matrix, to: name) }
    }
}

/// The rows of a study in this process.
func rows(
    _ path: String, _ plan: StudyPlan, matrices: [String] = [], threads: Int = 2, range: Range<Int>? = nil
) async throws -> [StudyRow] {
    let input = try StudyInput([SourceFormat.open(path)], selecting: matrices)
    let runner = try StudyRunner(plan: plan, cache: nil, threads: threads)
    let collected = Mutex<[StudyRow]>([])
    let all = 0..<input.matrices.count * (try plan.cases().count)
    try await runner.run(input, rows: range ?? all) { event in
        if case .rows(let rows) = event { collected.withLock { $0 += rows } }
    }
    return collected.withLock { $0 }
}
