import Foundation

/// The folder in which what can be made again is kept between runs. Whatever is in it may be removed at any time.
public struct CacheFolder: Sendable, Equatable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// `FOURTHROOT_CACHE`, else `fourthroot` in `XDG_CACHE_HOME`, else in `.cache` of the home folder; nil where none of them
    /// is set.
    public static func standard(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> CacheFolder? {
        let path =
            environment["FOURTHROOT_CACHE"] ?? environment["XDG_CACHE_HOME"].map { "\($0)/fourthroot" }
            ?? environment["HOME"].map { "\($0)/.cache/fourthroot" }
        return path.map { CacheFolder($0) }
    }

    /// Why nothing can be kept in it; nil where it is there and writable, or can be made.
    public var problem: String? {
        var place = URL(fileURLWithPath: path).standardizedFileURL.path
        while FileKind(place) == .absent && place != "/" { place = OutputFile.folder(of: place) }
        guard FileKind(place) == .folder else { return "\(place) is no folder" }
        return access(place, W_OK | X_OK) == 0 ? nil : "the folder \(place) is not writable"
    }

    /// Makes it, for its user alone. A folder that is there keeps its permissions.
    ///
    /// - Throws: `OutputError` of kind `cannotCreate` where it is not there and cannot be made.
    public func make() throws(OutputError) {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try? FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        guard mkdir(path, 0o700) == 0 || FileKind(path) == .folder else {
            throw .current(.cannotCreate, path, "making the folder")
        }
    }
}
