import CHDF5

/// Not by H5Ocopy, which in HDF5 1.10 crashes where the disk is full (H5O_copy_header_map), and on strings where there are
/// more attributes than go into an object's header (H5A__dense_post_copy_file_all).
extension HDF5Writer {
    /// Copies groups and data sets with their attributes from another file, under the same names. Data sets must be stored
    /// in chunks, which are taken as they are, compressed.
    ///
    /// - Parameter includes: whether to copy the object of a name.
    /// - Throws: `HDF5Error`, also for what cannot be read.
    public func copyObjects(from source: HDF5File, where includes: (String) -> Bool) throws {
        for group in try source.groups() where includes(group) {
            try createGroup(group)
            try copyAttributes(of: group, from: source)
        }
        for dataset in try source.datasets() where includes(dataset.name) {
            if let failure = dataset.failure { throw failure }
            try HDF5Library.locked { try copyChunks(of: dataset, from: source) }
            try copyAttributes(of: dataset.name, from: source)
        }
    }

    private func copyAttributes(of name: String, from source: HDF5File) throws {
        for (attribute, value) in try source.attributes(of: name).sorted {
            if case .other(let type) = value {
                throw place(name).error(.wrongType, "its attribute \(attribute) is of type \(type)", advice: "remove it")
            }
            try setAttribute(attribute, to: value, of: name)
        }
    }

    private func copyChunks(of dataset: DatasetDescription, from source: HDF5File) throws {
        let place = source.place(dataset.name)
        let location = try source.locate(dataset.name)
        let original = try location.openDataset(place)
        let type = try place.take(H5Dget_type(original.raw), "has no type", kind: .corrupt)
        let space = try place.take(H5Dget_space(original.raw), "has no shape", kind: .corrupt)
        let creation = try place.take(H5Dget_create_plist(original.raw), "has no layout", kind: .corrupt)
        var chunk = [hsize_t](repeating: 0, count: dataset.shape.count)
        guard H5Pget_layout(creation.raw) == H5D_CHUNKED,
            Int(H5Pget_chunk(creation.raw, Int32(chunk.count), &chunk)) == chunk.count
        else { throw place.error(.wrongType, "is not stored in chunks", advice: "store it in chunks") }
        let path = components(of: dataset.name)
        try makeGroups(Array(path.dropLast()), place)
        try makeDataset(path, type: type.raw, space: space.raw, creation: creation.raw, place) { copy in
            for offset in offsets(ofChunks: chunk.map { Int($0) }, in: dataset.shape) {
                try copyChunk(at: offset, of: original.raw, to: copy, limit: source.fileBytes, place)
            }
        }
    }

    private func copyChunk(
        at offset: [hsize_t], of original: hid_t, to copy: hid_t, limit: Int, _ place: ObjectPlace
    ) throws {
        var bytes: hsize_t = 0
        let problem = "its chunk at \(offset) cannot be read"
        try place.check(H5Dget_chunk_storage_size(original, offset, &bytes), problem, kind: .corrupt)
        // One that was never written.
        if bytes == 0 { return }
        guard bytes <= limit else { throw place.error(.corrupt, "\(problem), it is larger than the file") }
        var buffer = [UInt8](repeating: 0, count: Int(bytes))
        var filters: UInt32 = 0
        let standard = fourthroot_h5_default()
        try place.check(H5Dread_chunk(original, standard, offset, &filters, &buffer), problem, kind: .corrupt)
        try self.place(place.object ?? "").check(
            H5Dwrite_chunk(copy, standard, filters, offset, buffer.count, buffer), "cannot be written", kind: .writeFailed)
    }
}

/// Where the chunks of a shape begin.
private func offsets(ofChunks chunk: [Int], in shape: [Int]) -> [[hsize_t]] {
    var offsets: [[hsize_t]] = [[]]
    for (extent, step) in zip(shape, chunk) {
        let along = stride(from: 0, to: extent, by: step).map { hsize_t($0) }
        offsets = offsets.flatMap { offset in along.map { offset + [$0] } }
    }
    return offsets
}
