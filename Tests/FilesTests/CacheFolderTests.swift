import Foundation
import Testing

@testable import Files

@Suite struct CacheFolderTests {
    @Test func theEnvironmentSaysWhereItIs() {
        func path(_ environment: [String: String]) -> String? { CacheFolder.standard(environment: environment)?.path }
        #expect(path(["FOURTHROOT_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"]) == "/a")
        #expect(path(["XDG_CACHE_HOME": "/b", "HOME": "/c"]) == "/b/fourthroot")
        #expect(path(["HOME": "/c"]) == "/c/.cache/fourthroot")
        #expect(path([:]) == nil)
    }

    @Test func isMadeWithTheFoldersAboveIt() throws {
        let folder = try TestFolder()
        let cache = CacheFolder(folder.path("a/b/c"))
        #expect(cache.problem == nil)
        #expect(try folder.names == [])
        for _ in 0..<2 { try cache.make() }
        #expect(cache.problem == nil)
        try folder.write("text", to: "file")
        let impossible = CacheFolder(folder.path("file"))
        #expect(impossible.problem == "\(folder.path("file")) is no folder")
        #expect(throws: OutputError.self) { try impossible.make() }
    }
}
