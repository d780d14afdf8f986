import CHDF5
import Foundation

extension HDF5File {
    /// Whether there is an object at a path inside the file.
    ///
    /// - Throws: `HDF5Error` where what lies on the way cannot be read.
    public func contains(_ name: String) throws -> Bool {
        try HDF5Library.locked {
            do {
                _ = try openObject(name)
                return true
            } catch let error as HDF5Error where error.kind == .noSuchObject {
                return false
            }
        }
    }

    /// Opens the object at a path inside the file, telling a missing one from a damaged one.
    func openObject(_ name: String) throws -> Identifier {
        let place = place(name)
        guard !name.utf8.contains(0) else { throw place.error(.noSuchObject, "no such object") }
        var object = try place.take(
            H5Oopen(identifier, "/", fourthroot_h5_default()), "its root group cannot be opened", kind: .corrupt)
        for component in name.split(separator: "/") {
            object = try openMember(String(component), of: object.raw, place)
        }
        return object
    }

    private func openMember(_ name: String, of group: hid_t, _ place: ObjectPlace) throws -> Identifier {
        guard H5Iget_type(group) == H5I_GROUP else { throw place.error(.noSuchObject, "no such object") }
        let exists = try place.check(
            H5Lexists(group, name, fourthroot_h5_default()), "its group cannot be read", kind: .corrupt)
        guard exists > 0 else { throw place.error(.noSuchObject, "no such object") }
        let member = H5Oopen(group, name, fourthroot_h5_default())
        guard member < 0 else { return Identifier(owning: member) }
        let damaged = place.libraryError(.corrupt, "cannot be opened, it is damaged")
        guard fourthroot_h5_is_hard_link(group, name) else {
            throw place.error(.noSuchObject, "is a link that points nowhere")
        }
        throw damaged
    }

    /// Opens a data set; a group of that name is a `wrongType`.
    func openDataset(_ name: String) throws -> Identifier {
        let object = try openObject(name)
        guard H5Iget_type(object.raw) == H5I_DATASET else {
            throw place(name).error(.wrongType, "is not a data set", advice: "name a data set")
        }
        return object
    }
}

/// The extents of a data space; nil of a null data space.
func extents(ofSpace space: hid_t, _ place: ObjectPlace) throws -> [Int]? {
    guard H5Sget_simple_extent_type(space) != H5S_NULL else { return nil }
    let rank = try place.check(H5Sget_simple_extent_ndims(space), "its shape cannot be read", kind: .corrupt)
    guard rank > 0 else { return [] }
    var dimensions = [hsize_t](repeating: 0, count: Int(rank))
    try place.check(
        H5Sget_simple_extent_dims(space, &dimensions, nil), "its shape cannot be read", kind: .corrupt)
    return dimensions.map { Int(clamping: $0) }
}
