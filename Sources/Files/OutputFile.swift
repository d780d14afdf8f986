import Foundation

/// Writes that appear whole or not at all.
public enum OutputFile {
    /// Fails early where an output cannot be made; `TemporaryFile.commit` judges again when it is finished.
    ///
    /// - Throws: `OutputError` of kind `cannotCreate` where the file exists and is not to be replaced, or its folder is missing.
    public static func requireWritable(
        _ path: String, overwrite: Bool, sparing inputs: [String] = []
    ) throws(OutputError) {
        if path.isEmpty { throw OutputError(kind: .cannotCreate, path: "output", problem: "its name is empty") }
        if try FileKind(path).requireRegularOrAbsent(path) {
            if inputs.contains(where: { isSameFile($0, path) }) {
                throw OutputError(
                    kind: .cannotCreate, path: path, problem: "it is an input, which no output replaces; name another output")
            }
            if !overwrite { throw exists(path) }
        }
        let folder = folder(of: path)
        guard FileKind(folder) == .folder else {
            throw OutputError(
                kind: .cannotCreate, path: path, problem: "the folder \(folder) does not exist; create it first")
        }
        guard access(folder, W_OK) == 0 else {
            throw OutputError(kind: .cannotCreate, path: path, problem: "the folder \(folder) is not writable")
        }
    }

    /// Whether two paths lead to one file, by whatever links.
    private static func isSameFile(_ first: String, _ second: String) -> Bool {
        var (one, other) = (stat(), stat())
        guard stat(first, &one) == 0, stat(second, &other) == 0 else { return false }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    /// - Throws: `OutputError`; then the path is as it was.
    public static func write(_ path: String, overwrite: Bool, _ text: String) throws(OutputError) {
        try write(path, overwrite: overwrite, Data(text.utf8))
    }

    /// - Throws: `OutputError`; then the path is as it was.
    public static func write(_ path: String, overwrite: Bool, _ data: Data) throws(OutputError) {
        try requireWritable(path, overwrite: overwrite)
        let temporary = try TemporaryFile(for: path)
        try temporary.file.write(data)
        try temporary.commit(overwriting: overwrite)
    }

    public static func writeToStandardOutput(_ text: String) throws(OutputError) {
        try writeToStandardOutput(Data(text.utf8))
    }

    public static func writeToStandardOutput(_ data: Data) throws(OutputError) {
        try SequentialFile(standardOutput: ()).write(data)
    }

    /// Gives a finished file another name in the same file system, in place of what has it.
    ///
    /// - Throws: `OutputError` of kind `writeFailed`; nothing is then changed.
    public static func move(_ path: String, to target: String) throws(OutputError) {
        guard rename(path, target) == 0 else { throw .current(.writeFailed, target, "renaming") }
        synchronizeFolder(of: target)
    }

    static func exists(_ path: String) -> OutputError {
        OutputError(kind: .cannotCreate, path: path, problem: "it exists; choose another name or pass --force")
    }

    /// A new name is durable once its folder is; file systems that cannot do this are left as they are.
    static func synchronizeFolder(of path: String) {
        let descriptor = open(folder(of: path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
