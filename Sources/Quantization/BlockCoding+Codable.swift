/// A coding as it stands in a configuration: the codebook's name, or its values where it has none, the bits and the block
/// size.
extension BlockCoding: Codable {
    private enum Key: String, CodingKey { case codebook, values, bits, block }

    /// - Throws: `DecodingError`, or `QuantizationError` where there is no such coding.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let codebook =
            if let name = try container.decodeIfPresent(CodebookName.self, forKey: .codebook) {
                try Codebook(name, bits: container.decode(Int.self, forKey: .bits))
            } else {
                try Codebook(values: container.decode([Float].self, forKey: .values))
            }
        try self.init(codebook: codebook, blockSize: container.decode(Int.self, forKey: .block))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(codebook.name, forKey: .codebook)
        if codebook.name == nil { try container.encode(codebook.values, forKey: .values) }
        try container.encode(codebook.bits, forKey: .bits)
        try container.encode(blockSize, forKey: .block)
    }
}
