import ArgumentParser
import Files
import Foundation
import GSLReference
import HDF5Store
import LinearAlgebra
import MatrixCore
import MatrixStudy
import Spectra

/// A preset on one matrix beside the decompositions that it needs, in turn.
struct BenchmarkStudy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study", abstract: "Time a preset on one matrix beside GSL's and LAPACK's decompositions.",
        discussion: """
            The three are run in turn, --repeat times, without the cache of decompositions. Standard error names the \
            BLAS kernel, which decides the figures.
            """)

    @Argument(
        help: ArgumentHelp(
            "File with one matrix, as study takes it (default: a synthesized one, geometric, condition 40000).",
            valueName: "input"), completion: sourceCompletion)
    var input: String?

    @Option(help: "Name of the matrix, where the file holds several.")
    var matrix: String?

    @Option(help: "Order of the synthesized matrix.")
    var order: Int = 1200

    @Option(help: "Published grid.")
    var preset = Preset.table1

    @Option(help: "What errors are measured against.")
    var reference = StudyPlan.defaultReference

    @Option(help: "Times to run each.")
    var `repeat`: Int = 3

    @Option(help: "Cores to use (default: all).")
    var threads: Int?

    @OptionGroup var table: TableOptions

    func validate() throws {
        guard (1...1000).contains(`repeat`) else { throw ValidationError("--repeat \(`repeat`): give 1 to 1000") }
        guard (1...InputMatrix.largestOrder).contains(order) else {
            throw ValidationError("--order \(order): give 1 to \(InputMatrix.largestOrder)")
        }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads \(threads): give 1 to 1024") }
    }

    func run() async throws {
        let plan = StudyPlan(grids: preset.grids, reference: reference)
        try table.requireWritable(sparing: [input].compactMap(\.self))
        let start = ContinuousClock.now
        let folder = FileManager.default.temporaryDirectory.appending(path: "fourthroot-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try input ?? synthesized(in: folder)
        let source = try StudyInput([openSource(path)], selecting: matrix.map { [$0] } ?? [])
        guard source.matrices.count == 1 else {
            throw StatusError.usage("\(path) holds \(source.matrices.count) matrices; choose one with --matrix")
        }
        let entries = try source.entries(of: source.matrices[0])
        let cores = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let runner = try StudyRunner(plan: plan, cache: nil, threads: cores)
        let rows = try plan.cases().count
        OpenBLAS.setThreadCount(1)
        var times = [Timing("study"), Timing("gsl_decomposition"), Timing("lapack_decomposition")]
        for _ in 0..<`repeat` {
            times[0].seconds.append(try await seconds { try await runner.run(source, rows: 0..<rows) { _ in } })
            times[1].seconds.append(try await seconds { _ = try GSLReference.decompose(entries) })
            times[2].seconds.append(try await seconds { _ = try symmetricEigen(entries) })
        }
        if !table.quiet {
            Terminal.report(
                "note",
                "OpenBLAS core \(OpenBLAS.coreName), \(cores) threads, order \(entries.order), preset \(preset.rawValue), "
                    + "reference \(reference.rawValue), medians of \(`repeat`)")
        }
        try table.write(times, of: .benchmarkStudy, since: start)
    }

    private func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private func synthesized(in folder: URL) throws -> String {
        var generator = PhiloxGenerator(seed: 0)
        let values = try Spectrum.geometric(conditionNumber: 40_000).eigenvalues(
            order: order, largest: nil, reversed: false, using: &generator)
        let matrix = positiveDefinite(
            eigenvalues: values, basis: haarOrthogonal(order: order, using: &generator))
        let path = folder.appending(path: "matrix.h5").path
        try HDF5File.create(at: path, overwriting: false) { try $0.write(matrix, to: "matrix") }
        return path
    }
}
