extension HDF5File {
    /// The version of the HDF5 library in use, as "1.10.8".
    public static var libraryVersion: String { HDF5Library.version }
}
