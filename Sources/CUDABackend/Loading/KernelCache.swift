import Files
import Foundation

/// Compiled kernels that are kept between runs, a file an image.
///
/// A file is named by the hash of all that its image depends on, and begins with the image's length and a hash of both: one that
/// is damaged, or has another's name, is dropped and made anew. Files appear whole or not at all, so that programs may share
/// the folder at any time. A folder in which nothing can be kept costs the compilation at every start, and nothing else.
struct KernelCache: Sendable {
    /// Nil where nothing is kept.
    let folder: CacheFolder?

    /// What an image depends on.
    struct Key: Sendable {
        fileprivate let name: String

        /// - Parameters:
        ///   - source: with everything that is put before it.
        ///   - options: of the compiler, the architecture among them.
        ///   - compiler: NVRTC's version.
        ///   - driver: its version as the driver gives it.
        init(source: String, options: [String], compiler: (major: Int, minor: Int), driver: Int) {
            let parts = [contentHash(source)] + options + ["\(compiler.major).\(compiler.minor)", "\(driver)"]
            name = contentHash(parts.joined(separator: "\n"))
        }
    }

    /// Loads the image that is kept, or else compiles one and keeps it once it has been loaded.
    ///
    /// An image that is kept and cannot be loaded is dropped: the hash names a content, and does not say what a driver makes
    /// of it.
    ///
    /// - Throws: what `compile` and `load` of the new image throw; there is then no entry.
    func loading<Loaded>(
        _ key: Key, compile: () throws(DeviceError) -> [UInt8], load: ([UInt8]) throws(DeviceError) -> Loaded
    ) throws(DeviceError) -> Loaded {
        if let kept = image(key) {
            if let loaded = try? load(kept) { return loaded }
            drop(key)
        }
        let image = try compile()
        let loaded = try load(image)
        keep(image, key)
        return loaded
    }

    /// The image that is kept; nil where there is none, or one that is damaged, which is dropped.
    func image(_ key: Key) -> [UInt8]? {
        guard let path = path(key), let file = try? ReadableFile(path) else { return nil }
        guard file.size <= Self.largestSize, let bytes = try? file.start(file.size),
            let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        else {
            drop(key)
            return nil
        }
        let image = Array(bytes[(end + 1)...])
        guard bytes[...end].elementsEqual(Self.header(of: image, key).utf8) else {
            drop(key)
            return nil
        }
        return image
    }

    private func keep(_ image: [UInt8], _ key: Key) {
        guard let folder, let path = path(key), (try? folder.make()) != nil, let file = try? TemporaryFile(for: path),
            (try? file.file.write(Data(Self.header(of: image, key).utf8) + image)) != nil
        else { return }
        try? file.commit(overwriting: true)
    }

    private func drop(_ key: Key) {
        if let path = path(key) { unlink(path) }
    }

    private func path(_ key: Key) -> String? { folder.map { "\($0.path)/\(key.name).kernel" } }

    /// Far above any image of ours: what is larger is not read.
    private static let largestSize = 1 << 26

    private static func header(of image: [UInt8], _ key: Key) -> String {
        let hash = contentHash(key.name + image.withUnsafeBytes { contentHash($0) })
        return "fourthroot-kernel \(image.count) \(hash)\n"
    }
}
