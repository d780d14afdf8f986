import CHDF5
import MatrixCore

extension HDF5File {
    /// What the file says about one data set.
    public func description(of name: String) throws -> DatasetDescription {
        try HDF5Library.locked {
            let location = try locate(name)
            let place = place(name)
            let dataset = try location.openDataset(place)
            return try location.file.describe(dataset.raw, place)
        }
    }

    /// Describes an open data set of this file.
    ///
    /// - Parameter place: its name, and for messages the file from which a link led here.
    func describe(_ dataset: hid_t, _ place: ObjectPlace) throws -> DatasetDescription {
        let space = try place.take(H5Dget_space(dataset), "its shape cannot be read", kind: .corrupt)
        let type = try place.take(H5Dget_type(dataset), "its type cannot be read", kind: .corrupt)
        let creation = try place.take(
            H5Dget_create_plist(dataset), "its creation properties cannot be read", kind: .corrupt)
        let element = try StoredElement(type: type.raw).interpreted(of: dataset, AttributeReader(self, place))
        return DatasetDescription(
            name: pathComponents(place.object ?? "").joined(separator: "/"),
            shape: try extents(ofSpace: space.raw, place) ?? [0], elementType: element.type,
            byteOrder: element.order, layout: try layout(creation.raw, place), filters: try filters(creation.raw, place),
            storedBytes: Int(clamping: H5Dget_storage_size(dataset)))
    }

    private func layout(_ creation: hid_t, _ place: ObjectPlace) throws -> DatasetDescription.Layout {
        switch H5Pget_layout(creation) {
        case H5D_COMPACT: return .compact
        case H5D_CONTIGUOUS: return .contiguous
        case H5D_VIRTUAL: return .virtual
        case H5D_CHUNKED:
            var chunk = [hsize_t](repeating: 0, count: Int(H5S_MAX_RANK))
            let rank = try place.check(
                H5Pget_chunk(creation, Int32(chunk.count), &chunk), "its chunks cannot be read", kind: .corrupt)
            return .chunked(chunk.prefix(Int(rank)).map { Int(clamping: $0) })
        default: throw place.error(.corrupt, "its layout is unknown")
        }
    }

    private func filters(_ creation: hid_t, _ place: ObjectPlace) throws -> [String] {
        let count = try place.check(H5Pget_nfilters(creation), "its filters cannot be read", kind: .corrupt)
        return try (0..<UInt32(count)).map { index in
            let filter = try FilterDescription(creation, index: index, place)
            return filter.parameter.map { "\(filter.name)(\($0))" } ?? filter.name
        }
    }
}

/// One stage of a data set's filter pipeline.
struct FilterDescription {
    let code: H5Z_filter_t
    let name: String
    /// The level of deflate.
    let parameter: UInt32?

    init(_ creation: hid_t, index: UInt32, _ place: ObjectPlace) throws {
        var (flags, configuration): (UInt32, UInt32) = (0, 0)
        var parameters = [UInt32](repeating: 0, count: 8)
        var count = parameters.count
        var text = [CChar](repeating: 0, count: 128)
        code = H5Pget_filter2(creation, index, &flags, &count, &parameters, text.count - 1, &text, &configuration)
        try place.check(code, "its filters cannot be read", kind: .corrupt)
        switch code {
        case H5Z_FILTER_DEFLATE: name = "deflate"
        case H5Z_FILTER_SHUFFLE: name = "shuffle"
        case H5Z_FILTER_FLETCHER32: name = "fletcher32"
        case H5Z_FILTER_SZIP: name = "szip"
        case H5Z_FILTER_NBIT: name = "nbit"
        case H5Z_FILTER_SCALEOFFSET: name = "scaleoffset"
        default: name = text[0] == 0 ? "filter \(code)" : printable(text)
        }
        parameter = code == H5Z_FILTER_DEFLATE && count > 0 ? parameters[0] : nil
    }
}

extension StoredElement {
    /// The type that a string attribute gives to 16-bit words: bfloat16, or float16 (half).
    ///
    /// Opaque words without a tag are bfloat16 unless an attribute says otherwise: that is how h5py stores arrays of
    /// the bfloat16 that NumPy lacks. Attributes of other sets are left alone: reading strings of variable length is
    /// where HDF5 1.10 crashes on damaged files.
    func interpreted(of dataset: hid_t, _ reader: AttributeReader) throws -> StoredElement {
        guard bytes == 2, type.isSixteenBitWord || opaqueTag != nil else { return self }
        let attributes = try reader.attributes(of: dataset).sorted.compactMap { $0.value.string }
        let texts = (attributes + [opaqueTag ?? ""]).map { $0.lowercased() }
        var result = self
        if texts.contains(where: { $0.contains("bfloat16") }) {
            result.type = .bfloat16
        } else if texts.contains(where: { $0.contains("float16") || $0.contains("half") }) {
            result.type = .float16
        } else if opaqueTag == "" {
            result.type = .bfloat16
        }
        return result
    }
}

extension ElementType {
    fileprivate var isSixteenBitWord: Bool {
        switch self {
        case .integer(bytes: 2, _): true
        case .integer, .float16, .bfloat16, .float32, .float64, .otherFloat, .string, .other: false
        }
    }
}
