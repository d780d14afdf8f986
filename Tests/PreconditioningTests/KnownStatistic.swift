import Foundation
import IndependentProduct
import MatrixCore
import Quantization
import Spectra
import TestSupport

/// A statistic whose eigenvalues and eigenvectors are known, formed by no code under test.
struct KnownStatistic {
    let eigenvalues: [Double]
    let vectors: Matrix<Double>
    let matrix: Matrix<Double>

    init(_ spectrum: Spectrum, order: Int, seed: UInt64 = 17) throws {
        var generator = PhiloxGenerator(seed: seed)
        self.init(
            eigenvalues: try spectrum.eigenvalues(order: order, largest: nil, reversed: true, using: &generator),
            using: &generator)
    }

    init(eigenvalues: [Double], seed: UInt64 = 17) {
        var generator = PhiloxGenerator(seed: seed)
        self.init(eigenvalues: eigenvalues, using: &generator)
    }

    private init(eigenvalues: [Double], using generator: inout PhiloxGenerator) {
        self.eigenvalues = eigenvalues
        vectors = haarOrthogonal(order: eigenvalues.count, using: &generator)
        matrix = positiveDefinite(eigenvalues: eigenvalues, basis: vectors)
    }

    /// A^s, by the definition.
    func power(_ s: Double) -> Matrix<Double> {
        Self.power(eigenvalues, s, vectors: vectors)
    }

    static func power(_ eigenvalues: [Double], _ s: Double, vectors: Matrix<Double>) -> Matrix<Double> {
        independentSymmetricProduct(vectors, diagonal: eigenvalues.map { pow($0, s) })
    }
}

func blockCoding(_ name: CodebookName, bits: Int, block: Int = 64) throws -> BlockCoding {
    try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: block)
}

/// max |QᵀQ − I|, by no code under test.
func defect(_ q: Matrix<Double>) -> Double {
    largestAbsolute(independentGramMatrix(q), minus: .identity(q.columns))
}

func largestAbsolute(_ a: Matrix<Double>, minus b: Matrix<Double>) -> Double {
    zip(a.elements, b.elements).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
}

func difference(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
    Matrix(rows: a.rows, columns: a.columns, elements: zip(a.elements, b.elements).map { $0 - $1 })
}

/// ‖D(Q(x)) − x‖ of a segment is at most this: κ·m for every entry of a block with maximum m.
func codingErrorBound(_ segment: [Double], _ coding: BlockCoding) -> Double {
    let worst = Double(coding.codebook.worstError) + 0x1p-22
    var sum = 0.0
    for start in stride(from: 0, to: segment.count, by: coding.blockSize) {
        let block = segment[start..<min(start + coding.blockSize, segment.count)]
        let maximum = block.reduce(0) { max($0, $1.magnitude) } * (1 + 0x1p-24)
        sum += Double(block.count) * (worst * maximum) * (worst * maximum)
    }
    return sum.squareRoot()
}

/// A segment through the reference codec.
func throughReferenceCodec(_ segment: [Float], _ coding: BlockCoding) -> [Float] {
    let (codes, maxima) = ReferenceCodec.encode(segment, coding: coding)
    return ReferenceCodec.decode(codes: codes, maxima: maxima, coding: coding)
}
