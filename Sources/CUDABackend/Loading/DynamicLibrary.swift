import Foundation

/// A shared library opened while the program runs.
///
/// It stays open until the program ends, since addresses of its functions are kept elsewhere.
struct DynamicLibrary: SymbolSource, @unchecked Sendable {
    let name: String
    private let handle: UnsafeMutableRawPointer

    /// Opens the first candidate that can be opened.
    ///
    /// - Throws: `DeviceError.missingLibrary` with every place that was tried.
    init(_ library: LibraryName, search: LibrarySearch) throws(DeviceError) {
        let candidates = search.candidates(library)
        for candidate in candidates {
            for companion in search.companions(of: candidate, library) { _ = dlopen(companion, RTLD_NOW | RTLD_GLOBAL) }
            if let handle = dlopen(candidate, RTLD_NOW | RTLD_LOCAL) {
                self.handle = handle
                name = candidate
                return
            }
        }
        throw .missingLibrary(library.title, tried: candidates, advice: library.advice)
    }

    func address(of symbol: String) -> UnsafeRawPointer? { dlsym(handle, symbol).map { UnsafeRawPointer($0) } }
}
