import Files

/// What a shard's CSV says of itself in four more columns, so that a merge can tell what belongs together.
public struct ShardRecord: Sendable, Equatable {
    public static let columns = ["study", "shard", "input", "row"]

    /// The study's fingerprint.
    public let study: String
    public let shard: Shard
    public let total: Int

    public init(study: String, shard: Shard, total: Int) {
        self.study = study
        self.shard = shard
        self.total = total
    }

    /// - Parameter input: the place of the row's file among the inputs.
    func fields(row: Int, input: Int) -> [String] { [study, shard.description, "\(input)", "\(row)/\(total)"] }
}

/// Shards that do not make up one study.
public struct MergeError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
}

/// The CSV of the whole study from those of its shards.
///
/// Shards may have read copies of an input under other paths; all its rows get the path of its first one.
///
/// - Parameter shards: names and texts, in any order.
/// - Throws: `MergeError` where a text is not a shard's CSV, two belong to different studies, a row is missing or occurs twice.
public func mergeShards(_ shards: [(name: String, text: String)]) throws(MergeError) -> String {
    let header = StudyRow.columns + ShardRecord.columns
    var study: (fingerprint: String, total: Int, name: String)?
    var rows: [Int: (record: [String], name: String, input: String)] = [:]
    for (name, text) in shards {
        for (position, record) in try records(text, name, header).enumerated() {
            let place = "\(name), record \(position + 2)"
            let own = Array(record.suffix(ShardRecord.columns.count))
            let numbers = own[3].split(separator: "/").map { Int($0) }
            guard numbers.count == 2, let row = numbers[0], let total = numbers[1], row >= 0, row < total else {
                throw MergeError(description: "\(place): its row number '\(own[3])' is damaged")
            }
            let known = study ?? (own[0], total, name)
            study = known
            guard known.fingerprint == own[0], known.total == total else {
                throw MergeError(
                    description: "\(place) belongs to another study than \(known.name): plan, input or version differ")
            }
            let fields = Array(record.dropLast(own.count))
            if let other = rows.updateValue((fields, name, own[2]), forKey: row) {
                throw MergeError(description: "\(place): row \(row) is also in \(other.name)")
            }
        }
    }
    guard let study else { throw MergeError(description: "the shards hold no rows") }
    if let missing = (0..<study.total).first(where: { rows[$0] == nil }) {
        throw MergeError(
            description: "row \(missing) of \(study.total) is in none of the files: a shard is missing or unfinished")
    }
    var sources: [String: String] = [:]
    return CSV.record(StudyRow.columns)
        + (0..<study.total).compactMap { rows[$0] }.map { row in
            let source = sources[row.input] ?? row.record[0]
            sources[row.input] = source
            return CSV.record([source] + row.record.dropFirst())
        }.joined()
}

private func records(_ text: String, _ name: String, _ header: [String]) throws(MergeError) -> [[String]] {
    let parsed: [[String]]
    do {
        parsed = try CSV.parse(text)
    } catch {
        throw MergeError(description: "\(name): \(error)")
    }
    guard parsed.first == header else {
        throw MergeError(
            description: "\(name) is not a shard of a study: its header is another; run 'fourthroot study --shard I/N'")
    }
    if let position = parsed.firstIndex(where: { $0.count != header.count }) {
        throw MergeError(
            description: "\(name), record \(position + 1): \(parsed[position].count) fields instead of \(header.count)")
    }
    return Array(parsed.dropFirst())
}
