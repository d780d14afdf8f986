import ArgumentParser
import Files
import MatrixStudy

/// Where the reference's decompositions are kept between runs.
struct CacheOptions: ParsableArguments {
    @Option(
        name: .customLong("cache"), help: "Folder of kept GSL decompositions (default: fourthroot in the user's cache folder).",
        completion: .directory)
    var folder: String?

    @Flag(name: .customLong("no-cache"), help: "Neither use nor keep decompositions.")
    var disablesCache = false

    /// In the folder of all that is kept, unless an option says otherwise.
    var cache: ReferenceCache? {
        if disablesCache { return nil }
        let kept = folder.map { CacheFolder($0) } ?? .standard()
        return kept.map { ReferenceCache(folder: $0.path) }
    }
}
