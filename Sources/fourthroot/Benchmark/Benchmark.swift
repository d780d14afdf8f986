import ArgumentParser
import Compute

/// Times of the program's own parts.
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time the program's own parts.",
        subcommands: [BenchmarkStudy.self, BenchmarkCodec.self, BenchmarkOptimizer.self, BenchmarkTrain.self])
}

/// The times that one piece of work took, and what else is said of it.
struct Timing {
    let what: String
    var seconds: [Double] = []
    /// By column.
    var values: [String: String] = [:]

    init(_ what: String) { self.what = what }

    /// The median.
    ///
    /// - Precondition: the work was done.
    var median: Double {
        let sorted = seconds.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

extension [Timing] {
    /// A row a timing: its median, least and largest time, and further columns.
    func rows(of table: TableDescription) -> [[String]] {
        map { timing in
            [timing.what, "\(timing.median)", "\(timing.seconds.min() ?? 0)", "\(timing.seconds.max() ?? 0)"]
                + table.columns.dropFirst(4).map { timing.values[$0.name] ?? "" }
        }
    }
}

extension TableOptions {
    /// Writes the table of some timings, and closes.
    ///
    /// - Throws: `OutputError`, `ParquetError`.
    func write(_ timings: [Timing], of table: TableDescription, since start: ContinuousClock.Instant) throws {
        try write(timings.rows(of: table), of: table.columns, since: start)
    }
}

extension MatrixBackend {
    /// The seconds until the device has done all of some work.
    ///
    /// - Throws: what the work throws, and `DeviceFailure`.
    func seconds(_ body: () throws -> Void) throws -> Double {
        try synchronize()
        let start = ContinuousClock.now
        try body()
        try synchronize()
        return (ContinuousClock.now - start) / .seconds(1)
    }
}
