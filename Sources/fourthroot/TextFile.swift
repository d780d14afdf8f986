import Foundation

/// A text that could not be read.
struct TextFileError: Error, CustomStringConvertible {
    let isMissing: Bool
    let description: String
}

/// The UTF-8 text of a file.
func readText(_ path: String) throws(TextFileError) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
        throw TextFileError(isMissing: true, description: "\(path): there is no such file")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
        throw TextFileError(isMissing: true, description: "\(path): it cannot be read")
    }
    guard let text = String(data: data, encoding: .utf8) else {
        throw TextFileError(isMissing: false, description: "\(path): it is not UTF-8 text")
    }
    return text
}
