import CHDF5

/// A file and an object in it, for the messages of errors; turns the library's status values into thrown errors.
struct ObjectPlace {
    let file: String
    let object: String?

    init(file: String, object: String? = nil) {
        self.file = file
        self.object = object
    }

    func error(_ kind: HDF5Error.Kind, _ problem: String, advice: String? = nil) -> HDF5Error {
        HDF5Error(kind: kind, file: file, object: object, problem: problem, advice: advice)
    }

    /// The error for a call that has just failed, its cause taken from the library's stack.
    func libraryError(_ kind: HDF5Error.Kind, _ problem: String) -> HDF5Error {
        let stack = HDF5Library.errorStack()
        // The operating system's refusal is no damage of the file; HDF5 quotes errno in exactly these cases.
        let system = stack.contains { $0.contains("errno = ") }
        var cause = stack.first
        if kind == .writeFailed, let words = stack.first?.firstMatch(of: /error message = '([^']+)'/)?.1 {
            // The system's own words; around them the library names addresses, and temporary files that nobody named.
            cause = String(words)
        } else if let inner = stack.first, let outer = stack.last, stack.count > 1 {
            cause = "\(inner); \(outer)"
        }
        if kind == .corrupt, stack.contains(where: { $0.contains("version") }) {
            return HDF5Error(
                kind: .newerFormat, file: file, object: object,
                problem: "is in a newer format than HDF5 \(HDF5Library.version) knows, or damaged", cause: cause)
        }
        return HDF5Error(
            kind: system && kind == .corrupt ? .unreadable : kind, file: file, object: object, problem: problem,
            cause: cause)
    }

    /// Throws where the library returned a negative status.
    @discardableResult
    func check<Status: SignedInteger>(
        _ status: Status, _ problem: @autoclosure () -> String, kind: HDF5Error.Kind
    ) throws -> Status {
        guard status >= 0 else { throw libraryError(kind, problem()) }
        return status
    }

    /// Takes over the identifier that a call returned, or throws.
    func take(_ raw: hid_t, _ problem: @autoclosure () -> String, kind: HDF5Error.Kind) throws -> Identifier {
        guard raw >= 0 else { throw libraryError(kind, problem()) }
        return Identifier(owning: raw)
    }
}
