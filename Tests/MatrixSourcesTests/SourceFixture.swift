import Foundation
import MatrixCore
import MatrixSources
import Testing

/// A folder that is removed when its test ends.
final class SourceFolder {
    let path = NSTemporaryDirectory() + "/fourthroot-sources-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and opens it as what its first bytes say.
    func source(_ bytes: [UInt8], _ name: String = "a") throws -> any MatrixSource {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return try SourceFormat.open(file(name))
    }

    /// What opening or reading such a file ends with; nil where it does not.
    func error(_ bytes: [UInt8], reading name: String? = nil) -> SourceError? {
        do {
            let source = try source(bytes)
            if let name { _ = try source.rowsAsColumns(of: source.requireEntry(named: name)) }
            return nil
        } catch {
            return error as? SourceError
        }
    }

    /// Runs Python in the folder; returns whether it succeeded.
    @discardableResult
    func python(_ script: String) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import numpy as np\n" + script]
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// Whether there is a Python with NumPy.
    static let hasNumPy: Bool = (try? SourceFolder().python("")) == true
    static let missing: Comment = "needs python3 with numpy"
}

/// Element (i, j) is 3i − 7j + 0.5: exact in every float type, and no symmetry.
func fixtureValue(_ row: Int, _ column: Int) -> Double { Double(3 * row - 7 * column) + 0.5 }

func fixtureRows(_ order: Int) -> [[Double]] { (0..<order).map { row in (0..<order).map { fixtureValue(row, $0) } } }

func fixtureMatrix(_ order: Int) -> Matrix<Double> { Matrix(rows: fixtureRows(order)) }

extension Matrix<Double> {
    init(rows: [[Double]]) {
        self.init(rows: rows[0].count, columns: rows.count, elements: rows.flatMap { $0 })
        self = transposed
    }
}

extension [UInt8] {
    /// Damaged at random, in one of a few ways.
    func damaged(_ generator: inout PhiloxGenerator) -> [UInt8] {
        var bytes = self
        let start = Int.random(in: 0..<count, using: &generator)
        let end = Swift.min(count, start + (1 << Int.random(in: 0...6, using: &generator)))
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes.removeLast(count - start)
        case 1: for position in start..<end { bytes[position] = 0 }
        case 2: for position in start..<Swift.min(end, start + 8) { bytes[position] = 0xFF }
        case 3: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 4: for position in start..<Swift.min(end, start + 4) { bytes[position] = .random(in: 0...255, using: &generator) }
        default:
            let target = Int.random(in: 0...count - (end - start), using: &generator)
            bytes.replaceSubrange(target..<target + (end - start), with: self[start..<end])
        }
        return bytes
    }
}

/// Opens a damaged file and reads whatever it says it holds: all of it reads, or throws a `SourceError`.
///
/// - Returns: whether something was refused.
func isRefused(_ bytes: [UInt8], in folder: SourceFolder) throws -> Bool {
    var refused = false
    do {
        let source = try folder.source(bytes, "damaged")
        for entry in source.entries {
            do {
                let values = try source.values(of: entry)
                #expect(values.count == entry.shape.reduce(1, *))
            } catch is SourceError {
                refused = true
            }
        }
    } catch is SourceError {
        refused = true
    }
    return refused
}
