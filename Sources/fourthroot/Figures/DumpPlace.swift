/// Where a matrix of a trainer's dump comes from.
struct DumpPlace: Hashable {
    let step: Int
    /// The parameter with its block, where it has several, and its side.
    let layer: String

    /// By the columns that say so, else by the path `steps/<8 digits>/<parameter>/<row>_<column>/<side>/statistic`; nil for the
    /// matrices of other files.
    init?(_ row: ResultTable.Row) {
        if let step = Int(row.optionalText("step")), !row.optionalText("parameter").isEmpty {
            let block = "\(row.optionalText("block_row"))_\(row.optionalText("block_column"))"
            self.init(step: step, row.optionalText("parameter"), block: block, side: row.optionalText("side"))
            return
        }
        let parts = row.optionalText("matrix").split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 6, parts[0] == "steps", parts[1].count == 8, let step = Int(parts[1]) else { return nil }
        let block = String(parts[parts.count - 3])
        guard block.split(separator: "_").compactMap({ Int($0) }).count == 2 else { return nil }
        self.init(
            step: step, parts[2..<parts.count - 3].joined(separator: "/"), block: block, side: String(parts[parts.count - 2]))
    }

    private init(step: Int, _ parameter: String, block: String, side: String) {
        self.step = step
        layer = [parameter, block == "0_0" || block == "_" ? "" : block, side].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
