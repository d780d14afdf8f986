import ArgumentParser
import Foundation
import MatrixStudy

/// Where the reference's decompositions are kept between runs.
struct CacheOptions: ParsableArguments {
    @Option(
        name: .customLong("cache"), help: "Folder of kept GSL decompositions (default: fourthroot in the user's cache folder).",
        completion: .directory)
    var folder: String?

    @Flag(name: .customLong("no-cache"), help: "Neither use nor keep decompositions.")
    var disablesCache = false

    /// FOURTHROOT_CACHE, else fourthroot in XDG_CACHE_HOME or in .cache of the home folder, unless an option says otherwise.
    var cache: ReferenceCache? {
        if disablesCache { return nil }
        let environment = ProcessInfo.processInfo.environment
        let place =
            folder ?? environment["FOURTHROOT_CACHE"]
            ?? environment["XDG_CACHE_HOME"].map { "\($0)/fourthroot" }
            ?? environment["HOME"].map { "\($0)/.cache/fourthroot" }
        return place.map { ReferenceCache(folder: $0) }
    }
}
