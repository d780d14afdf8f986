import ArgumentParser
import Compute
import Files

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
    /// CSV of a row a timing: its median, least and largest time, and further columns.
    func csv(_ table: TableDescription) -> String {
        let names = table.columns.map(\.name)
        return CSV.record(names)
            + map { timing in
                CSV.record(
                    [timing.what, "\(timing.median)", "\(timing.seconds.min() ?? 0)", "\(timing.seconds.max() ?? 0)"]
                        + names.dropFirst(4).map { timing.values[$0] ?? "" })
            }.joined()
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
