import CHDF5
import Foundation

/// An object by its file and its address there: two paths that lead to one object have one key.
struct ObjectKey: Hashable {
    let device: UInt64
    let file: UInt64
    let address: UInt64
}

/// Where an object lies: in which file, links to other files having been followed, and at which address.
struct ObjectLocation {
    let file: HDF5File
    let address: haddr_t

    var key: ObjectKey { ObjectKey(device: file.device, file: file.inode, address: UInt64(address)) }

    func open(_ place: ObjectPlace) throws -> Identifier {
        try place.take(H5Oopen_by_addr(file.identifier, address), "cannot be opened, it is damaged", kind: .corrupt)
    }
}

/// Follows the links on a path, each kind by itself.
///
/// HDF5 would open whatever file an external link names, a pipe too, and does not say which link leads nowhere. The
/// order in which folders are searched for another file is HDF5's own (H5F_prefix_open_file).
struct LinkFollower {
    /// For messages: the file that was asked, and the path in it.
    private let place: ObjectPlace
    private var followed = 0
    /// Soft and external links on the way to one object; more are taken for a loop.
    private static let mostLinks = 40

    init(_ place: ObjectPlace) { self.place = place }

    /// The object to which a path leads.
    ///
    /// - Parameter path: the names of links, each terminated.
    mutating func locate(_ path: [[CChar]], from start: ObjectLocation) throws -> ObjectLocation {
        var location = start
        // "." is the group itself, as in the library's own paths.
        for name in path where name != [CChar(UInt8(ascii: ".")), 0] { location = try member(name, of: location) }
        return location
    }

    /// The object to which a link of a group leads.
    ///
    /// - Throws: `noSuchObject` where there is no such link, or where it leads nowhere.
    mutating func member(_ name: [CChar], of location: ObjectLocation) throws -> ObjectLocation {
        let group = try location.open(place)
        guard H5Iget_type(group.raw) == H5I_GROUP else { throw place.error(.noSuchObject, "no such object") }
        let exists = try place.check(
            H5Lexists(group.raw, name, fourthroot_h5_default()), "its group cannot be read", kind: .corrupt)
        guard exists > 0 else { throw place.error(.noSuchObject, "no such object") }
        var info = H5L_info_t()
        try place.check(fourthroot_h5_link_info(group.raw, name, &info), "its link cannot be read", kind: .corrupt)
        switch info.type {
        case H5L_TYPE_HARD:
            let member = try place.take(
                H5Oopen(group.raw, name, fourthroot_h5_default()), "cannot be opened, it is damaged", kind: .corrupt)
            return ObjectLocation(file: location.file, address: try objectAddress(member.raw, place))
        case H5L_TYPE_SOFT:
            return try softMember(value(of: name, in: group.raw, bytes: info.u.val_size), of: location)
        case H5L_TYPE_EXTERNAL:
            return try externalMember(value(of: name, in: group.raw, bytes: info.u.val_size), from: location.file)
        default:
            throw place.error(.noSuchObject, "is a link of a kind that is not followed")
        }
    }

    private mutating func softMember(_ value: [CChar], of location: ObjectLocation) throws -> ObjectLocation {
        let target = value.prefix { $0 != 0 }
        let start = target.first == slash ? try location.file.root(place) : location
        return try follow(Array(target), from: start, in: "")
    }

    private mutating func externalMember(_ value: [CChar], from file: HDF5File) throws -> ObjectLocation {
        var (name, path): (UnsafePointer<CChar>?, UnsafePointer<CChar>?) = (nil, nil)
        var flags: UInt32 = 0
        try place.check(
            H5Lunpack_elink_val(value, value.count, &flags, &name, &path), "its link cannot be read", kind: .corrupt)
        guard let name, let path else { throw place.error(.corrupt, "its link cannot be read") }
        let other: HDF5File
        do {
            other = try file.openOther(String(cString: name), prefixVariable: "HDF5_EXT_PREFIX")
        } catch let error as HDF5Error {
            throw HDF5Error(
                kind: error.kind == .notFound ? .noSuchObject : error.kind, file: place.file, object: place.object,
                problem:
                    "is a link to the file \(printable(name)), which \(error.kind == .notFound ? "is missing" : error.problem)",
                advice: error.advice, cause: error.cause)
        }
        let target = Array(UnsafeBufferPointer(start: path, count: strlen(path)))
        return try follow(target, from: other.root(place), in: " in \(printable(name))")
    }

    private mutating func follow(
        _ target: [CChar], from start: ObjectLocation, in other: String
    ) throws -> ObjectLocation {
        followed += 1
        let text = printable(target + [0])
        guard followed <= LinkFollower.mostLinks else {
            throw place.error(
                .noSuchObject,
                "is a link to \(text)\(other), which leads back to itself or through more than \(LinkFollower.mostLinks) others"
            )
        }
        do {
            return try locate(target.split(separator: slash).map { Array($0) + [0] }, from: start)
        } catch let error as HDF5Error where error.problem == "no such object" {
            throw place.error(.noSuchObject, "is a link to \(text)\(other), which is not there")
        }
    }

    private func value(of name: [CChar], in group: hid_t, bytes: Int) throws -> [CChar] {
        guard bytes <= 1 << 20 else { throw place.error(.corrupt, "is a link of \(bytes) bytes") }
        var value = [CChar](repeating: 0, count: bytes + 1)
        try place.check(
            H5Lget_val(group, name, &value, bytes, fourthroot_h5_default()), "its link cannot be read", kind: .corrupt)
        return value.dropLast()
    }
}

private let slash = CChar(UInt8(ascii: "/"))

/// The address of an open object in its file.
func objectAddress(_ object: hid_t, _ place: ObjectPlace) throws -> haddr_t {
    var info = H5O_info_t()
    try place.check(fourthroot_h5_basic_info(object, &info), "cannot be read", kind: .corrupt)
    return info.addr
}

/// The names on a path. Cut by bytes: a slash and a combining mark after it are one `Character`.
func pathComponents(_ path: String) -> [String] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
}

extension HDF5File {
    func root(_ place: ObjectPlace) throws -> ObjectLocation {
        let root = try place.take(
            H5Oopen(identifier, "/", fourthroot_h5_default()), "its root group cannot be opened", kind: .corrupt)
        return ObjectLocation(file: self, address: try objectAddress(root.raw, place))
    }

    /// The object to which a path leads, through links of every kind.
    func locate(_ name: String) throws -> ObjectLocation {
        let place = place(name)
        guard !name.utf8.contains(0) else { throw place.error(.noSuchObject, "no such object") }
        var follower = LinkFollower(place)
        return try follower.locate(pathComponents(name).map { Array($0.utf8CString) }, from: root(place))
    }

    /// Opens a file that this one names: itself, or the first that is there of those that HDF5 would try.
    ///
    /// - Throws: `HDF5Error` about that file; `notFound` where there is none.
    func openOther(_ name: String, prefixVariable: String) throws -> HDF5File {
        for path in otherPaths(name, prefixVariable: prefixVariable) {
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            if UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode { return self }
            return try HDF5File.opened(path)
        }
        throw HDF5Error(kind: .notFound, file: name, problem: "no such file")
    }

    /// Where HDF5 looks for a file that another one names.
    func otherPaths(_ name: String, prefixVariable: String) -> [String] {
        let isAbsolute = name.hasPrefix("/")
        let relative = isAbsolute ? (name as NSString).lastPathComponent : name
        let prefixes = ProcessInfo.processInfo.environment[prefixVariable]?.split(separator: ":").map(String.init) ?? []
        let folder = (path as NSString).deletingLastPathComponent
        let realFolder = URL(fileURLWithPath: path).resolvingSymlinksInPath().deletingLastPathComponent().path
        let folders = prefixes + [folder.isEmpty ? "." : folder, "."]
        return (isAbsolute ? [name] : []) + (folders + [realFolder]).map { "\($0)/\(relative)" }
    }
}
