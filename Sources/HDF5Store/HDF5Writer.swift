import CHDF5
import MatrixCore

/// What can be written into an HDF5 file that is being made by `HDF5File.create`.
///
/// Groups on the way to an object are made as needed. Every method throws `HDF5Error`, of kind `writeFailed` unless
/// stated; a name that is taken is a failure too. Objects carry no times, so equal calls give equal files.
public final class HDF5Writer {
    /// The name under which errors speak of the file.
    let path: String
    private var identifier: hid_t?

    init(path: String, identifier: hid_t) {
        self.path = path
        self.identifier = identifier
    }

    /// The file belongs to whoever opened it; after its closure has returned, a writer kept elsewhere is of no use.
    func invalidate() { identifier = nil }

    /// Writes a matrix: data set[i, j] is element (i, j).
    public func write(_ matrix: Matrix<Double>, to name: String, storage: DatasetStorage = .contiguous) throws {
        try write(
            matrix.transposed.elements, shape: [matrix.rows, matrix.columns], to: name,
            type: (file: fourthroot_h5_ieee_f64le, memory: fourthroot_h5_native_double), storage)
    }

    public func write(_ matrix: Matrix<Float>, to name: String, storage: DatasetStorage = .contiguous) throws {
        try write(
            matrix.transposed.elements, shape: [matrix.rows, matrix.columns], to: name,
            type: (file: fourthroot_h5_ieee_f32le, memory: fourthroot_h5_native_float), storage)
    }

    /// Writes an array as float64.
    public func write(_ array: NumericArray<Double>, to name: String, storage: DatasetStorage = .contiguous) throws {
        try write(
            array.values, shape: array.shape, to: name,
            type: (file: fourthroot_h5_ieee_f64le, memory: fourthroot_h5_native_double), storage)
    }

    /// Writes an array as float32.
    public func write(_ array: NumericArray<Float>, to name: String, storage: DatasetStorage = .contiguous) throws {
        try write(
            array.values, shape: array.shape, to: name,
            type: (file: fourthroot_h5_ieee_f32le, memory: fourthroot_h5_native_float), storage)
    }

    /// Writes an array as uint8.
    public func write(_ array: NumericArray<UInt8>, to name: String, storage: DatasetStorage = .contiguous) throws {
        try write(
            array.values, shape: array.shape, to: name,
            type: (file: fourthroot_h5_std_u8le, memory: fourthroot_h5_native_uint8), storage)
    }

    /// Writes an array as uint64.
    public func write(_ array: NumericArray<UInt64>, to name: String, storage: DatasetStorage = .contiguous) throws {
        try write(
            array.values, shape: array.shape, to: name,
            type: (file: fourthroot_h5_std_u64le, memory: fourthroot_h5_native_uint64), storage)
    }

    /// Makes a group, and those above it, where it is not there yet.
    public func createGroup(_ name: String) throws {
        try HDF5Library.locked { try makeGroups(components(of: name), place(name)) }
    }

    func components(of name: String) -> [String] { pathComponents(name) }

    func place(_ object: String) -> ObjectPlace { ObjectPlace(file: path, object: object) }

    /// The open file. Using a writer after its closure is our own mistake.
    var file: hid_t {
        guard let identifier else { preconditionFailure("a writer of \(path) used after its file was closed") }
        return identifier
    }
}

extension HDF5Writer {
    private typealias TypePair = (file: () -> hid_t, memory: () -> hid_t)

    private func write<Element: BitwiseCopyable>(
        _ values: [Element], shape: [Int], to name: String, type: TypePair, _ storage: DatasetStorage
    ) throws {
        try HDF5Library.locked {
            let place = place(name)
            let path = components(of: name)
            guard let last = path.indices.last, !name.utf8.contains(0) else {
                throw place.error(.writeFailed, "is no name for a data set", advice: "give another name")
            }
            try makeGroups(Array(path[..<last]), place)
            let space = try dataspace(shape, place)
            let creation = try creationList(storage, shape, elementBytes: MemoryLayout<Element>.size, place)
            try makeDataset(path, type: type.file(), space: space.raw, creation: creation.raw, place) { dataset in
                guard !values.isEmpty else { return }
                let all = fourthroot_h5_all()
                try place.check(
                    H5Dwrite(dataset, type.memory(), all, all, fourthroot_h5_default(), values), "cannot be written",
                    kind: .writeFailed)
            }
        }
    }

    private func creationList(
        _ storage: DatasetStorage, _ shape: [Int], elementBytes: Int, _ place: ObjectPlace
    ) throws -> Identifier {
        let list = try place.take(
            H5Pcreate(fourthroot_h5_dataset_create_class()), "no creation list", kind: .writeFailed)
        try place.check(H5Pset_obj_track_times(list.raw, false), "cannot be created", kind: .writeFailed)
        guard let chunk = storage.chunk(forShape: shape, elementBytes: elementBytes) else { return list }
        precondition(chunk.count == shape.count, "a chunk \(chunk) for the shape \(shape)")
        let extents = chunk.map { hsize_t($0) }
        try place.check(
            H5Pset_chunk(list.raw, Int32(extents.count), extents), "cannot be chunked by \(chunk)", kind: .writeFailed)
        if storage.shuffle { try place.check(H5Pset_shuffle(list.raw), "cannot be shuffled", kind: .writeFailed) }
        if let level = storage.deflateLevel {
            try place.check(H5Pset_deflate(list.raw, UInt32(level)), "cannot be deflated", kind: .writeFailed)
        }
        return list
    }
}

/// A data space of the given extents; [] is a scalar.
func dataspace(_ shape: [Int], _ place: ObjectPlace) throws -> Identifier {
    let extents = shape.map { hsize_t($0) }
    return try place.take(
        shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(extents.count), extents, nil),
        "the shape \(shape) cannot be stored", kind: .writeFailed)
}
