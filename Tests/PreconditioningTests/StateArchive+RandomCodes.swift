import Compute
import MatrixCore

extension StateArchive {
    /// This archive with random bytes in the place of the codes.
    func withRandomCodes(using generator: inout PhiloxGenerator) throws -> StateArchive {
        let entries = entries.map { entry -> Entry in
            guard case .bytes(let bytes) = entry.buffer else { return entry }
            var codes = bytes.map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            // The last byte may hold bits behind the last code.
            codes[codes.count - 1] = 0
            return Entry(name: entry.name, buffer: .bytes(codes))
        }
        return try StateArchive(entries: entries)
    }
}
