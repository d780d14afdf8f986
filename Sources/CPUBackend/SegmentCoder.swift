import CKernels
import MatrixCore
import Quantization
import Synchronization

/// The kernels' calls for one coding: segments of columns to codes and back.
struct SegmentCoder {
    private let kernels: fr_block_codec
    private let blockSize: Int
    private let codebook: KernelCodebook

    init(_ kernels: fr_block_codec, _ coding: BlockCoding) {
        self.kernels = kernels
        blockSize = coding.blockSize
        codebook = .of(coding.codebook)
    }

    /// Appends the codes of a segment, and writes the maxima of its blocks.
    ///
    /// - Parameter signed: whether the maxima have a sign.
    /// - Returns: the position of the first entry that is not finite, else the count.
    func encode(
        _ entries: UnsafePointer<Float>, count: Int, signed: Bool, to stream: CodeStream,
        _ maxima: UnsafeMutablePointer<Float>
    ) -> Int {
        kernels.encode(entries, count, blockSize, codebook.pointer, signed ? 1 : 0, stream.pointer, maxima)
    }

    /// Writes what a stream still holds.
    func finish(_ stream: CodeStream) { kernels.finish(stream.pointer, codebook.pointer) }

    /// A segment's entries, from code `code` on of the bytes of a run; those of float32 go to their place at once, others by
    /// way of `segment`.
    @inline(__always)
    func decode<Scalar: MatrixScalar>(
        _ packedCodes: [UInt8], _ range: Range<Int>, from code: Int, _ maxima: [Float], from block: Int, count: Int,
        into target: UnsafeMutablePointer<Scalar>, _ segment: inout [Float]
    ) {
        packedCodes.withUnsafeBufferPointer { bytes in
            maxima.withUnsafeBufferPointer { maxima in
                let (bytes, maxima) = (bytes.baseAddress! + range.lowerBound, maxima.baseAddress! + block)
                if Scalar.self == Float.self {
                    return kernels.decode(
                        bytes, range.count, code, count, blockSize, codebook.pointer, maxima, floats(target))
                }
                kernels.decode(bytes, range.count, code, count, blockSize, codebook.pointer, maxima, &segment)
                for row in 0..<count { target[row] = Scalar(segment[row]) }
            }
        }
    }
}

/// Codes on their way to bytes.
final class CodeStream {
    fileprivate let pointer: OpaquePointer

    init(to bytes: UnsafeMutablePointer<UInt8>) { pointer = fr_create_stream(bytes) }

    deinit { fr_free_stream(pointer) }
}

/// A codebook in the form that the kernels read.
private final class KernelCodebook: Sendable {
    /// Never written again.
    nonisolated(unsafe) let pointer: OpaquePointer

    private struct Name: Hashable {
        let family: CodebookName
        let bits: Int
    }

    /// The tables of a codebook take as long as the codes of some thousand entries, so those of codebooks with a name are kept.
    private static let named = Mutex<[Name: KernelCodebook]>([:])

    static func of(_ codebook: Codebook) -> KernelCodebook {
        guard let family = codebook.name else { return KernelCodebook(codebook) }
        return named.withLock { named in
            let name = Name(family: family, bits: codebook.bits)
            if let known = named[name] { return known }
            let made = KernelCodebook(codebook)
            named[name] = made
            return made
        }
    }

    private init(_ codebook: Codebook) {
        pointer = fr_create_codebook(codebook.values, codebook.midpoints, Int32(codebook.bits))
    }

    deinit { fr_free_codebook(pointer) }
}
