/// A coding as it stands in a configuration: the codebook's name, the bits and the block size.
extension BlockCoding: Codable {
    private enum Key: String, CodingKey { case codebook, bits, block }

    /// - Throws: `DecodingError`, or `QuantizationError` where there is no such coding.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let codebook = try Codebook(
            values.decode(CodebookName.self, forKey: .codebook), bits: values.decode(Int.self, forKey: .bits))
        try self.init(codebook: codebook, blockSize: values.decode(Int.self, forKey: .block))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(codebook.name, forKey: .codebook)
        try values.encode(codebook.bits, forKey: .bits)
        try values.encode(blockSize, forKey: .block)
    }
}
