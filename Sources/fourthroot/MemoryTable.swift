import Foundation
import Optimizers
import Preconditioning
import Training

/// Rows of a memory breakdown, all in bytes but where a name says otherwise.
struct MemoryTable {
    private enum Value: Encodable {
        case text(String)
        case integer(Int)
        case number(Double)

        var text: String {
            switch self {
            case .text(let text): text
            case .integer(let number): "\(number)"
            case .number(let number): "\(number)"
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .integer(let number): try container.encode(number)
            case .number(let number): try container.encode(number)
            }
        }
    }

    static let columns = [
        "model", "layer", "shape", "entries", "parameters", "gradients", "first_order", "statistic_codes",
        "statistic_block_maxima", "statistic_diagonals", "statistic_signs", "statistic_exact", "root_codes",
        "root_block_maxima", "root_diagonals", "root_exact", "statistics", "roots", "preconditioners", "optimizer",
        "total", "preconditioners_mib", "published_mib", "deviation_percent", "gradient_buckets", "batch_size",
        "activations", "total_with_activations", "largest_batch",
    ]

    private let model: String
    private var rows: [[String: Value]] = []

    init(model: String) { self.model = model }

    mutating func add(_ parameter: CountedParameter, _ bytes: MemoryBreakdown) {
        var row = row(bytes, entries: parameter.entryCount)
        row["layer"] = .text(parameter.name)
        row["shape"] = .text(parameter.shape.dimensions.map { "\($0)" }.joined(separator: "x"))
        rows.append(row)
    }

    /// - Parameter published: MiB.
    mutating func addTotal(
        parameterCount: Int, _ bytes: MemoryBreakdown, published: Double?, fit: MemoryFit?
    ) {
        var row = row(bytes, entries: parameterCount)
        row["layer"] = .text("total")
        if let published {
            row["published_mib"] = .number(published.rounded(toDigits: 2))
            let deviation = (Double(bytes.preconditioners) / 0x1p20 / published - 1) * 100
            row["deviation_percent"] = .number(deviation.rounded(toDigits: 2))
        }
        if let fit {
            row["gradient_buckets"] = .integer(fit.bucketBytes)
            row["batch_size"] = fit.batchSize.map { .integer($0) }
            row["activations"] = fit.activationBytes.map { .integer($0) }
            row["total_with_activations"] = fit.activationBytes.map { .integer($0 + fit.fixedBytes) }
            row["largest_batch"] = fit.largestBatch.map { .integer($0) }
        }
        rows.append(row)
    }

    private func row(_ bytes: MemoryBreakdown, entries: Int) -> [String: Value] {
        let numbers: [String: Int] = [
            "entries": entries, "parameters": bytes.parameters, "gradients": bytes.gradients,
            "first_order": bytes.firstOrder, "statistic_codes": bytes.statistics.codes,
            "statistic_block_maxima": bytes.statistics.blockMaxima, "statistic_diagonals": bytes.statistics.diagonals,
            "statistic_signs": bytes.statistics.signs, "statistic_exact": bytes.statistics.exact,
            "root_codes": bytes.roots.codes, "root_block_maxima": bytes.roots.blockMaxima,
            "root_diagonals": bytes.roots.diagonals, "root_exact": bytes.roots.exact,
            "statistics": bytes.statistics.total, "roots": bytes.roots.total, "preconditioners": bytes.preconditioners,
            "optimizer": bytes.firstOrder + bytes.preconditioners, "total": bytes.total,
        ]
        var row = numbers.mapValues { Value.integer($0) }
        row["model"] = .text(model)
        row["preconditioners_mib"] = .number((Double(bytes.preconditioners) / 0x1p20).rounded(toDigits: 3))
        return row
    }

    /// The rows' fields in the order of the columns.
    var fields: [[String]] { rows.map { row in Self.columns.map { row[$0]?.text ?? "" } } }

    /// An array of objects with the columns as keys; what does not apply is left out.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n"
    }
}

extension Double {
    fileprivate func rounded(toDigits digits: Int) -> Double {
        let scale = pow(10, Double(digits))
        return (self * scale).rounded() / scale
    }
}
