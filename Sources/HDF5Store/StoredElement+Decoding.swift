import MatrixCore

extension StoredElement {
    /// Whether the bytes in the file are those of `Scalar` in memory.
    func isStored<Scalar: MatrixScalar>(as scalar: Scalar.Type) -> Bool {
        guard order == .native else { return false }
        return (type == .float32 && Scalar.self == Float.self) || (type == .float64 && Scalar.self == Double.self)
    }

    /// Converts `source.count / bytes` elements.
    ///
    /// - Precondition: the type is numeric, `source.count` a multiple of `bytes`.
    func decode<Scalar: MatrixScalar>(_ source: UnsafeRawBufferPointer, as scalar: Scalar.Type) -> [Scalar] {
        type.decode(source, order: order ?? .bigEndian, count: source.count / bytes, as: scalar)
    }

    /// Integers of at most 8 bytes; nil where one is beyond `Int`.
    func decodeIntegers(_ source: UnsafeRawBufferPointer, signed: Bool) -> [Int]? {
        var values: [Int] = []
        for start in stride(from: 0, to: source.count, by: bytes) {
            var word: UInt64 = 0
            for index in 0..<bytes {
                let position = order == .bigEndian ? index : bytes - 1 - index
                word = word << 8 | UInt64(source[start + position])
            }
            let unused = UInt64(64 - 8 * bytes)
            if signed {
                values.append(Int(Int64(bitPattern: word << unused) >> Int64(unused)))
            } else if let value = Int(exactly: word) {
                values.append(value)
            } else {
                return nil
            }
        }
        return values
    }
}
