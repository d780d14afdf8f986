import Foundation

/// Vega-Lite with all that it needs as one script, which a report carries inside.
///
/// It is no part of the program: `scripts/fetch-chart-library` takes it from a package of the Python registry.
struct ChartLibrary {
    static let fileName = "vega-lite.js"

    static let advice =
        "no chart library is installed: the figures of the report are static; scripts/fetch-chart-library installs it, or name "
        + "the file \(fileName) with --chart-library"

    private let script: String

    /// - Parameter path: the file that was asked for; nil: the first of `candidates` that is there.
    /// - Returns: nil where none is installed.
    /// - Throws: `TextFileError`, and `StatusError` where the file is no chart library.
    static func load(_ path: String?) throws -> ChartLibrary? {
        guard let path = path ?? candidates.first(where: { FileManager.default.isReadableFile(atPath: $0) }) else { return nil }
        let script = try readText(path, largestSize: 1 << 25)
        guard script.contains("vegaEmbed") else {
            throw StatusError(
                status: .wrongData,
                description:
                    "\(path): it is no chart library, for it does not define vegaEmbed; scripts/fetch-chart-library makes one")
        }
        return ChartLibrary(script: script)
    }

    /// Nothing in it ends the script element that holds it. Both texts can only stand in strings and regular expressions, where
    /// the backslash changes nothing.
    var embedded: String { script.replacing("</script", with: "<\\/script").replacing("<!--", with: "<\\!--") }

    /// Where it is looked for, the nearest first.
    private static var candidates: [String] {
        let environment = ProcessInfo.processInfo.environment
        let variable = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let share = variable("FOURTHROOT_SHARE") { return ["\(share)/\(fileName)"] }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var folders = [program.deletingLastPathComponent().deletingLastPathComponent().path + "/share/fourthroot"]
        // A program that was built and not installed lies some folders below .build.
        let parts = program.pathComponents
        if let build = parts.lastIndex(of: ".build") {
            folders.append(NSString.path(withComponents: Array(parts[...build])) + "/share/fourthroot")
        }
        if let data = variable("XDG_DATA_HOME") ?? variable("HOME").map({ "\($0)/.local/share" }) {
            folders.append("\(data)/fourthroot")
        }
        folders += ["/usr/local/share/fourthroot", "/usr/share/fourthroot"]
        return folders.map { "\($0)/\(fileName)" }
    }
}
