// Files of matrices byte by byte, from the descriptions of their formats: no program of ours or of others writes them.

public func littleEndian(_ value: some FixedWidthInteger, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// A safetensors file: the length of the header, the header, the values.
public func safetensors(_ header: String, _ values: [UInt8]) -> [UInt8] {
    littleEndian(header.utf8.count, 8) + Array(header.utf8) + values
}

/// An .npy file, from the description in `numpy.lib.format`.
///
/// - Parameter type: with its quotes.
public func npy(
    _ type: String, _ shape: String, fortranOrder: String = "False", version: UInt8 = 1, _ values: [UInt8]
) -> [UInt8] {
    let dictionary = "{'descr': \(type), 'fortran_order': \(fortranOrder), 'shape': \(shape), }\n"
    let length = littleEndian(dictionary.utf8.count, version == 1 ? 2 : 4)
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(dictionary.utf8) + values
}

/// Float64 values, little-endian.
public func bytes(of values: [Double]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern, 8) } }
