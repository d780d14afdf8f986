import Foundation
import Testing

/// A file or folder of reference material that is not part of the package: in `shared` beside it, or where FOURTHROOT_SHARED
/// says; nil where there is none.
///
/// Tests of it are skipped there; those of Tests/Oracles hold to the same laws with numbers that the package carries.
public func sharedFile(_ name: String) -> String? {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let folder =
        ProcessInfo.processInfo.environment["FOURTHROOT_SHARED"]
        ?? package.deletingLastPathComponent().appending(path: "shared").path
    let path = "\(folder)/\(name)"
    return FileManager.default.fileExists(atPath: path) ? path : nil
}

/// Why a test is skipped, for `.enabled(if:)`.
///
/// - Parameter besides: what else it needs.
public func missingShared(_ name: String, besides: String? = nil) -> Comment {
    let shared = "needs ../shared/\(name) (or FOURTHROOT_SHARED), which is not part of the package"
    return Comment(rawValue: besides.map { "\(shared), and \($0)" } ?? shared)
}
