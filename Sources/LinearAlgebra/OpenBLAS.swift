import COpenBLAS

/// The library as a whole: its threads and its kernel.
public enum OpenBLAS {
    /// The number of threads of every following call in this process.
    public static func setThreadCount(_ count: Int) {
        precondition(count > 0, "\(count) threads")
        openblas_set_num_threads(Int32(count))
    }

    public static var threadCount: Int { Int(openblas_get_num_threads()) }

    /// The kernel in use, chosen when the library was loaded (`OPENBLAS_CORETYPE` overrides it); it decides the speed,
    /// so every timing names it.
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// The library's version and build options.
    public static var configuration: String { String(cString: openblas_get_config()) }
}
