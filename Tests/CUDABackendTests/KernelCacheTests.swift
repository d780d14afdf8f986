import Files
import Foundation
import Synchronization
import Testing

@testable import CUDABackend

/// Images that are kept: taken as they were kept or not at all, and never needed.
@Suite final class KernelCacheTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    private let image = [UInt8]((0..<100).map { UInt8(truncatingIfNeeded: $0 * 7) })
    private var cache: KernelCache { KernelCache(folder: CacheFolder(folder)) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static func key(
        source: String = "kernel", options: [String] = ["-a", "sm_90"], compiler: (Int, Int) = (13, 0), driver: Int = 13000
    ) -> KernelCache.Key {
        KernelCache.Key(source: source, options: options, compiler: (compiler.0, compiler.1), driver: driver)
    }

    /// The image that is loaded, and whether it was compiled for it.
    private func open(
        _ cache: KernelCache, _ key: KernelCache.Key = KernelCacheTests.key()
    ) throws -> (image: [UInt8], isCompiled: Bool) {
        var isCompiled = false
        let image = try cache.loading(
            key,
            compile: {
                isCompiled = true
                return self.image
            }, load: { $0 })
        return (image, isCompiled)
    }

    private func onlyEntry() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        try #require(names.count == 1)
        return "\(folder)/\(names[0])"
    }

    @Test func theSecondOpeningCompilesNothing() throws {
        for isFirst in [true, false] {
            let opened = try open(cache)
            #expect(opened.image == image && opened.isCompiled == isFirst)
        }
        for other in [
            Self.key(source: "kernel "), Self.key(options: ["-a", "sm_80"]), Self.key(options: ["-a"]),
            Self.key(compiler: (12, 0)), Self.key(compiler: (13, 1)), Self.key(driver: 13010),
        ] { #expect(try open(cache, other).isCompiled) }
    }

    @Test func aChangedByteIsRefusedWhereverItIs() throws {
        _ = try open(cache)
        let entry = try onlyEntry()
        let sound = try Data(contentsOf: URL(fileURLWithPath: entry))
        var damaged = sound.indices.map { index in
            var bytes = sound
            bytes[index] ^= UInt8(1 << (index % 8))
            return bytes
        }
        damaged += (0..<sound.count).map { sound.prefix($0) } + [sound + [0], sound + sound, Data([0x0A])]
        for bytes in damaged {
            try bytes.write(to: URL(fileURLWithPath: entry))
            #expect(cache.image(Self.key()) == nil)
            #expect(!FileManager.default.fileExists(atPath: entry))
        }
        let opened = try open(cache)
        #expect(opened.image == image && opened.isCompiled)
        #expect(try Data(contentsOf: URL(fileURLWithPath: entry)) == sound)
    }

    /// A whole entry under the name of another.
    @Test func anotherKernelsImageIsRefused() throws {
        _ = try open(cache)
        let entry = try onlyEntry()
        let other = Self.key(source: "other")
        _ = try open(cache, other)
        let path = try #require(
            FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }.first { $0 != entry })
        try Data(contentsOf: URL(fileURLWithPath: entry)).write(to: URL(fileURLWithPath: path))
        #expect(cache.image(other) == nil && cache.image(Self.key()) == image)
    }

    @Test func whatDoesNotCompileOrLoadIsNotKept() throws {
        let failure = DeviceError.compilation(file: "a.cu", architecture: "sm_90", log: "undeclared")
        #expect(throws: failure) {
            try cache.loading(Self.key(), compile: { () throws(DeviceError) in throw failure }, load: { $0 })
        }
        let refusal = DeviceError.call("cuModuleLoadData", code: 200, text: "")
        #expect(throws: refusal) {
            try cache.loading(
                Self.key(), compile: { image }, load: { (_: [UInt8]) throws(DeviceError) -> Int in throw refusal })
        }
        #expect(try open(cache).isCompiled)
        // A driver that refuses what is kept gets a new one.
        var loads = 0
        let loaded = try cache.loading(
            Self.key(), compile: { [1, 2] },
            load: { (bytes: [UInt8]) throws(DeviceError) in
                loads += 1
                if loads == 1 { throw refusal }
                return bytes
            })
        #expect(loads == 2 && loaded == [1, 2] && cache.image(Self.key()) == [1, 2])
    }

    /// Below a file there can be no folder; and there may be no place at all.
    @Test func aFolderThatCannotBeCostsCompilingAlone() throws {
        let file = folder
        try Data().write(to: URL(fileURLWithPath: file))
        let impossible = CacheFolder("\(file)/cache")
        #expect(impossible.problem == "\(file) is no folder")
        for cache in [KernelCache(folder: impossible), KernelCache(folder: nil)] {
            for _ in 0..<2 { #expect(try open(cache).isCompiled) }
        }
    }

    /// Readers and writers at once see whole entries or none.
    @Test func openingsAtOnce() throws {
        let long = [UInt8](repeating: 9, count: 100_000)
        let images = Mutex(Set<[UInt8]>())
        DispatchQueue.concurrentPerform(iterations: 200) { [cache] index in
            let image = try? cache.loading(
                Self.key(), compile: { long },
                load: { (bytes: [UInt8]) throws(DeviceError) in
                    // Now and then the entry is dropped and written anew.
                    if index % 7 == 3 { throw .noDevice }
                    return bytes
                })
            images.withLock { _ = $0.insert(image ?? []) }
        }
        #expect(images.withLock { $0 } == [long, []])
        // The last one may have dropped the entry.
        #expect(try cache.loading(Self.key(), compile: { long }, load: { $0 }) == long)
        _ = try onlyEntry()
    }
}
