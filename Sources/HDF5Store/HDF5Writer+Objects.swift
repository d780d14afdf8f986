import CHDF5

extension HDF5Writer {
    /// Makes the groups of a path that are not there yet.
    func makeGroups(_ path: [String], _ place: ObjectPlace) throws {
        for count in path.indices.map({ $0 + 1 }) {
            let name = path.prefix(count).joined(separator: "/")
            if try exists(name, place) { continue }
            let problem = "its group \(name) cannot be created"
            let creation = try place.take(
                H5Pcreate(fourthroot_h5_group_create_class()), problem, kind: .writeFailed)
            try place.check(H5Pset_obj_track_times(creation.raw, false), problem, kind: .writeFailed)
            let standard = fourthroot_h5_default()
            let group = try place.take(
                H5Gcreate2(file, name, standard, creation.raw, standard), problem, kind: .writeFailed)
            try place.check(group.close(), problem, kind: .writeFailed)
        }
    }

    /// Makes a data set, whose group is there, and fills it by `write`.
    func makeDataset(
        _ path: [String], type: hid_t, space: hid_t, creation: hid_t, _ place: ObjectPlace,
        write: (hid_t) throws -> Void
    ) throws {
        let name = path.joined(separator: "/")
        guard try !exists(name, place) else {
            throw place.error(.writeFailed, "is there already", advice: "give another name")
        }
        let standard = fourthroot_h5_default()
        let dataset = try place.take(
            H5Dcreate2(file, name, type, space, standard, creation, standard), "cannot be created", kind: .writeFailed)
        try write(dataset.raw)
        // Chunks wait in a cache until here.
        try place.check(dataset.close(), "cannot be written", kind: .writeFailed)
    }

    /// Whether there is a link of that path; everything above it must be there.
    private func exists(_ name: String, _ place: ObjectPlace) throws -> Bool {
        try place.check(
            H5Lexists(file, name, fourthroot_h5_default()), "cannot be created", kind: .writeFailed) > 0
    }
}
