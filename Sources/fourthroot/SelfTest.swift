import ArgumentParser
import CPUBackend
import CUDABackend
import Compute
import Files
import Foundation
import MatrixCore
import Quantization

/// Holds a device to the definitions, on the machine where it is to be trusted.
struct SelfTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Hold a device to the definitions.",
        discussion: "A line a case; status 70 where one differs, 69 where the device cannot be used.")

    @Option(help: "cpu, cuda or cuda:INDEX.")
    var device = "cpu"

    func run() throws {
        let codec = try codec()
        var failures = 0
        for codecCase in CodecCase.all {
            let difference = try codecCase.difference(of: codec)
            failures += difference == nil ? 0 : 1
            try OutputFile.writeToStandardOutput("\(codecCase): \(difference ?? "ok")\n")
        }
        let count = CodecCase.all.count
        try OutputFile.writeToStandardOutput("\(device): \(count - failures) of \(count) cases as defined\n")
        if failures > 0 {
            throw StatusError(status: .internalFault, description: "\(device) differs from the definitions")
        }
    }

    private func codec() throws -> any MatrixCodec {
        if device == "cpu" { return CPUBackend<Float>() }
        let parts = device.split(separator: ":", omittingEmptySubsequences: false)
        guard parts[0] == "cuda", parts.count <= 2, let index = parts.count == 1 ? 0 : Int(parts[1]), index >= 0 else {
            throw StatusError.usage("--device \(device): give cpu, cuda or cuda:INDEX, with an index from 0 on")
        }
        let cuda = try CUDA()
        return try CUDABlockCodec(cuda, device: try cuda.device(index))
    }
}

/// What codes matrices.
private protocol MatrixCodec {
    func encode(_ matrix: Matrix<Float>, as form: CodedForm) throws -> CodedMatrix
    func decode(_ coded: CodedMatrix) throws -> Matrix<Float>
}

extension CUDABlockCodec: MatrixCodec {}
extension CPUBackend<Float>: MatrixCodec {}

/// A matrix to code and decode, as the definition does.
private struct CodecCase: CustomStringConvertible {
    let order: Int
    let region: CodedRegion
    let codebook: CodebookName
    let bits: Int
    let block: Int
    let keepsDiagonal: Bool

    /// Every width of linear-2 and every codebook, over regions, orders beside the blocks' ends, and one as large as in use.
    static let all: [CodecCase] = {
        let codebooks =
            (2...8).map { (CodebookName.linear2, $0) }
            + CodebookName.allCases.filter { $0 != .linear2 }.map { ($0, $0.supportedBits.upperBound) }
        return [1, 2, 33, 129, 1200].flatMap { order in
            [CodedRegion.columns, .strictUpper, .strictLower].flatMap { region in
                codebooks.map { name, bits in
                    CodecCase(
                        order: order, region: region, codebook: name, bits: bits, block: bits == 3 ? 7 : 64,
                        keepsDiagonal: region == .columns && bits != 8)
                }
            }
        }
    }()

    var description: String {
        "block codec, order \(order), \(region), \(codebook.rawValue), \(bits) bits, block \(block)"
            + (keepsDiagonal ? ", diagonal kept" : "")
    }

    /// Where the codec and the definition part, nil where they agree to the bit.
    func difference(of codec: any MatrixCodec) throws -> String? {
        var generator = PhiloxGenerator(seed: UInt64(order))
        let matrix = Matrix<Float>(
            rows: order, columns: order,
            elements: (0..<order * order).map { _ in Float.random(in: -1...1, using: &generator) })
        let coding = try BlockCoding(codebook: Codebook(codebook, bits: bits), blockSize: block)
        let form = CodedForm(order: order, region: region, coding: coding, keepsDiagonal: keepsDiagonal)
        let expected = try CodedMatrix(defining: matrix, as: form)
        let coded = try codec.encode(matrix, as: form)
        if coded.blockMaxima != expected.blockMaxima { return "other block maxima" }
        if coded.packedCodes != expected.packedCodes { return "other codes" }
        return try codec.decode(coded) == expected.decodedByDefinition ? nil : "other decoded values"
    }
}
