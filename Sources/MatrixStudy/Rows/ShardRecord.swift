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

/// The header and the records of the whole study from the CSVs of its shards.
///
/// Shards may have read copies of an input under other paths; all its rows get the path of its first one. Shards of an earlier
/// version, which had fewer columns at the end, are merged as they are: into the columns that they have.
///
/// - Parameter shards: names and texts, in any order.
/// - Throws: `MergeError` where a text is not a shard's CSV, two belong to different studies, a row is missing or occurs twice.
public func mergeShards(_ shards: [(name: String, text: String)]) throws(MergeError) -> [[String]] {
    var header: [String]?
    var study: (fingerprint: String, total: Int, name: String)?
    var rows: [Int: (record: [String], name: String, input: String)] = [:]
    for (name, text) in shards {
        let table = try shardRecords(text, name, header)
        header = table[0]
        for (position, record) in table.dropFirst().enumerated() {
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
    guard let study, let header else { throw MergeError(description: "the shards hold no rows") }
    if let missing = (0..<study.total).first(where: { rows[$0] == nil }) {
        throw MergeError(
            description: "row \(missing) of \(study.total) is in none of the files: a shard is missing or unfinished")
    }
    var sources: [String: String] = [:]
    return [header.dropLast(ShardRecord.columns.count)]
        + (0..<study.total).compactMap { rows[$0] }.map { row in
            let source = sources[row.input] ?? row.record[0]
            sources[row.input] = source
            return [source] + row.record.dropFirst()
        }
}

/// The header and the records of a shard.
///
/// - Parameter known: the header of the shards before.
private func shardRecords(_ text: String, _ name: String, _ known: [String]?) throws(MergeError) -> [[String]] {
    let parsed: [[String]]
    do {
        parsed = try CSV.parse(text)
    } catch {
        throw MergeError(description: "\(name): \(error)")
    }
    guard let header = parsed.first, isShardHeader(header) else {
        throw MergeError(
            description: "\(name) is not a shard of a study: its header is another; run 'fourthroot study --shard I/N'")
    }
    guard header == known ?? header else {
        throw MergeError(
            description: "\(name) belongs to another study than the shards before it: it has the columns of another version")
    }
    if let position = parsed.firstIndex(where: { $0.count != header.count }) {
        throw MergeError(
            description: "\(name), record \(position + 1): \(parsed[position].count) fields instead of \(header.count)")
    }
    return parsed
}

/// Whether these are the columns of this version's shards or of an earlier one's.
private func isShardHeader(_ header: [String]) -> Bool {
    let own = header.dropLast(ShardRecord.columns.count)
    return own.count >= StudyRow.firstColumnCount && StudyRow.columns.starts(with: own)
        && header.suffix(ShardRecord.columns.count).elementsEqual(ShardRecord.columns)
}
