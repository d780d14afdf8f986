import Files

/// Formats that would be taken for tokens or text, by their first bytes.
private let otherFormats: [(start: [UInt8], name: String, advice: String)] = [
    (NumPyHeader.magic, "a NumPy file", "give it as tokens"),
    (Array("PK\u{3}\u{4}".utf8), "a zip archive (or NumPy's .npz)", "unpack it and give the file in it"),
    ([0x1F, 0x8B, 8], "a gzip file", "unpack it, by gunzip"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file", "unpack it, by zstd -d"),
    ([0xFD] + Array("7zXZ".utf8), "an xz file", "unpack it, by xz -d"),
    ([0x89] + Array("HDF".utf8), "an HDF5 file", "write its tokens to a file of their own, by numpy.save"),
    (Array("PAR1".utf8), "a Parquet file", "write its tokens or texts to a file of their own"),
    // The number 20240520, then 1,020 bytes more of a header.
    ([0x88, 0xD8, 0x34, 0x01], "a token file of llm.c with a header", "cut its 1024 bytes off, by tail -c +1025"),
]

/// - Throws: `DataError` where the first bytes are those of another format than text or tokens without a header.
func refuseOtherFormat(_ bytes: [UInt8], _ path: String, expected: String) throws(DataError) {
    guard let format = otherFormats.first(where: { bytes.starts(with: $0.start) }) else { return }
    throw .damaged(path, at: 0, "this is \(format.name), not \(expected)", advice: format.advice)
}
