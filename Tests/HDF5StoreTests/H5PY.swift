import Foundation
import Testing

/// h5py, the implementation against which reading and writing are held; tests that need it are skipped without it.
enum H5PY {
    static let isInstalled: Bool = (try? run("import h5py, numpy")) != nil
    static let missing: Comment = "needs python3 with h5py and numpy"

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a script with numpy as np and h5py imported, and returns what it prints.
    @discardableResult
    static func run(_ script: String, _ arguments: [String] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import sys, h5py, numpy as np\n" + script] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: complaint) }
        return text
    }

    /// The folder of the files of `h5pyFixtures`, made once; removed by nobody but the system's cleaning of its
    /// temporary folder, since tests run in any order.
    static let fixtures: Result<URL, any Error> = Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fourthroot-h5py-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(h5pyFixtures, [folder.path])
        return folder
    }

    static func fixture(_ name: String) throws -> String {
        try fixtures.get().appendingPathComponent(name).path
    }
}

/// A folder of its own for one test, removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fourthroot-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// `matrices.h5`: the matrix a[i, j] = (16 i + j)/8, exact even in bfloat16 below 256/8, in every form that is read.
/// `conversions.h5`: all 16-bit patterns and their values, doubles and their nearest floats, by numpy.
/// `tree.h5`: links of every kind. `refused.h5`: what is not a matrix. `attributes.h5`. `old.h5`, `new.h5`: fuzzed.
private let h5pyFixtures = """
    folder = sys.argv[1]
    a = (16 * np.arange(12)[:, None] + np.arange(12)[None, :]) / 8
    with h5py.File(folder + '/matrices.h5', 'w') as f:
        f['float32'] = a.astype('<f4')
        f['float64'] = a.astype('<f8')
        f['float32_big'] = a.astype('>f4')
        f['float64_big'] = a.astype('>f8')
        f['float16'] = a.astype('<f2')
        f['float16_big'] = a.astype('>f2')
        bits = (a.astype('f4').view('u4') >> 16).astype('u2')
        f['bfloat16'] = bits
        f['bfloat16'].attrs['dtype'] = 'torch.BFloat16'
        f['bfloat16_big'] = bits.astype('>u2')
        f['bfloat16_big'].attrs['encoding'] = np.bytes_('bfloat16')
        f['half'] = a.astype('f2').view('u2')
        f['half'].attrs['note'] = 'IEEE half precision'
        f.create_dataset('chunked', data=a, chunks=(5, 7))
        f.create_dataset('gzip', data=a.astype('f4'), chunks=(5, 5), compression='gzip')
        f.create_dataset('all_filters', data=a, chunks=(4, 12), compression='gzip', shuffle=True, fletcher32=True)
        f.create_dataset('extendible', data=a.astype('>f4'), chunks=(5, 5), maxshape=(None, None))
        f.create_dataset('scaleoffset', data=a.astype('f4'), chunks=(6, 6), scaleoffset=4)
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        h5py.h5d.create(f.id, b'compact', h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple(a.shape), plist).write(
            h5py.h5s.ALL, h5py.h5s.ALL, a)
        f['one'] = np.array([[2.5]], 'f4')
        f['wide'] = a[:3, :5]
        f['steps'] = np.stack([a, a + 1, a + 2]).astype('f4')
        f['vector'] = np.array([1, 2.5, -3e300])
        f['scalar'] = np.float32(7.5)
        f['bytes'] = np.arange(6, dtype='u1').reshape(2, 3)
        f['signed'] = np.array([-5, 2 ** 40], '>i8')
    rng = np.random.default_rng(20240517)
    with h5py.File(folder + '/conversions.h5', 'w') as f:
        patterns = np.arange(65536, dtype='u2').reshape(256, 256)
        with np.errstate(invalid='ignore', over='ignore'):
            f['float16'] = patterns.view('f2')
            f['float16_value'] = patterns.view('f2').astype('f8')
            f['bfloat16'] = patterns
            f['bfloat16'].attrs['dtype'] = 'bfloat16'
            f['bfloat16_value'] = (patterns.astype('u4') << 16).view('f4').astype('f8')
            x = rng.standard_normal((100, 100)) * 10.0 ** rng.integers(-50, 45, (100, 100))
            y = rng.standard_normal((100, 100)).astype('f4')
            x[::3] = (y.astype('f8')[::3] + np.nextafter(y, np.float32(9)).astype('f8')[::3]) / 2
            x[0, :4] = [np.inf, -np.inf, -0.0, 3.4028235677973366e38]
            f['float64'] = x
            f['float64_big'] = x.astype('>f8')
            f['float64_value'] = x.astype('f4')
    with h5py.File(folder + '/other.h5', 'w') as f:
        f['x'] = a
    with h5py.File(folder + '/tree.h5', 'w') as f:
        f['z'] = a
        f['group/deep/er/m'] = a
        f['group/a'] = a[0]
        f['group/\\u00fc'] = a
        f['a.b'] = a
        f['a/b'] = a
        f['twice'] = f['group/deep/er/m']
        f['group/loop'] = f['group']
        f['group/root'] = f['/']
        f['dangling'] = h5py.SoftLink('/nowhere/at/all')
        f['soft'] = h5py.SoftLink('/z')
        f['external'] = h5py.ExternalLink('other.h5', '/x')
        f['gone'] = h5py.ExternalLink('missing.h5', '/x')
        for i in range(20):
            f[f'many/{i}'] = a
        f.create_group('empty')
    with h5py.File(folder + '/refused.h5', 'w') as f:
        f['integer'] = np.arange(16).reshape(4, 4)
        f['uint16'] = np.arange(16, dtype='u2').reshape(4, 4)
        f['string'] = 'text'
        f['strings'] = ['a', 'b']
        f['compound'] = np.zeros((2, 2), [('x', 'f4'), ('y', 'i4')])
        f['boolean'] = np.ones((2, 2), bool)
        f['complex'] = np.ones((2, 2), complex)
        f['extended'] = np.ones((2, 2), np.longdouble)
        f['null'] = h5py.Empty('f4')
        f['scalar'] = 1.0
        f['vector'] = np.ones(4)
        f['cube'] = np.ones((2, 2, 2))
        f['wide'] = np.ones((2, 3))
        f['order0'] = np.ones((0, 0))
        f['group/x'] = 1.0
        f.create_dataset('lzf', data=a, chunks=(4, 4), compression='lzf')
        f.create_dataset('huge', (2 ** 40, 2 ** 40), 'f4', chunks=(1, 1024))
        f.create_dataset('hollow', (20000, 20000), 'f4', chunks=(100, 100), compression='gzip')
        f.create_dataset('unwritten', (4, 4), 'f4')
        f.create_dataset('unwritten_chunks', (4, 4), 'f4', chunks=(2, 2), fillvalue=3)
        f.create_dataset('checksum', data=a, chunks=(12, 12), fletcher32=True)
        where = f['checksum'].id.get_chunk_info(0).byte_offset
    with open(folder + '/refused.h5', 'r+b') as f:
        f.seek(where + 40)
        f.write(b'\\x55\\x55')
    with h5py.File(folder + '/attributes.h5', 'w', userblock_size=512) as f:
        f.attrs['text'] = 'stra\\u00dfe'
        f.attrs['fixed'] = np.bytes_('abc')
        f.attrs['empty_text'] = ''
        f.attrs['texts'] = ['one', '', 'three']
        f.attrs['fixed_texts'] = np.array([b'aa', b'b'])
        f.attrs['long'] = 'x' * 10000
        f.attrs['int'] = -7
        f.attrs['big'] = np.array(300, '>u2')
        f.attrs['unsigned'] = np.uint64(2 ** 64 - 1)
        f.attrs['bool'] = True
        f.attrs['float'] = 0.1
        f.attrs['float32'] = np.float32(0.5)
        f.attrs['ints'] = np.array([[1, -2], [3, 4]], 'i2')
        f.attrs['floats'] = np.array([1.5, -2.5], '>f8')
        f.attrs['none'] = h5py.Empty('f4')
        f.attrs['no_ints'] = np.array([], 'i4')
        f.attrs['complex'] = 1j
        f.create_group('g').attrs['here'] = 1
        f['g/d'] = a
        f['g/d'].attrs['shape'] = (3, 4)
    for name, version in (('old', 'earliest'), ('new', 'v110')):
        with h5py.File(folder + f'/{name}.h5', 'w', libver=(version, 'v110')) as f:
            f.attrs['format'] = 'fourthroot'
            f.attrs['n'] = 3
            f['plain'] = a[:4, :4].astype('f4')
            d = f.create_dataset('g/h/gzip', data=a, chunks=(5, 5), compression='gzip', fletcher32=True)
            d.attrs['text'] = 'words'
            f['g/u'] = np.ones((4, 4), 'u2')
            f['g/u'].attrs['dtype'] = 'bfloat16'
            f['hard'] = f['plain']
            f['g/loop'] = f['g']
            for i in range(12):
                f.create_group(f'many/{i}')
    """
