import Foundation
import MatrixCore
import MatrixSources
import Spectra
import Synchronization
import Testing

@testable import MatrixStudy

/// A study whose rows nobody takes any more ends without computing the others.
@Suite struct CancellationTests {
    /// The one in front gets its turn, the cancelled one none, and no permit is lost.
    @Test func cancelledTasksGetNoPermit() async throws {
        let permits = Permits(1)
        try await permits.acquire()
        let cancelled = Task { try await permits.acquire() }
        let served = Task { try await permits.acquire() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        await permits.release()
        try await served.value
        await permits.release()
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await permits.acquire()
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        try await permits.acquire()
    }

    struct DeadOutput: Error {}

    /// The first row meets an output that takes none. Of twelve decompositions, which the cache counts, only those are made
    /// that were under way.
    @Test(arguments: [ReferenceSolver.gsl]) func deadOutput(_ reference: ReferenceSolver) async throws {
        let folder = try TemporaryFolder()
        try write(
            (1...12).map { (name: "m\($0)", matrix: try matrix(order: 40, seed: UInt64($0))) }, to: folder.file("in.h5"))
        let plan = StudyPlan(grids: [CaseGrid(statistic: [.full], bits: [3, 4, 5, 6])], reference: reference)
        let runner = try StudyRunner(
            plan: plan, cache: ReferenceCache(folder: folder.file("kept")), threads: 1)
        let input = try StudyInput([SourceFormat.open(folder.file("in.h5"))], selecting: [])
        await #expect(throws: DeadOutput.self) {
            try await runner.run(input, rows: 0..<48) { event in
                if case .rows = event { throw DeadOutput() }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("kept")).count <= 3)
    }

    private func matrix(order: Int, seed: UInt64) throws -> Matrix<Double> {
        var generator = PhiloxGenerator(seed: seed)
        let values = try Spectrum.geometric(conditionNumber: 100).eigenvalues(
            order: order, largest: nil, reversed: false, using: &generator)
        return positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: order, using: &generator))
    }

    /// A full cache makes room by its own entries alone: the oldest one goes, files of others stay, whatever their names.
    @Test func cacheRemovesItsOwnEntriesAlone() async throws {
        let folder = try TemporaryFolder()
        let kept = folder.file("kept")
        let matrices = try (1...3).map { ("m\($0)", try matrix(order: 40, seed: UInt64($0))) }
        // An entry of order 40 has 8·40·41 bytes and its metadata: two have room.
        let cache = ReferenceCache(folder: kept, capacity: 32_000)
        let plan = StudyPlan(grids: [CaseGrid(statistic: [.full])])
        func study(_ name: String) async throws -> Set<String> {
            let before = Set((try? FileManager.default.contentsOfDirectory(atPath: kept)) ?? [])
            let runner = try StudyRunner(plan: plan, cache: cache, threads: 1)
            try await runner.run(StudyInput([SourceFormat.open(folder.file("in.h5"))], selecting: [name]), rows: 0..<1) { _ in }
            return Set(try FileManager.default.contentsOfDirectory(atPath: kept)).subtracting(before)
        }
        try write(matrices.map { (name: $0.0, matrix: $0.1) }, to: folder.file("in.h5"))
        let first = try #require(try await study("m1").first)
        let mode = try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        let mine = [String(repeating: "0", count: 32) + ".decomposition.h5", "mine.decomposition.h5", "dump.h5"]
        for name in mine {
            // As large and older than any entry; one is HDF5, of another format.
            if name == "dump.h5" || name == "mine.decomposition.h5" {
                try write([("m", matrix(order: 40, seed: 9))], to: "\(kept)/\(name)")
            } else {
                try Data(count: 14_000).write(to: URL(fileURLWithPath: "\(kept)/\(name)"))
            }
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: "\(kept)/\(name)")
        }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: "\(kept)/\(first)")
        _ = try await study("m2")
        _ = try await study("m3")
        let left = Set(try FileManager.default.contentsOfDirectory(atPath: kept))
        #expect(left.isSuperset(of: mine) && !left.contains(first))
    }
}
