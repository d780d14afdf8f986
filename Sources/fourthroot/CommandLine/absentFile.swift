import Foundation
import MatrixCore

/// `: did you mean 'dump.h5'?` of a path at which there is nothing, where its folder has a file whose name is near; else
/// nothing.
func hint(absentFile path: String) -> String {
    guard !FileManager.default.fileExists(atPath: path) else { return "" }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.dropLast().map { $0 + "/" }.joined()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    return nearestName(to: String(parts.last ?? ""), among: names.sorted()).map { ": did you mean '\(folder)\($0)'?" } ?? ""
}
