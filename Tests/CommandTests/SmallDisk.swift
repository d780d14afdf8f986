import Foundation

/// A file system of a given size, for one test.
final class SmallDisk {
    let path: String
    private let folder: TemporaryFolder

    /// - Throws: `ProgramError` where mounting is not permitted.
    init(kibibytes: Int, in folder: TemporaryFolder) throws {
        self.folder = folder
        path = folder.path("disk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let run = try folder.runOther(["mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", path])
        guard run.status == 0 else { throw ProgramError(description: "mounting a tmpfs: \(run.standardError)") }
    }

    func grow(kibibytes: Int) throws {
        let run = try folder.runOther(["mount", "-o", "remount,size=\(kibibytes)k", path])
        guard run.status == 0 else { throw ProgramError(description: "growing a tmpfs: \(run.standardError)") }
    }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

    deinit { _ = try? folder.runOther(["umount", path]) }

    static let isPermitted: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        return (try? SmallDisk(kibibytes: 64, in: folder)) != nil
    }()
}
