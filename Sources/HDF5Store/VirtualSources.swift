import CHDF5
import Foundation

/// The data sets that a virtual one is put together from: all of them must be there, hold what is taken from them, and
/// leave no gap.
struct VirtualSources {
    private let supply: DatasetSupply
    private let place: ObjectPlace
    private let creation: hid_t
    /// Virtual sets of virtual sets; each level reads through all below it.
    private static let deepest = 3

    init(_ supply: DatasetSupply) {
        self.supply = supply
        place = supply.place
        creation = supply.creation
    }

    /// The bytes of data of the sources together.
    ///
    /// - Throws: `HDF5Error` of kind `unwritten`, or what is wrong with a source.
    func held() throws -> Int {
        var info = H5O_info_t()
        try place.check(fourthroot_h5_basic_info(supply.dataset, &info), "cannot be read", kind: .corrupt)
        let key = ObjectLocation(file: supply.file, address: info.addr).key
        guard !supply.users.contains(key), supply.users.count < VirtualSources.deepest else {
            throw place.error(
                .corrupt, "is put together from itself, or from virtual sets more than \(VirtualSources.deepest) deep")
        }
        var count = 0
        try place.check(H5Pget_virtual_count(creation, &count), "its sources cannot be read", kind: .corrupt)
        var extents: [String: [Int]] = [:]
        var (held, covered) = (0, 0)
        for index in 0..<count {
            let points = try coveredPoints(index)
            covered += points
            let (file, dataset) = (try name(index, H5Pget_virtual_filename), try name(index, H5Pget_virtual_dsetname))
            let source = "\(file)\u{0}\(dataset)"
            if extents[source] == nil {
                let (shape, bytes) = try examine(file, dataset, users: supply.users + [key])
                extents[source] = shape
                held += bytes
            }
            try requireExtent(extents[source] ?? [], index, points: points, "\(file): \(dataset)")
        }
        let needed = supply.shape.reduce(1, *)
        guard covered >= needed else {
            throw place.error(.unwritten, "its sources fill \(covered) of its \(needed) values")
        }
        return held
    }

    private func examine(_ file: String, _ dataset: String, users: [ObjectKey]) throws -> (shape: [Int], held: Int) {
        let source = "\(file): \(dataset)"
        do {
            let other = file == "." ? supply.file : try supply.file.openOther(file, prefixVariable: "HDF5_VDS_PREFIX")
            let location = try other.locate(dataset)
            let set = try location.openDataset(place)
            let space = try place.take(H5Dget_space(set.raw), "its shape cannot be read", kind: .corrupt)
            let type = try place.take(H5Dget_type(set.raw), "its type cannot be read", kind: .corrupt)
            let list = try place.take(H5Dget_create_plist(set.raw), "its properties cannot be read", kind: .corrupt)
            let shape = try extents(ofSpace: space.raw, place) ?? [0]
            let supply = DatasetSupply(
                file: location.file, dataset: set.raw, creation: list.raw, shape: shape, slab: nil,
                elementBytes: max(1, Int(clamping: H5Tget_size(type.raw))),
                place: ObjectPlace(file: other.path, object: dataset),
                users: users)
            return (shape, try supply.held())
        } catch let error as HDF5Error {
            let isMissing = error.kind == .notFound || error.kind == .noSuchObject
            throw HDF5Error(
                kind: isMissing ? .unwritten : error.kind, file: place.file, object: place.object,
                problem: "its source \(source) \(isMissing ? "is missing" : error.problem)",
                advice: isMissing ? nil : error.advice, cause: error.cause)
        }
    }

    /// How many values a mapping fills.
    private func coveredPoints(_ index: Int) throws -> Int {
        let space = try place.take(
            H5Pget_virtual_vspace(creation, index), "its sources cannot be read", kind: .corrupt)
        let points = H5Sget_select_npoints(space.raw)
        guard points >= 0, hsize_t(points) < fourthroot_h5_unlimited() else {
            throw place.error(
                .wrongType, "is put together from a series that may grow, of which missing parts cannot be told",
                advice: "copy it into a plain set, for instance by h5repack")
        }
        return Int(points)
    }

    /// The part of a source that is taken must lie within it.
    ///
    /// - Parameter points: how many values the mapping fills.
    private func requireExtent(_ shape: [Int], _ index: Int, points: Int, _ source: String) throws {
        let space = try place.take(
            H5Pget_virtual_srcspace(creation, index), "its sources cannot be read", kind: .corrupt)
        // Where all of it is taken, the file does not repeat the source's extents.
        if H5Sget_select_type(space.raw) == H5S_SEL_ALL, shape.reduce(1, *) == points { return }
        var (start, end) = ([hsize_t](repeating: 0, count: 32), [hsize_t](repeating: 0, count: 32))
        guard H5Sget_simple_extent_ndims(space.raw) == shape.count,
            H5Sget_select_bounds(space.raw, &start, &end) >= 0, zip(shape, end).allSatisfy({ hsize_t($0) > $1 })
        else {
            let size = shape.map { "\($0)" }.joined(separator: " × ")
            throw place.error(.unwritten, "its source \(source) is \(size), which is not what is taken from it")
        }
    }

    private func name(
        _ index: Int, _ get: (hid_t, Int, UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws -> String {
        let length = try place.check(get(creation, index, nil, 0), "its sources cannot be read", kind: .corrupt)
        var bytes = [CChar](repeating: 0, count: length + 1)
        try place.check(get(creation, index, &bytes, bytes.count), "its sources cannot be read", kind: .corrupt)
        let name = text(bytes)
        let plain = name.replacingOccurrences(of: "%%", with: "")
        guard !plain.contains("%") else {
            throw place.error(
                .wrongType, "is put together from a series of sources '\(name)', of which missing ones cannot be told",
                advice: "copy it into a plain set, for instance by h5repack")
        }
        return name.replacingOccurrences(of: "%%", with: "%")
    }
}
