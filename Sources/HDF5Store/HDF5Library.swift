import CHDF5
import Foundation

/// The one way into the C library: serial HDF5 is not thread-safe, so every call happens inside `locked`.
enum HDF5Library {
    /// Recursive: a file that a link led to may close while the lock is held.
    private static let lock = NSRecursiveLock()

    /// Without this, HDF5 flushes at process exit whatever a failed close left behind, and a full disk would be met
    /// again there. Files are closed here explicitly, so nothing is left for an exit handler to do.
    private static let withoutExitHandler: Bool = H5dont_atexit() >= 0

    /// See `GlobalHeap`.
    private static let withStringReferences: Bool = fourthroot_h5_register_references() >= 0

    /// Runs `body` alone, with the library's printing of errors off for this thread.
    static func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        _ = withoutExitHandler
        _ = fourthroot_h5_silence()
        _ = withStringReferences
        return try body()
    }

    /// The messages on this thread's error stack, innermost first. Any further call of the library clears them.
    static func errorStack() -> [String] {
        var messages: [String] = []
        withUnsafeMutablePointer(to: &messages) { target in
            _ = fourthroot_h5_walk_errors(
                { _, entry, context in
                    guard let entry, let context else { return 0 }
                    let messages = context.assumingMemoryBound(to: [String].self)
                    if let text = entry.pointee.desc { messages.pointee.append(printable(text)) }
                    return 0
                }, target)
        }
        return messages
    }

    /// The version of the library in use, as "1.10.8".
    static var version: String {
        var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
        _ = locked { H5get_libversion(&major, &minor, &release) }
        return "\(major).\(minor).\(release)"
    }
}

/// The text of a buffer, up to its terminating zero.
func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A C string as one line of printable text: messages may quote bytes of a damaged file.
func printable(_ text: UnsafePointer<CChar>) -> String {
    String(
        String(cString: text).unicodeScalars.prefix(300).map { scalar in
            scalar.properties.generalCategory == .control ? " " : Character(scalar)
        })
}

/// An open object of the library (file, data set, type, …), closed when the value goes out of scope.
///
/// Lives only inside `HDF5Library.locked`; a copy would be closed twice, hence noncopyable.
struct Identifier: ~Copyable {
    let raw: hid_t

    /// Takes over an identifier that a call of the library has just returned.
    init(owning raw: hid_t) { self.raw = raw }

    deinit { _ = H5Idec_ref(raw) }

    /// Closes now; negative where the library failed to, as when flushing a chunk meets a full disk.
    consuming func close() -> Int32 {
        let raw = self.raw
        discard self
        return H5Idec_ref(raw)
    }
}
