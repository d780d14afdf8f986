import Foundation

/// What the links of a file lead to: every data set under one path, and on demand under all of them.
///
/// Soft, hard and external links are followed. Loops end, since a group is entered once on the way to an object; what
/// a link does not reach is kept with the reason. A data set or group that is damaged carries its error instead of
/// spoiling the list.
public struct HDF5Listing: Sendable {
    /// Every data set once, under its first path of hard links, else under its first path, in the order of h5py's
    /// `visititems`: depth first, each group by the bytes of its names.
    public let datasets: [DatasetDescription]
    /// The paths of the groups but the root, likewise.
    public let groups: [String]
    /// Links that lead to nothing, and why.
    public let unreached: [HDF5Error]
    /// The bytes of the other files to which links lead.
    let otherBytes: Int

    private let file: HDF5File
    private let contents: [LinkWalk.Content]

    /// Groups that share groups have more paths than can be listed: k of them, linked twice each, have 2^k. A few for
    /// every data set is what links are made for.
    private var mostPaths: Int { 4 * datasets.count + 1000 }
    private static let mostSteps = 1_000_000
    /// No path that is meant is longer. There may be as many as there are objects, and each is followed from the root:
    /// a chain of thousands of groups must not take time in proportion to its square.
    private static let longestPath = 1024

    init(_ walk: LinkWalk) {
        file = walk.file
        contents = walk.contents
        otherBytes = walk.otherFiles.values.reduce(0, +)
        var unreached = walk.unreached
        let hard = HDF5Listing.firstPaths(walk.contents, following: \.isHard)
        let all = HDF5Listing.firstPaths(walk.contents) { _ in true }
        let paths = walk.contents.indices.dropFirst().compactMap { number in
            (hard[number] ?? all[number]).map { (number: number, path: $0) }
        }
        if paths.count < walk.contents.count - 1 {
            unreached.append(
                walk.file.place().error(
                    .noSuchObject,
                    "\(walk.contents.count - 1 - paths.count) objects have paths of more than \(HDF5Listing.longestPath) bytes")
            )
        }
        self.unreached = unreached
        let sorted = paths.sorted { HDF5Listing.order($0.path, $1.path) }
        var (datasets, groups): ([DatasetDescription], [String]) = ([], [])
        for (number, path) in sorted {
            if case .group = walk.contents[number] {
                groups.append(String(decoding: path, as: UTF8.self))
            } else if let description = HDF5Listing.description(walk.contents, number, path, walk.file) {
                datasets.append(description)
            }
        }
        self.datasets = datasets
        self.groups = groups
    }

    /// The data set at a path, through links of every kind and around loops; nil where there is none.
    public func dataset(at path: String) -> DatasetDescription? {
        let names = pathComponents(path)
        guard let number = number(at: names) else { return nil }
        return HDF5Listing.description(contents, number, Array(names.joined(separator: "/").utf8), file)
    }

    /// The data sets below a group by every path that leads to them from there; where these are too many the first
    /// ones, and `isWhole` is false.
    ///
    /// - Parameter prefix: the path of the group, which may lead around loops; "" is the root.
    public func datasets(below prefix: String) -> (datasets: [DatasetDescription], isWhole: Bool) {
        let names = pathComponents(prefix)
        guard let start = number(at: names) else { return ([], true) }
        var found: [DatasetDescription] = []
        var steps = 0
        var isOnPath = Set([start])
        var path = Array(names.joined(separator: "/").utf8)
        var stack = [(group: start, next: 0, length: path.count)]
        while let (group, next, length) = stack.last {
            path.removeLast(path.count - length)
            guard case .group(let links) = contents[group], next < links.count else {
                isOnPath.remove(group)
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].next += 1
            steps += 1
            guard steps <= HDF5Listing.mostSteps, found.count < mostPaths else { return (found, false) }
            let target = links[next].target
            HDF5Listing.append(links[next].name, to: &path)
            guard path.count <= HDF5Listing.longestPath else { continue }
            if case .group = contents[target] {
                if isOnPath.insert(target).inserted { stack.append((target, 0, path.count)) }
            } else if let description = HDF5Listing.description(contents, target, path, file) {
                found.append(description)
            }
        }
        return (found, true)
    }

    private func number(at names: [String]) -> Int? {
        var number = 0
        for name in names {
            guard case .group(let links) = contents[number],
                let link = links.first(where: { $0.name.dropLast().elementsEqual(name.utf8.map { CChar(bitPattern: $0) }) })
            else { return nil }
            number = link.target
        }
        return number
    }
}

extension HDF5Listing {
    /// The first path to every object over some of the links, depth first; the root's is empty.
    private static func firstPaths(
        _ contents: [LinkWalk.Content], following isFollowed: (LinkWalk.Link) -> Bool
    ) -> [Int: [UInt8]] {
        var paths: [Int: [UInt8]] = [:]
        var pending: [(number: Int, path: [UInt8])] = [(0, [])]
        while let (number, path) = pending.popLast() {
            guard paths[number] == nil else { continue }
            paths[number] = path
            guard case .group(let links) = contents[number] else { continue }
            for link in links.reversed() where isFollowed(link) && paths[link.target] == nil {
                var next = path
                append(link.name, to: &next)
                if next.count <= longestPath { pending.append((link.target, next)) }
            }
        }
        return paths
    }

    private static func append(_ name: [CChar], to path: inout [UInt8]) {
        if !path.isEmpty { path.append(UInt8(ascii: "/")) }
        path.append(contentsOf: name.dropLast().lazy.map { UInt8(bitPattern: $0) })
    }

    /// What is not a group, under a path; nil of a group.
    private static func description(
        _ contents: [LinkWalk.Content], _ number: Int, _ path: [UInt8], _ file: HDF5File
    ) -> DatasetDescription? {
        guard let name = String(validating: path, as: UTF8.self) else {
            let shown = printable(path.map { CChar(bitPattern: $0) } + [0])
            return DatasetDescription(
                name: shown, object: number,
                failure: file.place(shown).error(.noSuchObject, "its name is not UTF-8", advice: "rename it"))
        }
        switch contents[number] {
        case .group: return nil
        case .dataset(let description): return description.naming(name, object: number)
        case .damaged(let failure): return DatasetDescription(name: name, object: number, failure: failure.naming(name))
        }
    }

    /// A group's members before what comes after the group.
    private static func order(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        return left.lexicographicallyPrecedes(right) { ($0 == slash ? 0 : $0) < ($1 == slash ? 0 : $1) }
    }
}
