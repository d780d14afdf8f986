import CPUBackend
import Compute
import EntropyCoding
import Foundation
import LinearAlgebra
import MatrixCore
import Quantization
import Spectra
import TestSupport
import Testing

@testable import Preconditioning

private let backend = CPUBackend<Double>()

/// Some eigenvalues far from the others, so that their eigenvectors become reflectors.
private func outliers(order: Int, count: Int) -> KnownStatistic {
    let eigenvalues = (0..<order).map { index -> Double in
        let place = Double(index)
        return index < count ? pow(10, -6 - 0.1 * place) : 1 + 0.01 * place
    }
    return KnownStatistic(eigenvalues: eigenvalues)
}

private func kept(
    _ known: KnownStatistic, _ goal: DeflationGoal, exponent: Double = 0.25, damping: Double = 0
) throws -> any KeptStatistic<CPUBackend<Double>> {
    try StatisticStorage.deflated(goal).keep(
        KnownSource(known: known), for: StatisticUse(exponent: exponent, damping: damping), backend)
}

private func blob(_ statistic: any KeptStatistic<CPUBackend<Double>>) throws -> [UInt8] {
    guard case .bytes(let bytes) = try #require(statistic.archive(backend).entries.first).buffer else { return [] }
    return bytes
}

private func error(_ found: Matrix<Double>, _ expected: Matrix<Double>) -> Double {
    difference(found, expected).frobeniusNorm / expected.frobeniusNorm
}

@Suite struct DeflatedStatisticTests {
    /// Without reflectors an entry off the diagonal is in the bin of its symbol, and its value at most half a step nearer to zero
    /// than the middle of the bin: it is within a step of R. On the diagonal the steps are half as wide, and the middle is taken.
    @Test(arguments: [1, 2, 31, 32, 33, 100], [0.1, 0.01, 1e-4]) func everyEntryIsWithinAStep(order n: Int, target: Double)
        throws
    {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e4), order: n)
        let statistic = try kept(known, DeflationGoal(.error(target)))
        let head = try DeflatedHead(blob(statistic), order: n)
        try #require(head.reflectorCount == 0)
        let root = known.power(-0.25)
        let found = try #require(statistic.keptRoot(backend))
        let step = Double(head.triangleStep)
        for column in 0..<n {
            for row in 0..<n {
                let bound = row == column ? step / 4 : step
                expectBound((found[row, column] - root[row, column]).magnitude, atMost: bound * (1 + 1e-6) + 1e-13)
            }
        }
        // n(n − 1) uniform errors of variance Δ²/12 are ε‖w‖; values towards the middle of their bins have less.
        if n > 30 { expectBound(error(found, root), atMost: 1.05 * target) }
    }

    /// With reflectors, many of them and in several panels, the error is still about the one that was asked for.
    @Test(arguments: [3, 40]) func outliersBecomeReflectors(count: Int) throws {
        let known = outliers(order: 90, count: count)
        for target in [0.03, 0.01, 1e-3, 1e-4] {
            let statistic = try kept(known, DeflationGoal(.error(target)))
            let head = try DeflatedHead(blob(statistic), order: 90)
            #expect(head.reflectorCount > 0)
            let found = try #require(statistic.keptRoot(backend))
            expectBound(error(found, known.power(-0.25)), atMost: 1.15 * target, "\(head.reflectorCount) reflectors")
            // A comes back as the power −4 of what the root is, but for eigenvalues out of range.
            let decoded = try statistic.decodedStatistic(rectificationSteps: 0, backend)
            guard case .factors(let eigenvalues, let vectors, _) = decoded else {
                Issue.record("no factors")
                return
            }
            expectTestRatio(defect(vectors), scale: 1, order: 90, threshold: 10)
            let back = KnownStatistic.power(eigenvalues, -0.25, vectors: vectors)
            let (least, largest) = (known.eigenvalues.min()!, known.eigenvalues.max()!)
            expectBound(max(eigenvalues.max()! / largest - 1, 0), atMost: 1e-3)
            expectBound(max(1 - eigenvalues.min()! / least, 0), atMost: 1e-3)
            expectBound(error(back, found), atMost: target)
        }
    }

    /// ⌈m·b/8⌉ for the diagonal, 2 or 4 a weight, 1 a reflector, 4 a strip, and the strips.
    @Test(arguments: [0.03, 1e-4]) func bytes(target: Double) throws {
        let known = outliers(order: 90, count: 40)
        let statistic = try kept(known, DeflationGoal(.error(target)))
        let bytes = try blob(statistic)
        let head = try DeflatedHead(bytes, order: 90)
        let (k, m) = (head.reflectorCount, 90 - head.reflectorCount)
        let strips = (k + 31) / 32 + (m + 31) / 32
        let fixed = 48 + (m * head.diagonalBits + 7) / 8 + k * (target < 5e-4 ? 4 : 2) + k
        var total = 0
        for strip in 0..<strips {
            for byte in 0..<4 { total += Int(bytes[fixed + 4 * strip + byte]) << (8 * byte) }
        }
        #expect(bytes.count == fixed + 4 * strips + total)
        #expect(statistic.byteCount(backend) == bytes.count && statistic.archive(backend).byteCount == bytes.count)
    }

    /// A budget is kept, and used but for a hundredth or a step of the coder.
    @Test(arguments: [0.75, 2, 4.25]) func budgets(bits: Double) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e4), order: 130)
        let used = Double(8 * (try kept(known, DeflationGoal(.bitsPerEntry(bits))).byteCount(backend))) / (130 * 130)
        #expect(used <= bits && used > 0.97 * bits, "\(used)")
        #expect(throws: DeflationError.budgetTooSmall(bitsPerEntry: 0.05)) {
            try kept(known, DeflationGoal(.bitsPerEntry(0.05)))
        }
    }

    /// A leak asks for finer steps where a large eigenvalue stands beside a small one, and never for coarser ones.
    @Test func leak() throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e5), order: 64)
        let found = try [0, 0.25].map { leak in
            let statistic = try kept(known, DeflationGoal(.error(0.01), leak: leak))
            let head = try DeflatedHead(blob(statistic), order: 64)
            return (bytes: statistic.byteCount(backend), step: head.triangleStep)
        }
        #expect(found[1].bytes > found[0].bytes && found[1].step < found[0].step)
    }

    /// The start of a training: nothing but a multiple of the identity, which no leak asks to be coded finely.
    @Test func beginning() throws {
        let goal = try DeflationGoal(.error(0.01), leak: DeflationGoal.trainingLeak)
        let scheme = try PreconditionerScheme(
            statistic: .deflated(goal), root: .shared, damping: 1e-6, smallestCodedOrder: 0)
        let single = CPUBackend<Float>()
        let start = try scheme.initialStatistic(order: 70, single)
        let found = Matrix<Double>(try start.decoded(rectificationSteps: 0, single))
        expectBound(error(found, Matrix(diagonal: [Double](repeating: 1e-6, count: 70))), atMost: 1e-5)
    }

    /// A root alone, and the identity, of which nothing but diagonals is left.
    @Test func rootsAlone() throws {
        let goal = try DeflationGoal(.error(0.01))
        let known = try KnownStatistic(.geometric(conditionNumber: 50), order: 70)
        let kept = try #require(try RootStorage.deflated(goal).keep(known.matrix, backend))
        expectBound(error(kept.decoded(backend), known.matrix), atMost: 0.0105)
        for order in [0, 1, 40] {
            let identity = try #require(try RootStorage.deflated(goal).keep(Matrix<Double>.identity(order), backend))
            #expect(identity.decoded(backend) == .identity(order))
        }
        #expect(throws: DeflationError.notPositive(smallestEigenvalue: -1)) {
            try RootStorage.deflated(goal).keep(Matrix(diagonal: [2.0, -1]), backend)
        }
    }

    /// Thousands of damaged blobs are refused or come back finite; shorter ones are all refused.
    @Test func damage() throws {
        var statistic = try kept(outliers(order: 50, count: 12), DeflationGoal(.error(0.01)))
        let bytes = try blob(statistic)
        func read(_ bytes: [UInt8]) throws {
            try statistic.read(StateArchive(entries: [.init(name: "blob", buffer: .bytes(bytes))]), backend)
        }
        for count in 0..<bytes.count { #expect(throws: StateArchiveError.self) { try read(Array(bytes.prefix(count))) } }
        #expect(throws: StateArchiveError.self) { try read(bytes + [0]) }
        var generator = PhiloxGenerator(seed: 4)
        var refused = 0
        for trial in 0..<6000 {
            var damaged = bytes
            // The head and what follows it more often than strips.
            let end = trial % 2 == 0 ? 200 : bytes.count
            for _ in 0...generator.next() % 3 {
                damaged[Int(generator.next() % UInt64(end))] = UInt8(truncatingIfNeeded: generator.next())
            }
            do {
                try read(damaged)
                #expect(try #require(statistic.keptRoot(backend)).largestMagnitude.isFinite)
            } catch is StateArchiveError {
                refused += 1
            }
        }
        #expect(refused > 3000, "\(refused)")
    }

    @Test func goals() throws {
        for target in [DeflationGoal.Target.error(0), .error(.nan), .error(0.6), .bitsPerEntry(0), .bitsPerEntry(17)] {
            #expect(throws: DeflationError.self) { try DeflationGoal(target) }
        }
        for leak in [-1, .nan, .infinity] {
            #expect(throws: DeflationError.self) { try DeflationGoal(.error(0.1), leak: leak) }
        }
        for goal in [try DeflationGoal(.error(0.01), leak: 0.25), try DeflationGoal(.bitsPerEntry(2))] {
            #expect(try JSONDecoder().decode(DeflationGoal.self, from: JSONEncoder().encode(goal)) == goal)
        }
    }
}

/// The format's implementation in NumPy.
private enum Oracle {
    static let isThere = sharedFile("reference/beyond_oracle.py") != nil && (try? run("import scipy")) != nil

    static func run(_ script: String, _ arguments: [String] = []) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        struct Failure: Error {}
        guard process.terminationStatus == 0 else { throw Failure() }
    }
}

/// Held against the format's independent implementation in NumPy, both ways.
@Suite(.enabled(if: Oracle.isThere, "needs python3 with numpy and scipy, and ../shared/reference/beyond_oracle.py"))
struct DeflatedOracleTests {
    /// w and V in, our blob in; out: our blob decoded by NumPy, its own blob of the same matrix, and that decoded.
    private static let script = """
        import sys, struct
        sys.path.insert(0, sys.argv[1])
        import numpy as np, beyond_oracle as oracle
        folder, n, nre, leak = sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
        w = np.fromfile(folder + '/w')
        V = np.fromfile(folder + '/v').reshape(n, n).T
        ours = open(folder + '/ours', 'rb').read()
        oracle.decode_root(ours).tofile(folder + '/ours-root')
        oracle.decode_statistic(ours).tofile(folder + '/ours-statistic')
        theirs = oracle.encode_deflated(w, V, nre, leak * nre)
        open(folder + '/theirs', 'wb').write(theirs)
        oracle.decode_root(theirs).tofile(folder + '/theirs-root')
        """

    @Test(arguments: [(0, 0.0), (5, 0.0), (40, 0.25)], [0.03, 2e-4]) func bothWays(
        outlierCount: (count: Int, leak: Double), target: Double
    ) throws {
        let n = 90
        let known = outliers(order: n, count: outlierCount.count)
        let folder = FileManager.default.temporaryDirectory.appending(path: "fourthroot-deflated-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ values: [Double], _ name: String) throws {
            try values.withUnsafeBytes { try Data($0).write(to: folder.appending(path: name)) }
        }
        func read(_ name: String) throws -> Matrix<Double> {
            let data = try Data(contentsOf: folder.appending(path: name))
            let values = (0..<data.count / 8).map { place in
                data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8 * place, as: Double.self) }
            }
            return Matrix(rows: n, columns: n, elements: values)
        }
        var statistic = try kept(known, DeflationGoal(.error(target), leak: outlierCount.leak))
        let ours = try blob(statistic)
        try write(known.eigenvalues.map { pow($0, -0.25) }, "w")
        try write(known.vectors.elements, "v")
        try Data(ours).write(to: folder.appending(path: "ours"))
        let reference = URL(fileURLWithPath: try #require(sharedFile("reference/beyond_oracle.py")))
        try Oracle.run(
            Self.script,
            [reference.deletingLastPathComponent().path, folder.path, "\(n)", "\(target)", "\(outlierCount.leak)"])
        expectBound(error(try #require(statistic.keptRoot(backend)), try read("ours-root")), atMost: 1e-9)
        expectBound(
            error(try statistic.decoded(rectificationSteps: 0, backend), try read("ours-statistic")), atMost: 1e-9)
        let theirs = Array(try Data(contentsOf: folder.appending(path: "theirs")))
        try statistic.read(StateArchive(entries: [.init(name: "blob", buffer: .bytes(theirs))]), backend)
        expectBound(error(try #require(statistic.keptRoot(backend)), try read("theirs-root")), atMost: 1e-9)
        // The same choices, but where a cost or an entry is at the edge of rounding.
        expectBound(Double(abs(ours.count - theirs.count)), atMost: 16)
        #expect(Array(ours.prefix(16)) == Array(theirs.prefix(16)))
    }
}
