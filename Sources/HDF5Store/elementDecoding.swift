import MatrixCore

/// Elements as they lie in the file, converted here and not by HDF5: its generic conversions round halves up, the ones
/// below follow IEEE (to nearest, ties to even), and only float64 to `Float` and 8-byte integers round at all.
extension StoredElement {
    /// Whether the bytes in the file are those of `Scalar` in memory.
    func isStored<Scalar: MatrixScalar>(as scalar: Scalar.Type) -> Bool {
        guard order == (1.littleEndian == 1 ? .littleEndian : .bigEndian) else { return false }
        return (type == .float32 && Scalar.self == Float.self) || (type == .float64 && Scalar.self == Double.self)
    }

    /// Converts `source.count / bytes` elements.
    ///
    /// - Precondition: the type is numeric, `source.count` a multiple of `bytes`.
    func decode<Scalar: MatrixScalar>(_ source: UnsafeRawBufferPointer, as scalar: Scalar.Type) -> [Scalar] {
        let swapped = order != (1.littleEndian == 1 ? .littleEndian : .bigEndian)
        switch type {
        case .float32:
            return words(source, swapped, UInt32.self) { Scalar(Float(bitPattern: $0)) }
        case .float64:
            return words(source, swapped, UInt64.self) { Scalar(Double(bitPattern: $0)) }
        case .float16:
            return words(source, swapped, UInt16.self) { Scalar(Float(Float16(bitPattern: $0))) }
        case .bfloat16:
            return words(source, swapped, UInt16.self) { Scalar(Float(bitPattern: UInt32($0) << 16)) }
        case .integer(1, let signed):
            return words(source, false, UInt8.self) { signed ? Scalar(Int8(bitPattern: $0)) : Scalar($0) }
        case .integer(2, let signed):
            return words(source, swapped, UInt16.self) { signed ? Scalar(Int16(bitPattern: $0)) : Scalar($0) }
        case .integer(4, let signed):
            return words(source, swapped, UInt32.self) { signed ? Scalar(Int32(bitPattern: $0)) : Scalar($0) }
        case .integer(8, let signed):
            return words(source, swapped, UInt64.self) { signed ? Scalar(Int64(bitPattern: $0)) : Scalar($0) }
        case .integer, .otherFloat, .string, .other:
            preconditionFailure("decoding \(type) as numbers")
        }
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

    @inline(__always)
    private func words<Word: FixedWidthInteger, Scalar>(
        _ source: UnsafeRawBufferPointer, _ swapped: Bool, _ word: Word.Type, _ convert: (Word) -> Scalar
    ) -> [Scalar] {
        let count = source.count / MemoryLayout<Word>.size
        return [Scalar](unsafeUninitializedCapacity: count) { target, initialized in
            for index in 0..<count {
                let raw = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                target.initializeElement(at: index, to: convert(swapped ? raw.byteSwapped : raw))
            }
            initialized = count
        }
    }
}
