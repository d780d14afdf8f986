import Foundation

/// Where the libraries are looked for: first as the system's loader finds them, then in the folders of
/// `FOURTHROOT_CUDA_PATH`, of the toolkit, and of the packages that pip installs beside a Python.
struct LibrarySearch: Sendable {
    /// Absolute folders in the order of the search.
    let folders: [String]

    init(folders: [String]) { self.folders = folders }

    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let named = environment["FOURTHROOT_CUDA_PATH"].map { [$0, "\($0)/lib64", "\($0)/lib"] } ?? []
        let toolkits = paths("/usr/local/cuda/lib64") + paths("/usr/local/cuda-*/lib64").reversed()
        folders = named + toolkits + Self.pythonFolders(environment)
    }

    /// `…/site-packages/nvidia/<package>/lib` of every Python on the path, of the user's own packages and the system's.
    private static func pythonFolders(_ environment: [String: String]) -> [String] {
        let prefixes =
            (environment["PATH"] ?? "").split(separator: ":")
            .filter { FileManager.default.isExecutableFile(atPath: "\($0)/python3") }
            .map { "\($0)/.." } + (environment["HOME"].map { ["\($0)/.local"] } ?? [])
        return prefixes.flatMap { prefix in
            ["site-packages", "dist-packages"].flatMap { paths("\(prefix)/lib/python3*/\($0)/nvidia/*/lib") }
        }
    }

    /// Bare names, which the system's loader resolves, then files that exist.
    func candidates(_ library: LibraryName) -> [String] {
        let names = library.versions.map { "lib\(library.stem).so.\($0)" }
        return names
            + folders.flatMap { folder in
                names.map { "\(folder)/\($0)" }.filter { FileManager.default.fileExists(atPath: $0) }
            }
    }

    /// The files that must be open before a candidate is: those of its own folder, or of any where it is a bare name.
    func companions(of candidate: String, _ library: LibraryName) -> [String] {
        guard let companion = library.companion, candidate.contains("/") else { return [] }
        let folder = (candidate as NSString).deletingLastPathComponent
        let version = candidate.split(separator: ".").last.map(String.init) ?? ""
        return paths("\(folder)/lib\(companion).so.\(version).*")
    }
}

/// The paths that match a pattern of the shell, sorted; none where nothing matches.
private func paths(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in found.gl_pathv[index].map { String(cString: $0) } }
}
