import Files
import HDF5Store
import MatrixCore

extension SourceFormat {
    /// Its files have no mark: a length that a file can have, and a bracket. No text begins with zeros at the length's end.
    static let safetensors = SourceFormat(
        name: "safetensors",
        recognizes: { start, _ in start.count > 8 && start[8] == UInt8(ascii: "{") && start[6] == 0 && start[7] == 0 },
        open: { try SafetensorsSource($0) })
}

/// A file of tensors in the safetensors format: 8 bytes with the length of a JSON object, the object, the values.
///
/// Source: the format's description in its reference implementation's README and its checks in `tensor.rs` (version 0.5):
/// a header of at most 100,000,000 bytes, values little-endian and row-major, no gaps, no overlaps, nothing behind them.
struct SafetensorsSource: MatrixSource {
    private let file: ReadableFile
    private let places: [ExactName: Int]
    private let metadata: Attributes
    let entries: [MatrixEntry]

    static let largestHeader = 100_000_000

    /// - Throws: `SourceError`.
    init(_ path: String) throws(SourceError) {
        do { file = try ReadableFile(path) } catch { throw SourceError(error) }
        let length = try file.values(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(file.size - 8), length <= UInt64(SafetensorsSource.largestHeader) else {
            throw SourceError(
                .wrongData, file: path, "its header claims \(length) bytes of a file of \(file.size)",
                advice: "; it is truncated or damaged, copy or write it again")
        }
        let header = try SafetensorsHeader(file.values(at: 8, count: Int(length)), file: path)
        let start = 8 + Int(length)
        try SafetensorsSource.requireTiling(header.tensors, bytes: file.size - start, path)
        places = Dictionary(header.tensors.map { (ExactName($0.name), start + $0.begin) }, uniquingKeysWith: { $1 })
        metadata = header.metadata
        entries = try header.tensors.map {
            MatrixEntry(
                name: $0.name, shape: $0.shape, type: SafetensorsSource.elementType($0.type), storedBytes: $0.end - $0.begin)
        }.inOrder(path)
        for entry in entries { try requireBytes(entry) }
    }

    var path: String { file.path }
    var fileBytes: Int { file.size }

    func attributes(of name: String) -> Attributes { name.isEmpty ? metadata : [:] }

    func values(of entry: MatrixEntry) throws -> [Double] {
        let count = try checkedCount(entry)
        guard let start = places[ExactName(entry.name)], let element = entry.type.byteCount else { return [] }
        let bytes = try file.values(at: start, count: count * element)
        return bytes.withUnsafeBytes { entry.type.decode($0, order: .littleEndian, count: count, as: Double.self) }
    }

    /// The values lie one behind another and fill the file.
    private static func requireTiling(_ tensors: [SafetensorsHeader.Tensor], bytes: Int, _ path: String) throws(SourceError) {
        var (end, former) = (0, "the header")
        for tensor in tensors.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard tensor.begin == end, tensor.end >= tensor.begin, tensor.end <= bytes else {
                let problem =
                    tensor.end < tensor.begin
                    ? "are none"
                    : tensor.end > bytes
                        ? "lie outside the \(bytes) bytes of values"
                        : tensor.begin < end
                            ? "overlap those of \(former)" : "leave a gap behind \(former)"
                throw SourceError(
                    .wrongData, file: path, entry: tensor.name, "its offsets \(tensor.begin) to \(tensor.end) \(problem)",
                    advice: "; the file is truncated or damaged, copy or write it again")
            }
            (end, former) = (tensor.end, tensor.name)
        }
        guard end == bytes else {
            throw SourceError(
                .wrongData, file: path, "it holds \(bytes) bytes of values, of which its tensors are \(end)",
                advice: "; it is damaged, copy or write it again")
        }
    }

    private func requireBytes(_ entry: MatrixEntry) throws(SourceError) {
        guard let element = entry.type.byteCount else { return }
        let count = entry.count?.multipliedReportingOverflow(by: element)
        guard let (bytes, overflow) = count, !overflow, bytes == entry.storedBytes else {
            throw error(
                entry.name, "holds \(entry.storedBytes) bytes where its shape \(entry.shapeText) of \(entry.type) needs others",
                advice: "; the file is damaged, copy or write it again")
        }
    }

    private static func elementType(_ name: String) -> ElementType {
        switch name {
        case "F64": .float64
        case "F32": .float32
        case "F16": .float16
        case "BF16": .bfloat16
        case "I64", "I32", "I16", "I8": .integer(bytes: (Int(name.dropFirst()) ?? 8) / 8, signed: true)
        case "U64", "U32", "U16", "U8": .integer(bytes: (Int(name.dropFirst()) ?? 8) / 8, signed: false)
        default: .other(name)
        }
    }
}
