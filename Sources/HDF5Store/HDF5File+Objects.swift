import CHDF5
import Foundation

extension HDF5File {
    /// Whether there is an object at a path inside the file.
    ///
    /// - Throws: `HDF5Error` where what lies on the way cannot be read.
    public func contains(_ name: String) throws -> Bool {
        try HDF5Library.locked {
            do {
                _ = try locate(name).open(place(name))
                return true
            } catch let error as HDF5Error where error.kind == .noSuchObject {
                return false
            }
        }
    }
}

extension ObjectLocation {
    /// Opens a data set; anything else of that name is a `wrongType`.
    func openDataset(_ place: ObjectPlace) throws -> Identifier {
        let object = try open(place)
        guard H5Iget_type(object.raw) == H5I_DATASET else {
            throw place.error(.wrongType, "is not a data set", advice: "name a data set")
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
