import MatrixStudy

/// A layer of a training's dump at a step.
struct DumpedLayer: Hashable {
    let step: Int
    /// The parameter with its block, where it has several, and its side.
    let layer: String

    /// By the columns that say so, else by the matrix's name; nil for the matrices of other files.
    init?(_ row: ResultTable.Row) {
        if let step = Int(row.optionalText("step")), !row.optionalText("parameter").isEmpty {
            let block = "\(row.optionalText("block_row"))_\(row.optionalText("block_column"))"
            self.init(step: step, row.optionalText("parameter"), block: block, side: row.optionalText("side"))
        } else if let place = DumpPlace(matrix: row.optionalText("matrix")) {
            self.init(step: place.step, place.parameter, block: "\(place.blockRow)_\(place.blockColumn)", side: place.side)
        } else {
            return nil
        }
    }

    private init(step: Int, _ parameter: String, block: String, side: String) {
        self.step = step
        layer = [parameter, block == "0_0" || block == "_" ? "" : block, side].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
