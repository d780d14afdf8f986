import CHDF5
import Foundation

extension HDF5File {
    /// Every data set at any depth, in the order of h5py's `visititems`: depth first, each group by name.
    ///
    /// Hard links alone are followed, each object is met once, so cycles end and links that dangle or lead to other
    /// files do no harm. A data set that cannot be described carries its error instead of spoiling the list; so does
    /// a group that cannot be listed, under its own name.
    ///
    /// - Throws: `HDF5Error` of kind `corrupt` when the root group cannot be read.
    public func datasets() throws -> [DatasetDescription] { try walk().datasets }

    /// The names of all groups but the root, in the same order.
    public func groups() throws -> [String] { try walk().groups }

    private func walk() throws -> HierarchyWalk {
        try HDF5Library.locked {
            let root = try place().take(
                H5Oopen(identifier, "/", fourthroot_h5_default()), "its root group cannot be opened", kind: .corrupt)
            var walk = HierarchyWalk(file: self)
            try walk.enterRoot(root.raw)
            while let link = walk.next() { walk.visit(link, from: root.raw) }
            return walk
        }
    }
}

/// A depth-first walk with a stack of its own: groups nested as deeply as a forged file likes must not exhaust the
/// thread's.
private struct HierarchyWalk {
    struct Link {
        /// From the root, as the bytes in the file, terminated: not every file's names are UTF-8.
        let path: [CChar]
        let depth: Int
    }

    let file: HDF5File
    private(set) var datasets: [DatasetDescription] = []
    private(set) var groups: [String] = []
    /// Links to visit, the next one last.
    private var pending: [Link] = []
    /// Addresses of the objects met, in the file itself; nothing else is followed.
    private var visited: Set<UInt64> = []
    /// Resolving a path takes time in proportion to its depth; no file that is meant has more.
    private let deepest = 1000

    init(file: HDF5File) { self.file = file }

    mutating func next() -> Link? { pending.popLast() }

    mutating func enterRoot(_ root: hid_t) throws {
        var info = H5O_info_t()
        try file.place().check(
            fourthroot_h5_basic_info(root, &info), "its root group cannot be read", kind: .corrupt)
        visited.insert(UInt64(info.addr))
        let names = try hardLinks(of: root, file.place())
        pending = names.reversed().map { Link(path: $0, depth: 1) }
    }

    mutating func visit(_ link: Link, from root: hid_t) {
        let name = link.path.withUnsafeBufferPointer { String(validatingCString: $0.baseAddress!) }
        let place = file.place(name ?? printableName(link))
        do {
            let object = try place.take(
                H5Oopen(root, link.path, fourthroot_h5_default()), "cannot be opened, it is damaged", kind: .corrupt)
            var info = H5O_info_t()
            try place.check(fourthroot_h5_basic_info(object.raw, &info), "cannot be read", kind: .corrupt)
            guard visited.insert(UInt64(info.addr)).inserted else { return }
            switch H5Iget_type(object.raw) {
            case H5I_GROUP:
                if let name { groups.append(name) }
                try enter(object.raw, link, place)
            case H5I_DATASET:
                guard let name else { throw place.error(.noSuchObject, "its name is not UTF-8", advice: "rename it") }
                datasets.append(try file.describe(object.raw, name: name))
            default: break
            }
        } catch {
            let failure = error as? HDF5Error ?? place.error(.corrupt, "\(error)")
            datasets.append(DatasetDescription(name: place.object ?? "", failure: failure))
        }
    }

    private mutating func enter(_ group: hid_t, _ link: Link, _ place: ObjectPlace) throws {
        guard link.depth < deepest else { throw place.error(.corrupt, "groups nested more than \(deepest) deep") }
        for name in try hardLinks(of: group, place).reversed() {
            pending.append(Link(path: link.path.dropLast() + [CChar(47)] + name, depth: link.depth + 1))
        }
    }

    private func printableName(_ link: Link) -> String {
        link.path.withUnsafeBufferPointer { printable($0.baseAddress!) }
    }

    /// The names of a group's hard links in increasing order of their bytes, each terminated.
    ///
    /// Sorted here: asked for an order, HDF5 1.10 gathers a large group's links in a table that it frees, after a
    /// damaged entry, with fields never set (H5G__dense_iterate), which crashed most often of all when fuzzed.
    private func hardLinks(of group: hid_t, _ place: ObjectPlace) throws -> [[CChar]] {
        var names: [[CChar]] = []
        let status = withUnsafeMutablePointer(to: &names) { target in
            fourthroot_h5_iterate_links(
                group,
                { _, name, link, context in
                    guard let name, let link, let context else { return -1 }
                    guard link.pointee.type == H5L_TYPE_HARD else { return 0 }
                    let bytes = [CChar](UnsafeBufferPointer(start: name, count: strlen(name) + 1))
                    context.assumingMemoryBound(to: [[CChar]].self).pointee.append(bytes)
                    return 0
                }, target)
        }
        try place.check(status, "its links cannot be listed, it is damaged", kind: .corrupt)
        return names.sorted { $0.lexicographicallyPrecedes($1) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) } }
    }
}
