import Foundation
import HDF5Store
import MatrixCore
import Testing

/// Values that nobody wrote, and files that claim more than they hold: refused before anything is read.
@Suite(.enabled(if: H5PY.isInstalled, H5PY.missing))
struct SupplyTests {
    /// Makes `a.h5` by a script and tries to read `L`.
    private func failure(_ script: String) throws -> HDF5Error? {
        try withTemporaryFolder { folder in
            let start = """
                import os; os.chdir(sys.argv[1])
                a = np.eye(16); f = h5py.File('a.h5', 'w', libver=('v110', 'v110'))
                def virtual(name, source, rows, shape=(16, 16)):
                    layout = h5py.VirtualLayout((16, 16), 'f8'); layout[:rows] = source
                    f.create_virtual_dataset(name, layout, fillvalue=0)

                """
            try H5PY.run(start + script + "\nf.close()", [folder.path])
            do {
                let matrix = try HDF5File.open(folder.appendingPathComponent("a.h5").path).readRowsAsColumns("L").transposed
                #expect(matrix == .identity(16))
            } catch let error as HDF5Error {
                return error
            }
            return nil
        }
    }

    @Test(arguments: [
        "f['L'] = a",
        "d = f.create_dataset('L', (16, 16), 'f8', chunks=(5, 7), compression='gzip'); d[:] = a",
        "d = f.create_dataset('L', (16, 16), 'f4', chunks=(1, 1)); d[:] = a",
        "d = f.create_dataset('L', (16, 16), 'f8', chunks=(32, 32), maxshape=(None, None)); d[:] = a",
        "d = f.create_dataset('L', (16, 16), 'f8', fillvalue=1); d[:] = a",
        "f['L'] = a; f['L'].attrs['_FillValue'] = 1.0; f['L'].attrs['missing_value'] = 'none'",
        "f['s'] = a; virtual('L', h5py.VirtualSource('.', 's', (16, 16)), 16)",
        "f['s'] = np.eye(20); virtual('L', h5py.VirtualSource('.', 's', (20, 20))[:16, :16], 16)",
        "f['s'] = a; virtual('t', h5py.VirtualSource('.', 's', (16, 16)), 16); virtual('L', h5py.VirtualSource('.', 't', (16, 16)), 16)",
        "r = os.path.join(sys.argv[1], 'r'); a.tofile(r); f.create_dataset('L', (16, 16), 'f8', external=[(r, 0, 2048)])",
    ])
    func whatIsWrittenReads(_ script: String) throws {
        #expect(try failure(script) == nil)
    }

    @Test(arguments: [
        ("f.create_dataset('L', (16, 16), 'f8')", "never written"),
        ("f.create_dataset('L', (16, 16), 'f8', chunks=(4, 16))", "never written"),
        ("f.create_dataset('L', (8192, 8192), 'f4', chunks=(64, 64), compression='gzip')", "never written"),
        ("d = f.create_dataset('L', (16, 16), 'f8', chunks=(4, 16)); d[:8] = a[:8]", "of 4 chunks the one at (8, 0)"),
        ("d = f.create_dataset('L', (16, 16), 'f8', chunks=(8, 8)); d[:8, :8] = 1", "of 4 chunks the one at (0, 8)"),
        ("virtual('L', h5py.VirtualSource('moved.h5', 's', (16, 16)), 16)", "moved.h5: s is missing"),
        ("f['s'] = a; virtual('L', h5py.VirtualSource('.', 't', (16, 16)), 16)", "t is missing"),
        ("f['s'] = a[:8]; virtual('L', h5py.VirtualSource('.', 's', (8, 16)), 8)", "fill 128 of its 256 values"),
        ("f['s'] = a[:8]; virtual('L', h5py.VirtualSource('.', 's', (16, 16))[:], 16)", "s is 8 × 16"),
        ("f.create_dataset('s', (16, 16), 'f8'); virtual('L', h5py.VirtualSource('.', 's', (16, 16)), 16)", "never written"),
        ("f.create_dataset('L', (16, 16), 'f8', external=[('/nowhere/r', 0, 2048)])", "/nowhere/r, which is missing"),
        (
            "r = os.path.join(sys.argv[1], 'r'); a[:8].tofile(r); f.create_dataset('L', (16, 16), 'f8', external=[(r, 0, 2048)])",
            "has 1024 bytes where 2048"
        ),
        (
            "d = f.create_dataset('L', (16, 16), 'f4', fillvalue=9.969209968386869e36); d[:8] = 1",
            "netCDF's fill value at (8, 0)"
        ),
        ("d = f.create_dataset('L', (16, 16), 'f4', fillvalue=-1); d[:] = -1", "fill value -1.0 throughout"),
        ("f['L'] = a * 0 - 9; f['L'].attrs['_FillValue'] = -9.0", "fill value -9.0 throughout"),
        ("f['L'] = a * 0 + 7; f['L'].attrs['missing_value'] = np.array([7])", "fill value 7.0 throughout"),
        (
            "f['L'] = (a + 9.969209968386869e36).astype('f4'); f['L'].attrs['_FillValue'] = np.float32(9.969209968386869e36)",
            "netCDF's fill value"
        ),
    ])
    func whatNobodyWroteIsNoMatrix(_ script: String, _ words: String) throws {
        let error = try failure(script)
        #expect(error?.kind == .unwritten, "\(String(describing: error))")
        #expect(error?.problem.contains(words) == true, "\(String(describing: error))")
    }

    /// A chunk far larger than its set, a pipe, and sets that are made of themselves.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "d = f.create_dataset('L', (8, 8), 'f4', chunks=(8192, 8192), compression='gzip', maxshape=(None, None)); d[:] = np.eye(8, dtype='f4')",
            "os.mkfifo('r'); f.create_dataset('L', (16, 16), 'f8', external=[(os.path.join(sys.argv[1], 'r'), 0, 2048)])",
            "virtual('L', h5py.VirtualSource('.', 'L', (16, 16)), 16)",
            "virtual('L', h5py.VirtualSource('.', 'M', (16, 16)), 16); virtual('M', h5py.VirtualSource('.', 'L', (16, 16)), 16)",
        ])
    func hostileSetsAreRefused(_ script: String) throws {
        #expect(try failure(script)?.kind == .corrupt)
    }

    /// ε·I of order 4096 takes a thousandth of its bytes, in small chunks or in one; it is as honest as any other.
    @Test(arguments: ["(256, 256)", "(4096, 4096)"]) func statisticsThatCompressWell(_ chunks: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("a.h5").path
            try H5PY.run(
                """
                with h5py.File(sys.argv[1], 'w') as f: f.create_dataset('L', data=1e-6 * np.eye(4096, dtype='f4'),
                    chunks=\(chunks), compression='gzip')
                """, [path])
            let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            #expect(size < 4096 * 4096 * 4 / 100)
            let values = try HDF5File.open(path).readRowsAsColumns("L", as: Float.self).elements
            #expect(values.lazy.filter { $0 == 1e-6 }.count == 4096 && values.lazy.filter { $0 == 0 }.count == 4096 * 4095)
            #expect(try HDF5Probe.examine(path) == [])
        }
    }

    /// What would take gigabytes is refused before anything of it is read: 2^29 values of half a byte in a thousand.
    @Test func expansionHasAnEnd() throws {
        let error = try failure(
            """
            d = f.create_dataset('L', (32768, 16384), 'f2', chunks=(1024, 16384), compression='gzip')
            for i in range(0, 32768, 1024): d[i:i + 1024] = np.ones((1024, 16384), 'f2')
            """)
        #expect(error?.kind == .tooLarge && error?.problem.contains("268435456") == true, "\(String(describing: error))")
    }

    /// 3,000 references of one attribute to a text of 1 MB: the file is damaged, and read without 3 GB.
    @Test func oneTextReferredToAgainAndAgain() throws {
        try withTemporaryFolder { folder in
            let script = """
                import struct
                path = sys.argv[1] + '/bomb.h5'
                with h5py.File(path, 'w', libver='earliest') as f:
                    f.attrs.create('x', np.array(['A' * 1000000] + ['B'] * 3000, dtype=object), dtype=h5py.string_dtype())
                b = bytearray(open(path, 'rb').read()); key = struct.pack('<I', 1000000); i = b.find(key)
                while b[i + 16:i + 20] != struct.pack('<I', 1): i = b.find(key, i + 1)
                for k in range(1, 3001): b[i + 16 * k:i + 16 * k + 16] = b[i:i + 16]
                open(path, 'wb').write(b)
                """
            try H5PY.run(script, [folder.path])
            let error = #expect(throws: HDF5Error.self) {
                try HDF5File.open(folder.appendingPathComponent("bomb.h5").path).attributes()
            }
            #expect(error?.problem.contains("more bytes than the file has") == true)
        }
    }

    /// bfloat16 as h5py stores it (opaque words), as Keras does (with an attribute), and in signed integers.
    @Test(arguments: [
        "f['L'] = bits.view('V2')", "f['L'] = bits.view('V2'); f['L'].attrs['dtype'] = 'bfloat16'",
        "f['L'] = bits.view('i2'); f['L'].attrs['torch_dtype'] = 'torch.bfloat16'",
    ])
    func bfloat16InOtherTypes(_ script: String) throws {
        #expect(try failure("bits = (a.astype('f4').view('u4') >> 16).astype('u2')\n" + script) == nil)
    }

    /// A file that a writer of format 1.10 was killed at, and one whose layout message is of a version to come.
    @Test func staleMarksAndNewerFormats() throws {
        try withTemporaryFolder { folder in
            let script = """
                import os; os.chdir(sys.argv[1])
                f = h5py.File('new.h5', 'w', libver='latest'); f.create_dataset('L', data=np.eye(9), chunks=(4, 9), compression='gzip')
                f.close()
                f = h5py.File('stale.h5', 'w', libver='latest'); f['L'] = np.eye(3); f.swmr_mode = True; f.flush(); os._exit(0)
                """
            try H5PY.run(script, [folder.path])
            let stale = #expect(throws: HDF5Error.self) { try HDF5File.open(folder.appendingPathComponent("stale.h5").path) }
            #expect(stale?.kind == .unreadable && stale?.advice.contains("h5clear -s") == true)
            let file = try HDF5File.open(folder.appendingPathComponent("new.h5").path)
            guard let failure = try file.datasets().first?.failure else { return }
            #expect(failure.kind == .newerFormat && failure.problem.contains("newer"))
        }
    }
}
