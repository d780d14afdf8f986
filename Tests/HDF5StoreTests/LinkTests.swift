import Foundation
import HDF5Store
import MatrixCore
import Testing

/// Links of every kind, as h5py writes them: what a listing holds and what a path leads to.
@Suite(.enabled(if: H5PY.isInstalled, H5PY.missing))
struct LinkTests {
    /// The file that a script makes in a folder of its own, with `f` open for writing.
    private func withFile<Result>(_ script: String, _ body: (HDF5File) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            let script = "import os; os.chdir(sys.argv[1])\nf = h5py.File('a.h5', 'w')\n" + script + "\nf.close()"
            try H5PY.run(script, [folder.path])
            return try body(HDF5File.open(folder.appendingPathComponent("a.h5").path))
        }
    }

    private func names(_ datasets: [DatasetDescription]) -> [String] { datasets.map(\.name) }

    /// One set under two hard paths and a soft one: listed once, found by all three.
    @Test func oneSetUnderManyPaths() throws {
        try withFile(
            """
            f['step_300/L'] = np.eye(3); f['step_200/L'] = 2 * np.eye(3)
            f['latest'] = f['step_300']; f['best'] = h5py.SoftLink('/step_300/L')
            """
        ) { file in
            let listing = try file.listing()
            #expect(names(listing.datasets) == ["latest/L", "step_200/L"])
            #expect(names(listing.datasets(below: "").datasets) == ["best", "latest/L", "step_200/L", "step_300/L"])
            let numbers = listing.datasets(below: "").datasets.map(\.object)
            #expect(numbers[0] == numbers[1] && numbers[1] == numbers[3] && numbers[1] != numbers[2])
            #expect(listing.dataset(at: "/step_300/L")?.object == numbers[0])
            for name in ["best", "latest/L", "step_300/L"] {
                #expect(try file.readRowsAsColumns(name).transposed == .identity(3))
            }
        }
    }

    /// A file of nothing but links: to a set and a group of another file, beside it and not where the program runs.
    @Test func linksToOtherFiles() throws {
        try withFile(
            """
            g = h5py.File('parts.h5', 'w'); g['deep/L'] = np.eye(4); g['R'] = 2 * np.eye(2); g.close()
            f['layer'] = h5py.ExternalLink('parts.h5', '/deep'); f['single'] = h5py.ExternalLink('parts.h5', 'R')
            """
        ) { file in
            let datasets = try file.datasets()
            #expect(names(datasets) == ["layer/L", "single"])
            #expect(try file.readRowsAsColumns("layer/L").transposed == .identity(4))
            #expect(try file.readRowsAsColumns("single").transposed == Matrix(diagonal: [2, 2]))
            #expect(try file.description(of: "layer/L").shape == [4, 4])
        }
    }

    @Test func loopsEndAndDanglingLinksAreSaid() throws {
        try withFile(
            """
            f['own'] = np.eye(2); g = f.create_group('g'); g['up'] = h5py.SoftLink('/'); g['self'] = f['/']
            f['ping'] = h5py.SoftLink('/pong'); f['pong'] = h5py.SoftLink('/ping')
            f['dangling'] = h5py.SoftLink('/nowhere'); f['gone'] = h5py.ExternalLink('missing.h5', '/R')
            f['me'] = h5py.ExternalLink('a.h5', '/')
            """
        ) { file in
            let listing = try file.listing()
            #expect(names(listing.datasets) == ["own"])
            #expect(names(listing.datasets(below: "").datasets) == ["own"])
            #expect(names(listing.datasets(below: "g/up").datasets) == ["g/up/own"])
            #expect(listing.unreached.map(\.object) == ["dangling", "gone", "ping", "pong"])
            #expect(listing.unreached.allSatisfy { $0.kind == .noSuchObject })
            for name in ["g/up/own", "g/self/own", "me/g/self/own"] {
                #expect(listing.dataset(at: name)?.name == name)
                #expect(try file.readRowsAsColumns(name).transposed == .identity(2))
            }
        }
    }

    /// 40 groups, each of which links twice to the next, have 2^40 paths to one set.
    @Test func aLatticeOfLinksIsBounded() throws {
        try withFile(
            """
            group = f
            for level in range(40):
                below = f.create_group(f'store/{level}'); group['a'] = below; group['b'] = below; group = below
            group['L'] = np.eye(2)
            """
        ) { file in
            let listing = try file.listing()
            #expect(listing.datasets.count == 1)
            #expect(!listing.datasets(below: "").isWhole)
            let near = listing.datasets(below: "store/37")
            #expect(near.isWhole && near.datasets.count == 4)
            #expect(listing.dataset(at: [String](repeating: "b", count: 40).joined(separator: "/") + "/L") != nil)
        }
    }

    /// A pipe would be waited for, for ever.
    @Test(.timeLimit(.minutes(1))) func linksToWhatIsNoFile() throws {
        try withFile(
            """
            os.mkfifo('pipe'); f['good'] = np.eye(2)
            f['pipe_link'] = h5py.ExternalLink('pipe', '/R'); f['folder_link'] = h5py.ExternalLink('.', '/R')
            """
        ) { file in
            let listing = try file.listing()
            #expect(names(listing.datasets) == ["good"])
            #expect(listing.unreached.map(\.object) == ["folder_link", "pipe_link"])
            #expect(#expect(throws: HDF5Error.self) { try file.readRowsAsColumns("pipe_link").transposed }?.kind == .unreadable)
        }
    }
}
