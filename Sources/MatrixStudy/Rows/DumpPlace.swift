/// Where a training's dump keeps a matrix, by the matrix's name:
/// `steps/<8 digits>/<parameter>/<block row>_<block column>/{left,right}/<kind>`, for a tensor of more dimensions `mode_<dimension>`.
public struct DumpPlace: Sendable, Equatable {
    public let step: Int
    public let parameter: String
    public let blockRow: Int
    public let blockColumn: Int
    public let side: String

    /// nil for a name of another form. Only the form counts: an optimizer of another program may write such a file.
    public init?(matrix name: String) {
        // By bytes: a combining mark behind a slash would make one character of both.
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
        guard parts.count >= 6, parts[0] == "steps", parts[1].utf8.count >= 8, let step = DumpPlace.number(parts[1]) else {
            return nil
        }
        let end = parts.count - 3
        let block = parts[end].utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        guard block.count == 2, let row = DumpPlace.number(Substring(block[0])),
            let column = DumpPlace.number(Substring(block[1])), DumpPlace.isSide(parts[end + 1]),
            !parts[end + 2].isEmpty
        else { return nil }
        self.step = step
        parameter = parts[2..<end].joined(separator: "/")
        (blockRow, blockColumn) = (row, column)
        side = String(parts[end + 1])
        if parameter.isEmpty { return nil }
    }

    static func isSide(_ name: Substring) -> Bool {
        if ["left", "right"].contains(name) { return true }
        return name.utf8.starts(with: "mode_".utf8) && number(name.dropFirst(5)) != nil
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }

    /// The columns that tell a dump's matrices apart.
    static let columns = ["step", "parameter", "block_row", "block_column", "side"]

    /// The fields of `columns` for a matrix; empty where its name says no place.
    static func fields(ofMatrix name: String) -> [String] {
        guard let place = DumpPlace(matrix: name) else { return columns.map { _ in "" } }
        return ["\(place.step)", place.parameter, "\(place.blockRow)", "\(place.blockColumn)", place.side]
    }
}
