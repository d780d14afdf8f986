import CHDF5
import Foundation
import MatrixCore

/// An open data set of numbers whose claims about size have been checked. Lives inside `HDF5Library.locked`.
struct NumericDataset: ~Copyable {
    let shape: [Int]
    let element: StoredElement
    private let place: ObjectPlace
    private let dataset: Identifier
    private let space: Identifier
    private let type: Identifier

    private init(
        place: ObjectPlace, shape: [Int], element: StoredElement, dataset: consuming Identifier,
        space: consuming Identifier, type: consuming Identifier
    ) {
        self.place = place
        self.shape = shape
        self.element = element
        self.dataset = dataset
        self.space = space
        self.type = type
    }

    static func open(_ name: String, in file: HDF5File) throws -> NumericDataset {
        let place = file.place(name)
        let dataset = try file.openDataset(name)
        let space = try place.take(H5Dget_space(dataset.raw), "its shape cannot be read", kind: .corrupt)
        let type = try place.take(H5Dget_type(dataset.raw), "its type cannot be read", kind: .corrupt)
        let element = try StoredElement(type: type.raw).interpreted(of: dataset.raw, place)
        switch element.type {
        case .otherFloat, .string, .other:
            throw place.error(.wrongType, "is of type \(element.type), not float32 or float64")
        case .float16, .bfloat16, .float32, .float64, .integer: break
        }
        guard let shape = try extents(ofSpace: space.raw, place) else {
            throw place.error(.wrongShape, "has no data")
        }
        let numeric = NumericDataset(
            place: place, shape: shape, element: element, dataset: dataset, space: space, type: type)
        try numeric.checkSize(fileBytes: file.fileBytes)
        try numeric.checkFilters()
        return numeric
    }

    /// The elements, or those of one first index, converted.
    func values<Scalar: MatrixScalar>(slab: Int?) throws -> [Scalar] {
        let count = (slab == nil ? shape : Array(shape.dropFirst())).reduce(1, *)
        if element.isStored(as: Scalar.self) {
            return try [Scalar](unsafeUninitializedCapacity: count) { target, initialized in
                try read(into: UnsafeMutableRawPointer(target.baseAddress), count: count, slab: slab)
                initialized = count
            }
        }
        return try rawBytes(slab: slab).withUnsafeBytes { element.decode($0, as: Scalar.self) }
    }

    /// The elements as they lie in the file, filters undone.
    func rawBytes(slab: Int?) throws -> [UInt8] {
        let count = (slab == nil ? shape : Array(shape.dropFirst())).reduce(1, *)
        return try [UInt8](unsafeUninitializedCapacity: count * element.bytes) { target, initialized in
            try read(into: UnsafeMutableRawPointer(target.baseAddress), count: count, slab: slab)
            initialized = count * element.bytes
        }
    }

    private func read(into target: UnsafeMutableRawPointer?, count: Int, slab: Int?) throws {
        guard count > 0, let target else { return }
        let failure = "its data cannot be read"
        guard let slab else {
            let all = fourthroot_h5_all()
            try place.check(
                H5Dread(dataset.raw, type.raw, all, all, fourthroot_h5_default(), target), failure, kind: .corrupt)
            return
        }
        var extent = shape.map { hsize_t($0) }
        var start = [hsize_t](repeating: 0, count: extent.count)
        (start[0], extent[0]) = (hsize_t(slab), 1)
        let selection = try place.take(H5Scopy(space.raw), failure, kind: .corrupt)
        try place.check(
            H5Sselect_hyperslab(selection.raw, H5S_SELECT_SET, start, nil, extent, nil), failure, kind: .corrupt)
        let memory = try place.take(H5Screate_simple(Int32(extent.count), extent, nil), failure, kind: .corrupt)
        try place.check(
            H5Dread(dataset.raw, type.raw, memory.raw, selection.raw, fourthroot_h5_default(), target), failure,
            kind: .corrupt)
    }
}

extension NumericDataset {
    /// A header can claim any shape: before anything is allocated, it must fit this machine and what the file holds.
    private func checkSize(fileBytes: Int) throws {
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        // The elements as stored and converted to the widest scalar, which is what reading needs at most.
        guard let count = product(shape), let stored = product([count, element.bytes]),
            let widened = product([count, MemoryLayout<Double>.size]),
            case (let needed, let overflow) = stored.addingReportingOverflow(widened), !overflow, needed <= physical
        else {
            throw place.error(.tooLarge, "its shape \(shape) needs more memory than this machine has")
        }
        let creation = try place.take(
            H5Dget_create_plist(dataset.raw), "its creation properties cannot be read", kind: .corrupt)
        let layout = H5Pget_layout(creation.raw)
        let held = Int(clamping: H5Dget_storage_size(dataset.raw))
        let isElsewhere = layout == H5D_VIRTUAL || H5Pget_external_count(creation.raw) > 0
        guard isElsewhere || held <= fileBytes else {
            throw place.error(.corrupt, "claims \(held) bytes in a file of \(fileBytes)")
        }
        let least = try leastBytes(for: stored, creation: creation.raw, layout: layout)
        guard isElsewhere || held >= least else {
            throw place.error(
                .corrupt, "holds \(held) bytes of data where its shape \(shape) needs \(least) or more",
                advice: "it was truncated, damaged or never written; write it again")
        }
    }

    /// The fewest bytes in the file from which `bytes` of data can come. A chunk never written reads as fill values,
    /// which is legitimate, so chunked sets are held to the largest ratio of deflate (1032 to 1) only where
    /// believing them would cost much.
    private func leastBytes(for bytes: Int, creation: hid_t, layout: H5D_layout_t) throws -> Int {
        guard layout == H5D_CHUNKED else { return bytes }
        return bytes > 1 << 28 ? bytes / 1100 : 0
    }

    private func checkFilters() throws {
        let creation = try place.take(
            H5Dget_create_plist(dataset.raw), "its creation properties cannot be read", kind: .corrupt)
        let count = try place.check(H5Pget_nfilters(creation.raw), "its filters cannot be read", kind: .corrupt)
        for index in 0..<UInt32(count) {
            let filter = try FilterDescription(creation.raw, index: index, place)
            guard H5Zfilter_avail(filter.code) > 0 else {
                throw place.error(.missingFilter, "is compressed by \(filter.name), which this HDF5 library lacks")
            }
        }
    }
}
