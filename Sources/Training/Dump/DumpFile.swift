import Files
import Foundation
import HDF5Store

/// The file of a dump, DUMP.h5, as it grows.
///
/// While a run writes it, DUMP.h5 is a small file whose `/steps/<8 digits>` are external links into the folder
/// DUMP.h5.steps, which holds a file a step. Every one of these files appears whole and is never changed: nobody who reads
/// is in the way, and a process killed at any moment leaves a dump that reads. `join` makes one file of it and removes the
/// folder. The run has the folder for itself, which keeps others off the dump.
final class DumpFile {
    let path: String
    private let folder: FolderClaim
    /// Those of the root, of DUMP.h5 and of every part.
    private let attributes: Attributes
    /// By step, the name of the file in the folder that holds it.
    private var parts: [String: String] = [:]
    /// The steps that DUMP.h5 holds itself, where it is one file.
    private var joined: Set<String>?
    /// The steps that DUMP.h5 has links to.
    private var linked: Set<String> = []

    /// The attribute by which a file of links names the folder that it needs.
    private static let folderAttribute = "steps_folder"
    /// What a run was killed over.
    private static let unfinished = ["links.h5", "joined.h5"]

    static func folder(of path: String) -> String { "\(path).steps" }

    /// Goes on with a dump, or makes one.
    ///
    /// - Parameter attributes: those of the root of a new one.
    /// - Throws: `HDF5Error`; `DumpError` where the folder holds the steps of another run.
    init(path: String, folder: FolderClaim, attributes: [String: AttributeValue]) throws {
        self.path = path
        self.folder = folder
        let exists = FileManager.default.fileExists(atPath: path)
        var found = exists ? try HDF5File.open(path).attributes() : Attributes(attributes)
        let isLinks = found[DumpFile.folderAttribute] != nil
        found[DumpFile.folderAttribute] = nil
        self.attributes = found
        if exists && !isLinks { joined = try DumpFile.steps(of: HDF5File.open(path)) }
        try findParts()
        if !exists { try link() }
    }

    /// Removes a dump with its parts; other files stay.
    static func remove(_ path: String, folder: FolderClaim) throws {
        for name in try partNames(folder) + unfinished { unlink("\(folder.path)/\(name)") }
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    /// Whether a run that was killed has left steps in the folder.
    static func hasParts(_ folder: FolderClaim) throws -> Bool { try !partNames(folder).isEmpty }

    /// Adds a step; one that is there stays as it is.
    ///
    /// - Throws: `HDF5Error`, or the error of `body`; the dump is then as it was, and the step can be tried again.
    func append(step: Int, _ body: (HDF5Writer, _ group: String) throws -> Void) throws {
        let name = String(format: "%08d", step)
        guard joined?.contains(name) != true, !linked.contains(name) else { return }
        if parts[name] == nil {
            try HDF5File.create(at: "\(folder.path)/\(name).h5", overwriting: true) { writer in
                try setAttributes(writer)
                try writer.createGroup("steps/\(name)")
                try body(writer, "steps/\(name)")
            }
            parts[name] = "\(name).h5"
        }
        try takeJoined()
        try link()
    }

    /// Makes one file of the dump and removes the folder.
    ///
    /// - Throws: `HDF5Error`; the dump is then as it was.
    func join() throws {
        if joined == nil || !parts.isEmpty {
            try takeJoined()
            try replace(by: "joined.h5") { try copySteps(to: $0) }
            joined = Set(parts.keys)
        }
        for name in Set(parts.values) { unlink("\(folder.path)/\(name)") }
        parts = [:]
        folder.removeEmpty()
    }

    /// Makes a part of the file that holds the steps so far. It stays readable under its own name until links replace it.
    private func takeJoined() throws {
        guard let steps = joined else { return }
        if let last = steps.max() {
            let name = "through-\(last).h5"
            if Foundation.link(path, "\(folder.path)/\(name)") != 0 && errno != EEXIST {
                // Not every file system has hard links.
                let source = try HDF5File.open(path)
                try HDF5File.create(at: "\(folder.path)/\(name)", overwriting: true) { writer in
                    try setAttributes(writer)
                    try writer.copyObjects(from: source) { _ in true }
                }
            }
            for step in steps { parts[step] = name }
        }
        joined = nil
    }

    private func link() throws {
        let name = String(folder.path.split(separator: "/").last ?? "")
        try replace(by: "links.h5") { writer in
            try setAttributes(writer)
            try writer.setAttribute(DumpFile.folderAttribute, to: .string(name))
            try writer.createGroup("steps")
            for (step, part) in parts.sorted(by: { $0.key < $1.key }) {
                try writer.link("steps/\(step)", toFile: "\(name)/\(part)")
            }
        }
        linked = Set(parts.keys)
    }

    private func copySteps(to writer: HDF5Writer) throws {
        try setAttributes(writer)
        try writer.createGroup("steps")
        for part in Set(parts.values).sorted() {
            let source = try HDF5File.open("\(folder.path)/\(part)")
            try writer.copyObjects(from: source) { DumpFile.step(of: $0).map { parts[$0] == part } ?? false }
        }
    }

    /// Puts a new file in the place of DUMP.h5. It is made in the folder: what a kill leaves of it lies there.
    private func replace(by name: String, _ body: (HDF5Writer) throws -> Void) throws {
        let new = "\(folder.path)/\(name)"
        try HDF5File.create(at: new, overwriting: true, body)
        try OutputFile.move(new, to: path)
    }

    private func setAttributes(_ writer: HDF5Writer) throws {
        for (name, value) in attributes.sorted { try writer.setAttribute(name, to: value) }
    }

    /// Finds the steps in the folder and removes what DUMP.h5 holds already: a run was killed before it had cleaned up.
    private func findParts() throws {
        for name in DumpFile.unfinished { unlink("\(folder.path)/\(name)") }
        for name in try DumpFile.partNames(folder) {
            let file = try HDF5File.open("\(folder.path)/\(name)")
            guard try file.attribute("configuration") == attributes["configuration"] else {
                throw DumpError(
                    path: folder.path, problem: "holds \(name) of another run; remove the folder or name another dump")
            }
            let steps = try DumpFile.steps(of: file)
            if let joined, joined.isSuperset(of: steps) {
                unlink("\(folder.path)/\(name)")
            } else {
                for step in steps { parts[step] = name }
            }
        }
    }

    private static func partNames(_ folder: FolderClaim) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.wholeMatch(of: /(through-)?\d{8,}\.h5/) != nil }.sorted()
    }

    private static func steps(of file: HDF5File) throws -> Set<String> {
        Set(try file.groups().compactMap(step))
    }

    /// That under which an object lies.
    private static func step(of name: String) -> String? {
        let components = name.split(separator: "/", maxSplits: 2)
        return components.count > 1 && components[0] == "steps" ? String(components[1]) : nil
    }
}

/// A dump that cannot be gone on with.
public struct DumpError: Error, Sendable, Equatable, CustomStringConvertible {
    public let path: String
    public let problem: String

    public var description: String { "\(path): \(problem)" }
}
