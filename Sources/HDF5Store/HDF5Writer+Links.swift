import CHDF5

extension HDF5Writer {
    /// Makes an external link to the object of the same path in another file.
    ///
    /// - Parameter other: its path, from the folder of the file with the link unless it is absolute.
    public func link(_ name: String, toFile other: String) throws {
        try HDF5Library.locked {
            let (path, place) = (components(of: name), place(name))
            try makeGroups(Array(path.dropLast()), place)
            let standard = fourthroot_h5_default()
            let target = path.joined(separator: "/")
            try place.check(
                H5Lcreate_external(other, "/" + target, file, target, standard, standard), "cannot be linked",
                kind: .writeFailed)
        }
    }
}
