// Elements are converted here and not by the libraries that read them: HDF5's generic conversions round halves up, the
// ones below follow IEEE (to nearest, ties to even), and only float64 to `Float` and 8-byte integers round at all.

extension ElementType {
    /// Converts elements as they lie in a file.
    ///
    /// - Parameters:
    ///   - source: `target.count` elements, aligned or not.
    ///   - target: uninitialized memory.
    /// - Precondition: the type is a float that is read, or an integer of 1, 2, 4 or 8 bytes.
    @inlinable
    public func decode<Scalar: MatrixScalar>(
        _ source: UnsafeRawBufferPointer, order: ByteOrder, into target: UnsafeMutableBufferPointer<Scalar>
    ) {
        let swapped = order != .native
        switch self {
        case .float32: words(source, swapped, UInt32.self, target) { Scalar(Float(bitPattern: $0)) }
        case .float64: words(source, swapped, UInt64.self, target) { Scalar(Double(bitPattern: $0)) }
        case .float16: words(source, swapped, UInt16.self, target) { Scalar(Float(Float16(bitPattern: $0))) }
        case .bfloat16: words(source, swapped, UInt16.self, target) { Scalar(Float(bitPattern: UInt32($0) << 16)) }
        case .integer(1, let signed):
            words(source, false, UInt8.self, target) { signed ? Scalar(Int8(bitPattern: $0)) : Scalar($0) }
        case .integer(2, let signed):
            words(source, swapped, UInt16.self, target) { signed ? Scalar(Int16(bitPattern: $0)) : Scalar($0) }
        case .integer(4, let signed):
            words(source, swapped, UInt32.self, target) { signed ? Scalar(Int32(bitPattern: $0)) : Scalar($0) }
        case .integer(8, let signed):
            words(source, swapped, UInt64.self, target) { signed ? Scalar(Int64(bitPattern: $0)) : Scalar($0) }
        case .integer, .otherFloat, .string, .other:
            preconditionFailure("decoding \(self) as numbers")
        }
    }

    /// Converts `count` elements.
    @inlinable
    public func decode<Scalar: MatrixScalar>(
        _ source: UnsafeRawBufferPointer, order: ByteOrder, count: Int, as scalar: Scalar.Type
    ) -> [Scalar] {
        [Scalar](unsafeUninitializedCapacity: count) { target, initialized in
            decode(source, order: order, into: UnsafeMutableBufferPointer(rebasing: target[..<count]))
            initialized = count
        }
    }

    @inlinable
    @inline(__always)
    func words<Word: FixedWidthInteger, Scalar>(
        _ source: UnsafeRawBufferPointer, _ swapped: Bool, _ word: Word.Type, _ target: UnsafeMutableBufferPointer<Scalar>,
        _ convert: (Word) -> Scalar
    ) {
        let size = MemoryLayout<Word>.size
        precondition(source.count >= target.count * size, "\(source.count) bytes for \(target.count) elements of \(size)")
        for index in target.indices {
            let raw = source.loadUnaligned(fromByteOffset: index * size, as: Word.self)
            target.initializeElement(at: index, to: convert(swapped ? raw.byteSwapped : raw))
        }
    }
}
