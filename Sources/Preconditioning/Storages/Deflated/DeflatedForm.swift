import EntropyCoding
import Foundation
import MatrixCore

/// The parts of a root R = Q·[Diag(w), 0; 0, T]·Qᵀ in the form of `deflated`, Q = H₁…Hₖ.
///
/// Bytes, little-endian: `DFL1`, n, k (uint32), the unit of the reflectors' steps, the step Δ_T of the triangle, the least and
/// largest w of the reflectors and of the rest, the least diagonal entry of T, its step (float32), the bits of its codes, the bits
/// of a w (uint8), 0 (uint16): 48. Then the codes of T's diagonal without gaps, w (16 bits on a logarithmic scale, or float32), a
/// byte q a reflector, whose step is unit·2^((q − 128)/8), the lengths of all strips (uint32) and the strips: of the reflectors'
/// tails, 32 a strip, and of the strict lower triangle of T, 32 rows a strip. Strips are decoded independently of each other.
struct DeflatedParts {
    /// Column k has the tail of reflector k below its diagonal: n × k.
    var tails: Matrix<Double>
    /// The first k diagonal entries.
    var weights: [Double]
    /// T, symmetric.
    var trailing: Matrix<Double>
    /// The least and largest eigenvalue of R among those of T, before coding.
    var range: ClosedRange<Double>

    /// Reads the bytes of `DeflatedCodes`; every one of them is accounted for.
    ///
    /// Numerics: additions, multiplications, divisions and square roots alone, so that the same bytes are the same numbers on
    /// every machine.
    ///
    /// - Throws: `DeflationError.damaged`.
    init(_ bytes: [UInt8], order: Int) throws(DeflationError) {
        let head = try DeflatedHead(bytes, order: order)
        let (n, k) = (head.order, head.reflectorCount)
        let m = n - k
        var reader = ByteReader(bytes, from: DeflatedHead.byteCount)
        let diagonal = unpackBits(try reader.take((m * head.diagonalBits + 7) / 8), count: m, bits: head.diagonalBits)
        let weightCodes = try reader.take(k * head.weightBits / 8)
        weights = head.weights(weightCodes, count: k)
        guard weights.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw .damaged("a weight is not positive") }
        let steps = try reader.take(k).map { head.step(code: $0) }
        let (reflectorStrips, triangleStrips) = (DeflatedHead.reflectorStrips(n, k), DeflatedHead.triangleStrips(m))
        var lengths: [Int] = []
        for _ in 0..<reflectorStrips.count + triangleStrips.count { lengths.append(Int(try reader.integer())) }
        tails = Matrix(rows: n, columns: k)
        trailing = Matrix(rows: m, columns: m)
        range = Double(head.least)...Double(max(head.least, head.largest))
        for (number, strip) in reflectorStrips.enumerated() {
            let (symbols, indices) = try DeflatedParts.symbols(of: strip, try reader.take(lengths[number]))
            let first = number * SymbolStrip.height
            strip.forEach(symbols) { column, row, symbol in
                let k = first + row
                tails[k + 1 + column, k] = SymbolDistribution.value(of: symbol, index: Int(indices[row])) * steps[k]
            }
        }
        for (number, strip) in triangleStrips.enumerated() {
            let length = lengths[reflectorStrips.count + number]
            let (symbols, indices) = try DeflatedParts.symbols(of: strip, try reader.take(length))
            fill(strip, first: number * SymbolStrip.height, symbols, indices, step: Double(head.triangleStep))
        }
        guard reader.isAtEnd else { throw .damaged("\(reader.left) bytes are left over") }
        trailing.mirrorUpperTriangle()
        trailing.diagonal = diagonal.map { Double(head.leastDiagonal) + Double(head.diagonalStep) * Double($0) }
    }

    /// Whether float32, too, has a place for every value.
    var isInRange: Bool {
        [trailing.largestMagnitude, tails.largestMagnitude, weights.max() ?? 0].allSatisfy { Float($0).isFinite }
    }

    private static func symbols(
        of strip: SymbolStrip, _ bytes: ArraySlice<UInt8>
    ) throws(DeflationError) -> (symbols: [Int32], indices: [UInt8]) {
        do throws(DamagedSymbols) {
            return try strip.decoded(bytes)
        } catch {
            throw .damaged("\(error)")
        }
    }

    /// Row i of the strict lower triangle goes into column i, above the diagonal.
    private mutating func fill(
        _ strip: SymbolStrip, first: Int, _ symbols: [Int32], _ indices: [UInt8], step: Double
    ) {
        let order = trailing.rows
        trailing.elements.withUnsafeMutableBufferPointer { entries in
            symbols.withUnsafeBufferPointer { symbols in
                var position = 0
                for column in 0..<strip.columns {
                    let index = Int(indices[column / SymbolStrip.height])
                    let shrinking = SymbolDistribution.shrinking(index)
                    for row in strip.rows(ofColumn: column) {
                        let symbol = symbols[position]
                        position += 1
                        entries[column + (first + row) * order] =
                            SymbolDistribution.value(of: symbol, shrinking: shrinking) * step
                    }
                }
            }
        }
    }
}

/// The 48 bytes that a matrix in the form of `deflated` begins with.
struct DeflatedHead {
    static let byteCount = 48
    private static let magic = Array("DFL1".utf8)

    var order: Int
    var reflectorCount: Int
    /// Of the steps of the reflectors: 2^0.
    var unit: Float
    var triangleStep: Float
    /// Of the eigenvalues of R that reflectors take out, and of the others.
    var leastReflected: Float
    var largestReflected: Float
    var least: Float
    var largest: Float
    var leastDiagonal: Float
    var diagonalStep: Float
    var diagonalBits: Int
    var weightBits: Int

    init(
        order: Int, reflectorCount: Int, unit: Float, triangleStep: Float, leastReflected: Float, largestReflected: Float,
        least: Float, largest: Float, leastDiagonal: Float, diagonalStep: Float, diagonalBits: Int, weightBits: Int
    ) {
        self.order = order
        self.reflectorCount = reflectorCount
        self.unit = unit
        self.triangleStep = triangleStep
        self.leastReflected = leastReflected
        self.largestReflected = largestReflected
        self.least = least
        self.largest = largest
        self.leastDiagonal = leastDiagonal
        self.diagonalStep = diagonalStep
        self.diagonalBits = diagonalBits
        self.weightBits = weightBits
    }

    /// - Throws: `DeflationError.damaged`.
    init(_ bytes: [UInt8], order: Int) throws(DeflationError) {
        guard bytes.count >= Self.byteCount, Array(bytes.prefix(4)) == Self.magic else {
            throw .damaged("they do not begin with DFL1 and a head of \(Self.byteCount) bytes")
        }
        var reader = ByteReader(bytes, from: 4)
        let counts = (n: try reader.integer(), k: try reader.integer())
        var floats: [Float] = []
        for _ in 0..<8 { floats.append(Float(bitPattern: try reader.integer())) }
        let ends = try reader.integer()
        self.init(
            order: Int(counts.n), reflectorCount: Int(counts.k), unit: floats[0], triangleStep: floats[1],
            leastReflected: floats[2], largestReflected: floats[3], least: floats[4], largest: floats[5],
            leastDiagonal: floats[6], diagonalStep: floats[7], diagonalBits: Int(ends & 0xFF), weightBits: Int(ends >> 8 & 0xFF)
        )
        guard self.order == order, reflectorCount <= order else {
            throw .damaged("they are of order \(self.order) with \(reflectorCount) reflectors, not of order \(order)")
        }
        guard floats.allSatisfy(\.isFinite), unit > 0, triangleStep > 0, diagonalStep > 0 || reflectorCount == order else {
            throw .damaged("a step is not positive")
        }
        let ranges = [(reflectorCount, leastReflected, largestReflected), (order - reflectorCount, least, largest)]
        guard ranges.allSatisfy({ $0 == 0 || $1 > 0 && $1 <= $2 }) else { throw .damaged("a range of eigenvalues is none") }
        guard (1...32).contains(diagonalBits), [16, 32].contains(weightBits), ends >> 16 == 0 else {
            throw .damaged("codes of \(diagonalBits) and \(weightBits) bits")
        }
    }

    var bytes: [UInt8] {
        var bytes = Self.magic
        let floats = [unit, triangleStep, leastReflected, largestReflected, least, largest, leastDiagonal, diagonalStep]
        for value in [UInt32(order), UInt32(reflectorCount)] + floats.map(\.bitPattern) {
            bytes += littleEndian(value)
        }
        return bytes + littleEndian(UInt32(diagonalBits) | UInt32(weightBits) << 8)
    }

    /// The least eigenvalue of R, of λmax of A.
    var leastWeight: Double {
        Double(reflectorCount == 0 ? least : reflectorCount == order ? leastReflected : min(least, leastReflected))
    }

    /// unit·2^((q − 128)/8).
    func step(code: UInt8) -> Double {
        let eighths = Int(code) - 128
        let whole = eighths >> 3
        return Double(unit) * Self.eighthPowers[eighths & 7] * Double(sign: .plus, exponent: whole, significand: 1)
    }

    /// 2^(i/8).
    private static let eighthPowers = (0..<8).map { binaryPower(Double($0) / 8) }

    /// log₂ of the quotient of the ends of the reflectors' weights, or 1 where they are equal.
    var logarithmicSpan: Double {
        let span = portableLogarithm(Double(largestReflected) / Double(leastReflected)) / portableLogarithm(2)
        return span == 0 ? 1 : span
    }

    func weights(_ codes: ArraySlice<UInt8>, count: Int) -> [Double] {
        if count == 0 { return [] }
        let bytes = Array(codes)
        let span = logarithmicSpan
        return (0..<count).map { index in
            guard weightBits == 16 else {
                let pattern = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
                return Double(Float(bitPattern: pattern))
            }
            let code = Double(UInt16(bytes[2 * index]) | UInt16(bytes[2 * index + 1]) << 8)
            return Double(leastReflected) * binaryPower(code / 65535 * span)
        }
    }

    static func reflectorStrips(_ order: Int, _ count: Int) -> [SymbolStrip] {
        stride(from: 0, to: count, by: SymbolStrip.height).map {
            .sequences(length: order - 1 - $0, rows: min(SymbolStrip.height, count - $0))
        }
    }

    static func triangleStrips(_ order: Int) -> [SymbolStrip] {
        stride(from: 0, to: order, by: SymbolStrip.height).map {
            .triangle(first: $0, rows: min(SymbolStrip.height, order - $0))
        }
    }
}

/// 2^x by square roots and multiplications, which IEEE 754 rounds alike on every machine: the product of 2^(2^-i) over the
/// bits of the fraction of x, to 2^-47 of itself.
func binaryPower(_ x: Double) -> Double {
    let whole = x.rounded(.down)
    var (rest, result) = (x - whole, 1.0)
    var (bit, factor) = (0.5, 2.0.squareRoot())
    while rest > 0 && bit > 0x1p-54 {
        if rest >= bit { (rest, result) = (rest - bit, result * factor) }
        (bit, factor) = (bit / 2, factor.squareRoot())
    }
    return Double(sign: .plus, exponent: Int(whole), significand: result)
}

func littleEndian(_ value: UInt32) -> [UInt8] { [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) } }

/// Bytes from a place on; what is not there is damage.
private struct ByteReader {
    private let bytes: [UInt8]
    private var at: Int

    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        at = start
    }

    var left: Int { bytes.count - at }
    var isAtEnd: Bool { left == 0 }

    mutating func take(_ count: Int) throws(DeflationError) -> ArraySlice<UInt8> {
        guard count <= left else { throw .damaged("\(count) bytes are to follow, and there are \(left)") }
        defer { at += count }
        return bytes[at..<at + count]
    }

    mutating func integer() throws(DeflationError) -> UInt32 {
        try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Unsigned integers of so many bits without gaps, the least significant bit first.
func packBits(_ values: [UInt32], bits: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var (pending, count) = (UInt64(0), 0)
    for value in values {
        pending |= UInt64(value) << UInt64(count)
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            (pending, count) = (pending >> 8, count - 8)
        }
    }
    if count > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
    return bytes
}

/// The values of `packBits`.
func unpackBits(_ bytes: ArraySlice<UInt8>, count: Int, bits: Int) -> [UInt32] {
    var (pending, filled, at) = (UInt64(0), 0, bytes.startIndex)
    return (0..<count).map { _ in
        while filled < bits {
            pending |= UInt64(bytes[at]) << UInt64(filled)
            (filled, at) = (filled + 8, at + 1)
        }
        defer { (pending, filled) = (pending >> UInt64(bits), filled - bits) }
        return UInt32(truncatingIfNeeded: pending & (1 << UInt64(bits) - 1))
    }
}
