import CHDF5
import Foundation
import MatrixCore

/// An open data set of numbers, or the part of one with one first index, whose claims have been checked: a type that
/// is read, values that were written, and no more memory than the file and the machine pay for. Lives inside
/// `HDF5Library.locked`.
struct NumericDataset: ~Copyable {
    let shape: [Int]
    let element: StoredElement
    private let place: ObjectPlace
    /// Keeps the file open in which the set lies, to which a link may have led.
    private let file: HDF5File
    private let slab: Int?
    private let dataset: Identifier
    private let space: Identifier
    private let type: Identifier
    private let creation: Identifier

    private init(
        _ place: ObjectPlace, _ file: HDF5File, shape: [Int], element: StoredElement, slab: Int?,
        dataset: consuming Identifier, space: consuming Identifier, type: consuming Identifier,
        creation: consuming Identifier
    ) {
        self.place = place
        self.file = file
        self.shape = shape
        self.element = element
        self.slab = slab
        self.dataset = dataset
        self.space = space
        self.type = type
        self.creation = creation
    }

    /// - Parameter slab: the first index of the part to read; nil for the whole set.
    static func open(_ name: String, in file: HDF5File, slab: Int? = nil) throws -> NumericDataset {
        let place = file.place(name)
        let location = try file.locate(name)
        let dataset = try location.openDataset(place)
        let space = try place.take(H5Dget_space(dataset.raw), "its shape cannot be read", kind: .corrupt)
        let type = try place.take(H5Dget_type(dataset.raw), "its type cannot be read", kind: .corrupt)
        let creation = try place.take(
            H5Dget_create_plist(dataset.raw), "its creation properties cannot be read", kind: .corrupt)
        let element = try StoredElement(type: type.raw).interpreted(
            of: dataset.raw, AttributeReader(location.file, place))
        switch element.type {
        case .otherFloat, .string, .other:
            throw place.error(.wrongType, "is of type \(element.type), not float32 or float64")
        case .float16, .bfloat16, .float32, .float64, .integer: break
        }
        guard let shape = try extents(ofSpace: space.raw, place) else {
            throw place.error(.wrongShape, "has no data")
        }
        if let slab {
            guard let count = shape.first, (0..<count).contains(slab) else {
                throw place.error(
                    .wrongShape, "has no index \(slab), its shape is \(shape)", advice: "check the index")
            }
        }
        try checkFilters(creation.raw, place)
        try DatasetSupply(
            file: location.file, dataset: dataset.raw, creation: creation.raw, shape: shape, slab: slab,
            elementBytes: element.bytes, place: place
        ).check()
        return NumericDataset(
            place, location.file, shape: shape, element: element, slab: slab, dataset: dataset, space: space, type: type,
            creation: creation)
    }

    private var count: Int { (slab == nil ? shape : Array(shape.dropFirst())).reduce(1, *) }

    /// The elements, converted.
    func values<Scalar: MatrixScalar>() throws -> [Scalar] {
        if element.isStored(as: Scalar.self) {
            return try [Scalar](unsafeUninitializedCapacity: count) { target, initialized in
                try read(into: UnsafeMutableRawPointer(target.baseAddress), count: count)
                initialized = count
            }
        }
        return try rawBytes().withUnsafeBytes { element.decode($0, as: Scalar.self) }
    }

    /// The elements as they lie in the file, filters undone.
    func rawBytes() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count * element.bytes) { target, initialized in
            try read(into: UnsafeMutableRawPointer(target.baseAddress), count: count)
            initialized = count * element.bytes
        }
    }

    private func read(into target: UnsafeMutableRawPointer?, count: Int) throws {
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

/// What netCDF gives to every value until it is written; nobody's statistic holds it.
///
/// Source: NC_FILL_FLOAT and NC_FILL_DOUBLE of netcdf.h, 9.9692099683868690e+36.
private let netCDFFill = 0x1.ep122

extension NumericDataset {
    /// Throws where every value is a fill value that the writer chose, or one is it and it is netCDF's, which no
    /// statistic holds. Zeros are left alone: they are a value that statistics have.
    func requireWritten<Scalar: MatrixScalar>(_ values: [Scalar]) throws {
        for fill: Scalar in try chosenFillValues() where fill != 0 {
            guard let position = values.firstIndex(of: fill) else { continue }
            if fill == Scalar(netCDFFill) {
                let (row, column) = position.quotientAndRemainder(dividingBy: max(1, shape.last ?? 1))
                throw place.error(.unwritten, "holds netCDF's fill value at (\(row), \(column)), which nobody wrote")
            }
            guard values.contains(where: { $0 != fill }) else {
                throw place.error(.unwritten, "holds its fill value \(fill) throughout, nobody wrote it")
            }
        }
    }

    /// By HDF5's own property, or by the attributes that netCDF and CF have for it: a file that was copied or packed by other
    /// programs may have only these.
    private func chosenFillValues<Scalar: MatrixScalar>() throws -> [Scalar] {
        var reader = AttributeReader(file, place)
        let attributes = try ["_FillValue", "missing_value"].compactMap { name -> Scalar? in
            guard try place.check(H5Aexists(dataset.raw, name), "its attributes cannot be read", kind: .corrupt) > 0 else {
                return nil
            }
            return try reader.attribute(name, of: dataset.raw).numbers?.first.map { Scalar($0) }
        }
        return try [chosenFillValue()].compactMap(\.self) + attributes
    }

    /// The fill value where the writer has set one.
    private func chosenFillValue<Scalar: MatrixScalar>() throws -> Scalar? {
        var kind = H5D_FILL_VALUE_UNDEFINED
        let problem = "its fill value cannot be read"
        try place.check(H5Pfill_value_defined(creation.raw, &kind), problem, kind: .corrupt)
        guard kind == H5D_FILL_VALUE_USER_DEFINED else { return nil }
        var bytes = [UInt8](repeating: 0, count: element.bytes)
        try place.check(H5Pget_fill_value(creation.raw, type.raw, &bytes), problem, kind: .corrupt)
        return bytes.withUnsafeBytes { element.decode($0, as: Scalar.self).first }
    }

    private static func checkFilters(_ creation: hid_t, _ place: ObjectPlace) throws {
        let count = try place.check(H5Pget_nfilters(creation), "its filters cannot be read", kind: .corrupt)
        for index in 0..<UInt32(count) {
            let filter = try FilterDescription(creation, index: index, place)
            guard H5Zfilter_avail(filter.code) > 0 else {
                throw place.error(.missingFilter, "is compressed by \(filter.name), which this HDF5 library lacks")
            }
        }
    }
}
