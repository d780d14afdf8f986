import CHDF5

/// Where new objects go. While a step is appended, the topmost new object on a path (a group with all that is put
/// into it, or a data set) has no link yet: first it is written in full, where no reader of the file looks, then the
/// link is. So a process killed while it writes leaves finished steps and no half ones.
extension HDF5Writer {
    /// An object without a link, and the path it will have.
    struct StagedObject {
        let path: [String]
        let identifier: hid_t
    }

    /// The open object from which a path leads on, and the rest of the path.
    func locate(_ path: [String]) -> (base: hid_t, name: String) {
        guard let object = staged.first(where: { path.starts(with: $0.path) }) else {
            return (file, path.isEmpty ? "/" : path.joined(separator: "/"))
        }
        let rest = path.dropFirst(object.path.count)
        return (object.identifier, rest.isEmpty ? "." : rest.joined(separator: "/"))
    }

    /// Whether there is a link or a staged object of that path; everything above it must be there.
    func exists(_ path: [String], _ place: ObjectPlace) throws -> Bool {
        let (base, name) = locate(path)
        guard name != "." else { return true }
        return try place.check(
            H5Lexists(base, name, fourthroot_h5_default()), "cannot be created", kind: .writeFailed) > 0
    }

    /// Whether an object of that path, its group being there, is made without a link.
    private func isStaged(_ path: [String]) -> Bool { isAppending && locate(path).base == file }

    func makeGroups(_ path: [String], _ place: ObjectPlace) throws {
        for count in path.indices.map({ $0 + 1 }) {
            let prefix = Array(path.prefix(count))
            if try exists(prefix, place) { continue }
            let problem = "its group \(prefix.joined(separator: "/")) cannot be created"
            let creation = try place.take(
                H5Pcreate(fourthroot_h5_group_create_class()), problem, kind: .writeFailed)
            try place.check(H5Pset_obj_track_times(creation.raw, false), problem, kind: .writeFailed)
            let standard = fourthroot_h5_default()
            if isStaged(prefix) {
                let group = try place.check(
                    H5Gcreate_anon(file, creation.raw, standard), problem, kind: .writeFailed)
                staged.append(StagedObject(path: prefix, identifier: group))
            } else {
                let (base, name) = locate(prefix)
                let group = try place.take(
                    H5Gcreate2(base, name, standard, creation.raw, standard), problem, kind: .writeFailed)
                try place.check(group.close(), problem, kind: .writeFailed)
            }
        }
    }

    /// Makes a data set, whose group is there, and fills it by `write`.
    func makeDataset(
        _ path: [String], type: hid_t, space: hid_t, creation: hid_t, _ place: ObjectPlace,
        write: (hid_t) throws -> Void
    ) throws {
        guard try !exists(path, place) else {
            throw place.error(.writeFailed, "is there already", advice: "give another name")
        }
        let standard = fourthroot_h5_default()
        guard isStaged(path) else {
            let (base, name) = locate(path)
            let dataset = try place.take(
                H5Dcreate2(base, name, type, space, standard, creation, standard), "cannot be created",
                kind: .writeFailed)
            try write(dataset.raw)
            // Chunks wait in a cache until here.
            try place.check(dataset.close(), "cannot be written", kind: .writeFailed)
            return
        }
        let dataset = try place.check(
            H5Dcreate_anon(file, type, space, creation, standard), "cannot be created", kind: .writeFailed)
        staged.append(StagedObject(path: path, identifier: dataset))
        try write(dataset)
        try place.check(H5Dflush(dataset), "cannot be written", kind: .writeFailed)
    }

    /// Links what was staged, all of which must be on the disk.
    func linkStaged() throws {
        let standard = fourthroot_h5_default()
        while let object = staged.popLast() {
            let name = object.path.joined(separator: "/")
            let identifier = Identifier(owning: object.identifier)
            try place(name).check(
                H5Olink(identifier.raw, file, name, standard, standard), "cannot be linked", kind: .writeFailed)
            try place(name).check(identifier.close(), "cannot be closed", kind: .writeFailed)
        }
    }
}
