import Compute
import EntropyCoding
import Foundation
import MatrixCore

/// A root R = V·Diag(w)·Vᵀ on its way into the form of `deflated`.
struct DeflatedEncoder<Backend: MatrixBackend> {
    private let backend: Backend
    /// w.
    private let weights: [Double]
    private let vectors: Backend.Tensor
    /// p of R = A^(-p): a leak is of eigenvalues of A.
    private let exponent: Double
    private let root: Matrix<Double>
    private let tiles: TileSquares

    /// - Throws: `DeflationError.notPositive`, or `outOfRange` for an eigenvalue beyond float32.
    init(
        weights: [Double], vectors: Backend.Tensor, exponent: Double, _ backend: Backend
    ) throws(DeflationError) {
        if let wrong = weights.first(where: { !($0 > 0 && Float($0).isFinite && Float($0) > 0) }) {
            throw wrong > 0
                ? .outOfRange("the root's eigenvalue \(wrong) is beyond float32") : .notPositive(smallestEigenvalue: wrong)
        }
        self.backend = backend
        self.weights = weights
        self.vectors = vectors
        self.exponent = exponent
        root = Self.product(vectors, weights, backend)
        tiles = TileSquares(root)
    }

    /// X·Diag(w)·Xᵀ.
    private static func product(_ vectors: Backend.Tensor, _ weights: [Double], _ backend: Backend) -> Matrix<Double> {
        let halves = backend.vector(weights.map { Backend.Scalar($0.squareRoot()) })
        return inDouble(
            backend.matrix(
                backend.symmetricProduct(backend.scaleColumns(vectors, by: halves), transposed: false, alpha: 1)))
    }

    /// The bytes that reach a goal.
    ///
    /// - Throws: `DeflationError`.
    func bytes(_ goal: DeflationGoal) throws(DeflationError) -> [UInt8] {
        switch goal.target {
        case .error(let error): try bytes(error: error, leak: goal.leak * error)
        case .bitsPerEntry(let bits): try bytes(bitsPerEntry: bits, leak: goal.leak)
        }
    }

    /// The most accurate of at most so many bits an entry: a bisection on the estimate and a secant from there, half a bit to a
    /// factor of 2 in the error.
    private func bytes(bitsPerEntry bits: Double, leak: Double) throws(DeflationError) -> [UInt8] {
        let entries = Double(weights.count * weights.count)
        var (low, high) = (-20.0, -1.0)
        while high - low > 0.05 {
            let middle = (low + high) / 2
            let plan = plan(error: exp2(middle), leak: leak * exp2(middle))
            let predicted = plan.predictedBits / entries + 8 / Double(weights.count)
            if predicted > bits { low = middle } else { high = middle }
        }
        var (logarithm, best) = (high, [UInt8]?.none)
        for _ in 0..<10 {
            let found = try bytes(error: exp2(logarithm), leak: leak * exp2(logarithm))
            let used = Double(8 * found.count) / entries
            if used <= bits && found.count > best?.count ?? 0 { best = found }
            if used <= bits && (used >= bits * 0.997 || logarithm <= -20) { break }
            logarithm = min(max(logarithm + (used - bits * 0.9985) / 0.5 * (used < 2 * bits ? 1 : 0.5), -20), 0)
        }
        guard let best else { throw .budgetTooSmall(bitsPerEntry: bits) }
        return best
    }

    private func plan(error: Double, leak: Double) -> DeflationPlan {
        DeflationPlan(weights: weights, tiles: tiles, error: error, leak: leak, exponent: exponent)
    }

    private func bytes(error: Double, leak: Double) throws(DeflationError) -> [UInt8] {
        let plan = plan(error: error, leak: leak)
        let (n, k) = (weights.count, plan.reflectorCount)
        let ordered = plan.order.map { weights[$0] }
        let rms = n > 0 ? (weights.reduce(0) { $0 + $1 * $1 } / Double(n)).squareRoot() : 1
        var head = DeflatedHead(
            order: n, reflectorCount: k, unit: Float(plan.step / rms), triangleStep: Float(plan.triangleStep),
            leastReflected: Float(ordered[..<k].min() ?? 0), largestReflected: Float(ordered[..<k].max() ?? 0),
            least: Float(ordered[k...].min() ?? 0), largest: Float(ordered[k...].max() ?? 0), leastDiagonal: 0,
            diagonalStep: Float(plan.triangleStep) / 2, diagonalBits: 1, weightBits: error >= 5e-4 ? 16 : 32)
        guard head.unit.isNormal, head.triangleStep.isNormal, head.diagonalStep > 0 else {
            throw .outOfRange("the step \(plan.triangleStep)")
        }
        let codes = plan.meanWeights[..<k].map { mean in
            let eighths = (8 * log2(rms / max(mean, 1e-60).squareRoot())).rounded(.toNearestOrEven) + 128
            return UInt8(min(max(eighths, 0), 255))
        }
        var reflected: (symbols: [[Int32]], rotated: Matrix<Double>) = ([], root)
        if k > 0 { reflected = try reflect(plan.order, ordered, steps: codes.map { head.step(code: $0) }) }
        let rotated = reflected.rotated
        let diagonal = try diagonalCodes(rotated, &head)
        return head.bytes + packBits(diagonal, bits: head.diagonalBits) + weightCodes(rotated, head) + codes
            + (try strips(reflected.symbols, rotated, head))
    }

    /// The symbols of every reflector's tail, and QᵀRQ.
    private func reflect(
        _ order: [Int], _ ordered: [Double], steps: [Double]
    ) throws(DeflationError) -> (symbols: [[Int32]], rotated: Matrix<Double>) {
        var left = backend.selectColumns(vectors, order)
        var symbols: [[Int32]] = []
        var isInRange = true
        // All columns are reflected: what earlier codes left over belongs to the trailing block.
        _ = reflectInClosedLoop(&left, count: steps.count, appliesToAll: true, backend) { index, tail in
            let own = tail.map { value -> Int32 in
                let symbol = (value / steps[index]).rounded(.toNearestOrEven)
                guard symbol.magnitude < 0x1p24 else {
                    isInRange = false
                    return 0
                }
                return Int32(symbol)
            }
            symbols.append(own)
            let scale = Int(SymbolDistribution.bestIndex(own))
            return own.map { SymbolDistribution.value(of: $0, index: scale) * steps[index] }
        }
        guard isInRange else { throw .outOfRange("the steps of reflectors") }
        return (symbols, Self.product(left, ordered, backend))
    }

    /// The codes of the diagonal of the trailing block, of which the head says how to read them.
    private func diagonalCodes(
        _ rotated: Matrix<Double>, _ head: inout DeflatedHead
    ) throws(DeflationError) -> [UInt32] {
        let diagonal = rotated.diagonal.dropFirst(head.reflectorCount)
        guard let least = diagonal.min() else { return [] }
        head.leastDiagonal = Float(least)
        let (first, step) = (Double(head.leastDiagonal), Double(head.diagonalStep))
        let codes = diagonal.map { max((($0 - first) / step).rounded(.toNearestOrEven), 0) }
        let largest = codes.max() ?? 0
        guard largest < 0x1p32 else { throw .outOfRange("the diagonal's range of \(largest) steps") }
        head.diagonalBits = max(1, 32 - UInt32(largest).leadingZeroBitCount)
        return codes.map { UInt32($0) }
    }

    private func weightCodes(_ rotated: Matrix<Double>, _ head: DeflatedHead) -> [UInt8] {
        let ends = (Double(head.leastReflected), Double(head.largestReflected))
        let values = rotated.diagonal.prefix(head.reflectorCount).map { min(max($0, ends.0), ends.1) }
        if head.weightBits == 32 { return values.flatMap { littleEndian(Float($0).bitPattern) } }
        return values.flatMap { value in
            let code = log2(value / ends.0) / head.logarithmicSpan * 65535
            return littleEndian(UInt32(min(max(code.rounded(.toNearestOrEven), 0), 65535))).prefix(2)
        }
    }

    /// The lengths of the strips, and the strips.
    private func strips(
        _ reflectors: [[Int32]], _ rotated: Matrix<Double>, _ head: DeflatedHead
    ) throws(DeflationError) -> [UInt8] {
        let (n, k) = (head.order, head.reflectorCount)
        var found: [[UInt8]] = []
        do throws(SymbolRangeError) {
            for (number, strip) in DeflatedHead.reflectorStrips(n, k).enumerated() {
                let first = number * SymbolStrip.height
                found.append(try strip.encoded(strip.collect { reflectors[first + $1][$0] }).bytes)
            }
            let step = Double(head.triangleStep)
            for (number, strip) in DeflatedHead.triangleStrips(n - k).enumerated() {
                let symbols = try rotated.elements.withUnsafeBufferPointer { entries throws(SymbolRangeError) -> [Int32] in
                    try triangleSymbols(strip, entries, at: k + number * SymbolStrip.height, order: n, from: k, step: step)
                }
                found.append(try strip.encoded(symbols).bytes)
            }
        } catch {
            throw .outOfRange("\(error)")
        }
        return found.flatMap { littleEndian(UInt32($0.count)) } + found.flatMap(\.self)
    }

    /// The symbols of a strip of the triangle, whose row 0 is row `first` of QᵀRQ.
    private func triangleSymbols(
        _ strip: SymbolStrip, _ entries: UnsafeBufferPointer<Double>, at first: Int, order: Int, from k: Int, step: Double
    ) throws(SymbolRangeError) -> [Int32] {
        var symbols: [Int32] = []
        symbols.reserveCapacity(SymbolStrip.height * strip.columns)
        for column in 0..<strip.columns {
            for row in strip.rows(ofColumn: column) {
                let symbol = (entries[first + row + (k + column) * order] / step).rounded(.toNearestOrEven)
                guard symbol.magnitude < 0x1p24 else { throw SymbolRangeError(symbol: Int(max(min(symbol, 0x1p53), -0x1p53))) }
                symbols.append(Int32(symbol))
            }
        }
        return symbols
    }
}
