import MatrixCore

/// What a file says about one of its data sets, without its data; its attributes are read by
/// `HDF5File.attributes(of:)`.
public struct DatasetDescription: Sendable, Equatable {
    /// How the data lie in the file.
    public enum Layout: Sendable, Equatable {
        case compact
        case contiguous
        case chunked([Int])
        /// Put together from other data sets.
        case virtual
    }

    /// The path without a leading slash.
    public let name: String
    /// The extents, row-major; [] of a scalar, [0] of a set with a null data space.
    public let shape: [Int]
    /// With the convention for uint16 sets already applied, see `HDF5File.readRowsAsColumns`.
    public let elementType: ElementType
    public let byteOrder: ByteOrder?
    public let layout: Layout
    /// In the order in which they are applied on writing: `shuffle`, `deflate(6)`, …
    public let filters: [String]
    /// Bytes that the data take in the file, after compression.
    public let storedBytes: Int
    /// Why the set cannot be described; every other property but the name is then empty.
    public let failure: HDF5Error?
    /// The number of the set in its listing: two descriptions with one number are one set under two paths.
    public let object: Int

    init(name: String, object: Int, failure: HDF5Error) {
        self.init(
            name: name, shape: [], elementType: .other("unknown type"), byteOrder: nil, layout: .contiguous,
            filters: [], storedBytes: 0, failure: failure, object: object)
    }

    /// The same set under another path.
    func naming(_ name: String, object: Int) -> DatasetDescription {
        DatasetDescription(
            name: name, shape: shape, elementType: elementType, byteOrder: byteOrder, layout: layout, filters: filters,
            storedBytes: storedBytes, failure: failure?.naming(name), object: object)
    }

    init(
        name: String, shape: [Int], elementType: ElementType, byteOrder: ByteOrder?, layout: Layout,
        filters: [String], storedBytes: Int, failure: HDF5Error? = nil, object: Int = 0
    ) {
        self.object = object
        self.name = name
        self.shape = shape
        self.elementType = elementType
        self.byteOrder = byteOrder
        self.layout = layout
        self.filters = filters
        self.storedBytes = storedBytes
        self.failure = failure
    }
}
