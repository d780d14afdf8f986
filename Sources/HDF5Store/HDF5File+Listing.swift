import CHDF5
import Foundation

extension HDF5File {
    /// What the links of the file lead to; see `HDF5Listing`.
    ///
    /// - Throws: `HDF5Error` of kind `corrupt` when the root group cannot be read.
    public func listing() throws -> HDF5Listing {
        try HDF5Library.locked {
            var walk = try LinkWalk(file: self)
            while walk.step() {}
            return HDF5Listing(walk)
        }
    }

    /// Every data set once, in the order of h5py's `visititems`; see `HDF5Listing.datasets`.
    public func datasets() throws -> [DatasetDescription] { try listing().datasets }

    /// The names of all groups but the root, in the same order.
    public func groups() throws -> [String] { try listing().groups }
}

/// Meets every object that links lead to once, with a stack of its own: groups nested as deeply as a forged file
/// likes must not exhaust the thread's.
struct LinkWalk {
    /// What an object holds.
    enum Content {
        case group([Link])
        case dataset(DatasetDescription)
        /// What cannot be opened, described or listed.
        case damaged(HDF5Error)
    }

    struct Link {
        /// As the bytes in the file, terminated: not every file's names are UTF-8.
        let name: [CChar]
        let isHard: Bool
        let target: Int
    }

    /// A group whose links are being followed.
    private struct Visit {
        let name: [CChar]
        let number: Int
        let location: ObjectLocation
        /// Links to other files on the way here. Each keeps a file open.
        let files: Int
        /// The next one last.
        var names: [(text: [CChar], isHard: Bool)]
    }

    let file: HDF5File
    /// By number; the root is 0.
    private(set) var contents: [Content] = [.group([])]
    /// Links that lead to nothing, and why.
    private(set) var unreached: [HDF5Error] = []
    /// The sizes of the files to which links lead.
    private(set) var otherFiles: [ObjectKey: Int] = [:]
    private var numbers: [ObjectKey: Int] = [:]
    private var visits: [Visit] = []
    private static let mostFiles = 16

    init(file: HDF5File) throws {
        self.file = file
        let root = try file.root(file.place())
        numbers[root.key] = 0
        visits.append(Visit(name: [0], number: 0, location: root, files: 0, names: try links(of: root, file.place())))
    }

    /// Follows the next link; false where there is none left.
    mutating func step() -> Bool {
        guard let visit = visits.last else { return false }
        guard let link = visits[visits.count - 1].names.popLast() else {
            visits.removeLast()
            return true
        }
        // For messages only; which paths there are is the listing's matter.
        let place = file.place(pathText(to: link.text))
        do {
            var follower = LinkFollower(place)
            let location = try follower.member(link.text, of: visit.location)
            add(link, to: visit.number, target: try number(of: location, link.text, from: visit, place))
        } catch {
            let failure = error as? HDF5Error ?? place.error(.corrupt, "\(error)")
            if link.isHard {
                contents.append(.damaged(failure))
                add(link, to: visit.number, target: contents.count - 1)
            } else {
                unreached.append(failure)
            }
        }
        return true
    }

    /// Of a very deep one the end.
    private func pathText(to name: [CChar]) -> String {
        let names = visits.dropFirst().suffix(20).map(\.name) + [name]
        return (visits.count > 21 ? "…/" : "") + names.map { text($0) }.joined(separator: "/")
    }

    private mutating func add(_ link: (text: [CChar], isHard: Bool), to group: Int, target: Int?) {
        guard let target, case .group(var links) = contents[group] else { return }
        contents[group] = .group([])
        links.append(Link(name: link.text, isHard: link.isHard, target: target))
        contents[group] = .group(links)
    }

    /// The number of an object, which is described or about to be visited if it is new; nil of a named type.
    private mutating func number(
        of location: ObjectLocation, _ name: [CChar], from visit: Visit, _ place: ObjectPlace
    ) throws -> Int? {
        if let known = numbers[location.key] { return known }
        let isElsewhere = location.file !== visit.location.file
        guard !isElsewhere || visit.files < LinkWalk.mostFiles else {
            throw place.error(.noSuchObject, "is reached through more than \(LinkWalk.mostFiles) files, one from another")
        }
        if isElsewhere {
            otherFiles[ObjectKey(device: location.file.device, file: location.file.inode, address: 0)] = location.file.fileBytes
        }
        let object = try location.open(place)
        let number = contents.count
        switch H5Iget_type(object.raw) {
        case H5I_GROUP:
            let names: [(text: [CChar], isHard: Bool)]
            do {
                names = try links(of: location, place)
                contents.append(.group([]))
            } catch let failure as HDF5Error {
                names = []
                contents.append(.damaged(failure))
            }
            visits.append(
                Visit(
                    name: name, number: number, location: location, files: visit.files + (isElsewhere ? 1 : 0),
                    names: names))
        case H5I_DATASET:
            do {
                contents.append(.dataset(try location.file.describe(object.raw, place)))
            } catch let failure as HDF5Error {
                contents.append(.damaged(failure))
            }
        default: return nil
        }
        numbers[location.key] = number
        return number
    }

    /// The names of a group's links, each terminated, in decreasing order of their bytes.
    ///
    /// Sorted here: asked for an order, HDF5 1.10 gathers a large group's links in a table that it frees, after a
    /// damaged entry, with fields never set (H5G__dense_iterate), which crashed most often of all when fuzzed.
    private func links(of location: ObjectLocation, _ place: ObjectPlace) throws -> [(text: [CChar], isHard: Bool)] {
        let group = try location.open(place)
        var names: [(text: [CChar], isHard: Bool)] = []
        let status = withUnsafeMutablePointer(to: &names) { target in
            fourthroot_h5_iterate_links(
                group.raw,
                { _, name, link, context in
                    guard let name, let link, let context else { return -1 }
                    let bytes = [CChar](UnsafeBufferPointer(start: name, count: strlen(name) + 1))
                    let names = context.assumingMemoryBound(to: [(text: [CChar], isHard: Bool)].self)
                    names.pointee.append((bytes, link.pointee.type == H5L_TYPE_HARD))
                    return 0
                }, target)
        }
        try place.check(status, "its links cannot be listed, it is damaged", kind: .corrupt)
        return names.sorted { right, left in
            left.text.lexicographicallyPrecedes(right.text) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
        }
    }
}
