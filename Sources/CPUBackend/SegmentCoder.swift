import CKernels
import MatrixCore
import Quantization

/// The kernels' calls for one coding: segments of columns to codes and back.
struct SegmentCoder {
    private let kernels: fr_block_codec
    private let coding: BlockCoding
    private let tables: KernelCodebook
    private let signed: Bool

    /// - Parameter signed: whether the maxima have a sign.
    init(_ kernels: fr_block_codec, _ coding: BlockCoding, signed: Bool) {
        self.kernels = kernels
        self.coding = coding
        self.signed = signed
        tables = KernelCodebook(coding.codebook)
    }

    /// Writes the codes and maxima of the first entries of a segment, which may be changed.
    ///
    /// - Returns: the position of the first entry that is not finite, else the count.
    func encode(
        _ segment: inout [Float], count: Int, _ codes: inout [UInt8], from code: Int, _ maxima: inout [Float],
        from block: Int
    ) -> Int {
        let signs = signed ? makeLargestPositive(&segment, count: count) : []
        let accepted = codes.withUnsafeMutableBufferPointer { codes in
            maxima.withUnsafeMutableBufferPointer { maxima in
                kernels.encode(
                    segment, count, coding.blockSize, tables.pointer, codes.baseAddress! + code,
                    maxima.baseAddress! + block)
            }
        }
        if accepted == count {
            for (index, sign) in signs.enumerated() { maxima[block + index] *= sign }
        }
        return accepted
    }

    /// Negates every block whose entry of largest magnitude, the first of equal ones, is negative: the maximum with a sign of
    /// a block is the plain one of the negated block times that sign.
    ///
    /// - Returns: −1 for the blocks that were negated, else 1.
    private func makeLargestPositive(_ segment: inout [Float], count: Int) -> [Float] {
        stride(from: 0, to: count, by: coding.blockSize).map { start in
            let block = start..<min(start + coding.blockSize, count)
            let largest = block.reduce(Float(0)) { segment[$1].magnitude > $0.magnitude ? segment[$1] : $0 }
            guard largest < 0 else { return 1 }
            for index in block { segment[index].negate() }
            return -1
        }
    }

    /// A segment's entries; those of float32 go to their place at once, others by way of `segment`.
    @inline(__always)
    func decode<Scalar: MatrixScalar>(
        _ codes: [UInt8], from code: Int, _ maxima: [Float], from block: Int, count: Int,
        into target: UnsafeMutablePointer<Scalar>, _ segment: inout [Float]
    ) {
        codes.withUnsafeBufferPointer { codes in
            maxima.withUnsafeBufferPointer { maxima in
                let (codes, maxima) = (codes.baseAddress! + code, maxima.baseAddress! + block)
                if Scalar.self == Float.self {
                    return kernels.decode(codes, count, coding.blockSize, tables.pointer, maxima, floats(target))
                }
                kernels.decode(codes, count, coding.blockSize, tables.pointer, maxima, &segment)
                for row in 0..<count { target[row] = Scalar(segment[row]) }
            }
        }
    }
}

/// A codebook in the form that the kernels read, owned.
private final class KernelCodebook {
    let pointer: UnsafeMutablePointer<fr_codebook>

    init(_ codebook: Codebook) {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: fr_codebook())
        pointer.pointee.bits = Int32(codebook.bits)
        withUnsafeMutableBytes(of: &pointer.pointee.values) { raw in
            let values = raw.bindMemory(to: Float.self)
            for index in values.indices {
                values[index] = index < codebook.values.count ? codebook.values[index] : 0
            }
        }
        withUnsafeMutableBytes(of: &pointer.pointee.midpoints) { raw in
            let midpoints = raw.bindMemory(to: Float.self)
            for index in midpoints.indices {
                midpoints[index] = index < codebook.midpoints.count ? codebook.midpoints[index] : .infinity
            }
        }
    }

    deinit { pointer.deallocate() }
}
