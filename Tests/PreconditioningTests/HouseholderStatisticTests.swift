import CPUBackend
import Foundation
import LinearAlgebra
import MatrixCore
import Quantization
import Spectra
import TestSupport
import Testing

@testable import Preconditioning

private let backend = CPUBackend<Double>()

/// The vectors after coding, in the order in which they were given.
private func decoded(
    _ vectors: Matrix<Double>, _ coding: BlockCoding, _ loop: ReflectorLoop = .closed
) throws -> Matrix<Double> {
    try HouseholderStatistic(
        eigenvalues: [Double](repeating: 1, count: vectors.columns), vectors: vectors,
        permutation: Array(0..<vectors.columns), coding: coding, loop: loop, backend: backend
    ).vectors(backend)
}

/// The reflectors of a closed loop one after another, each applied to all that is left, and their product.
private func plainClosedLoop(_ vectors: Matrix<Double>, _ coding: BlockCoding) -> Matrix<Double> {
    let n = vectors.rows
    var left = vectors
    var reflectors: [[Double]] = []
    var signs: [Double] = []
    func apply(_ v: [Double], _ a: inout Matrix<Double>) {
        for column in 0..<n {
            let factor = 2 * (0..<n).reduce(0) { $0 + v[$1] * a[$1, column] } / v.reduce(0) { $0 + $1 * $1 }
            for row in 0..<n { a[row, column] -= factor * v[row] }
        }
    }
    for k in 0..<n - 1 {
        let norm = (k..<n).reduce(0) { $0 + left[$1, k] * left[$1, k] }.squareRoot()
        let sign = left[k, k] >= 0 ? 1.0 : -1.0
        let tail = (k + 1..<n).map { Float(sign * left[$0, k] / norm / (1 + (left[k, k] / norm).magnitude)) }
        let v = [Double](repeating: 0, count: k) + [1] + throughReferenceCodec(tail, coding).map { Double($0) }
        apply(v, &left)
        reflectors.append(v)
        signs.append(-sign)
    }
    signs.append(left[n - 1, n - 1] >= 0 ? 1 : -1)
    var q = Matrix<Double>(diagonal: signs)
    for v in reflectors.reversed() { apply(v, &q) }
    return q
}

@Suite struct HouseholderStatisticTests {
    /// However coarse the codes, the product of the reflectors is orthogonal to rounding.
    @Test(arguments: CodebookName.allCases)
    func vectorsAreOrthogonalWhateverTheCodes(name: CodebookName) throws {
        for order in [1, 2, 3, 17, 64, 65, 130] {
            let known = try KnownStatistic(.geometric(conditionNumber: 1e4), order: order)
            for bits in name.supportedBits {
                let coding = try blockCoding(name, bits: bits)
                let q = try decoded(known.vectors, coding)
                expectTestRatio(defect(q), scale: 1, order: order, threshold: 10, "order \(order), \(bits) bits")
                let single = try HouseholderStatistic(
                    eigenvalues: known.eigenvalues.map { Float($0) }, vectors: Matrix<Float>(known.vectors),
                    permutation: Array(0..<order), coding: coding, backend: CPUBackend<Float>())
                expectTestRatio(
                    defect(Matrix<Double>(single.vectors(CPUBackend<Float>()))), scale: 1, order: order,
                    unitRoundoff: 0x1p-24, threshold: 10, "order \(order), \(bits) bits, single precision")
            }
        }
    }

    /// A reflector whose tail is off by e turns by an angle of sine at most ‖e‖/‖v‖ and moves by twice that in norm.
    /// Column k of the product meets the first k reflectors.
    @Test(arguments: CodebookName.allCases)
    func columnsStayWithinTheSumOfTheReflectorsErrors(name: CodebookName) throws {
        let n = 40
        let known = try KnownStatistic(.geometric(conditionNumber: 1e4), order: n)
        let packed = householderQR(known.vectors).packed
        for bits in name.supportedBits {
            let coding = try blockCoding(name, bits: bits, block: 16)
            let q = try decoded(known.vectors, coding, .open)
            var bound = 0.0
            for column in 0..<n {
                let tail = Array(packed.column(column).dropFirst(column + 1))
                bound += 2 * codingErrorBound(tail, coding) / (1 + sumOfProducts(tail, tail)).squareRoot()
                let error = (0..<n).map { q[$0, column] - known.vectors[$0, column] }
                expectBound(
                    sumOfProducts(error, error).squareRoot(), atMost: bound + Double(n) * 0x1p-48,
                    "column \(column), \(bits) bits")
            }
            // Eight bits must be good enough for the bound of the first columns to say something.
            if bits == 8 { #expect(decodedCosine(q, known.vectors, column: 0) > 0.999) }
        }
    }

    /// Panels of 32 and what is between them against one reflector after another.
    @Test(arguments: [1, 2, 3, 31, 32, 33, 70]) func closedLoop(order n: Int) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e4), order: n)
        for (name, bits) in [(CodebookName.linear2, 4), (.linear1_5, 8), (.dynamicTree, 3)] {
            let coding = try blockCoding(name, bits: bits, block: 16)
            // Two orders of operations: no tail of this seed is so near a midpoint that they choose different codes.
            expectTestRatio(
                largestDifference(try decoded(known.vectors, coding), plainClosedLoop(known.vectors, coding)), scale: 1,
                order: n, threshold: 100, "order \(n), \(name)")
        }
    }

    /// What it is for: less error in the eigenvectors at the same bytes. Without the loop column k has the errors of k reflectors;
    /// in it, what they have left in the last columns.
    @Test(arguments: 3...6) func closedLoopLosesLess(bits: Int) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e4), order: 120)
        let coding = try blockCoding(.linear1_5, bits: bits)
        let errors = try [ReflectorLoop.closed, .open].map {
            difference(try decoded(known.vectors, coding, $0), known.vectors).frobeniusNorm
        }
        #expect(errors[0] < errors[1], "\(errors)")
    }

    private func decodedCosine(_ a: Matrix<Double>, _ b: Matrix<Double>, column: Int) -> Double {
        sumOfProducts(Array(a.column(column)), Array(b.column(column)))
    }

    /// Tails of zeros, for which LAPACK leaves no reflector: every pattern of signs comes back exactly.
    @Test(arguments: 0..<32)
    func diagonalsOfSignsComeBack(pattern: Int) throws {
        let signs = (0..<5).map { pattern >> $0 & 1 == 1 ? -1.0 : 1.0 }
        for name in CodebookName.allCases {
            #expect(try decoded(Matrix(diagonal: signs), blockCoding(name, bits: 4)) == Matrix(diagonal: signs))
        }
    }

    /// A random block in the middle of a diagonal of signs, so that zero tails come before, among and after others.
    @Test(arguments: [0, 1, 4, 8])
    func zeroTailsAmongOthers(first: Int) throws {
        var generator = PhiloxGenerator(seed: 8)
        let block = haarOrthogonal(order: 4, using: &generator)
        var u = Matrix<Double>(diagonal: (0..<12).map { $0 % 3 == 1 ? -1 : 1 })
        for column in 0..<4 {
            for row in 0..<4 { u[first + row, first + column] = block[row, column] }
        }
        let q = try decoded(u, blockCoding(.linear, bits: 8))
        expectTestRatio(defect(q), scale: 1, order: 12)
        for column in 0..<12 {
            let isInside = (first..<first + 4).contains(column)
            #expect(decodedCosine(q, u, column: column) > (isInside ? 0.99 : 1 - 0x1p-48), "column \(column)")
        }
    }

    /// More than eight signs fill more than one byte, and the eigenvalues are kept in the order of the reflectors.
    @Test func identityInAnyOrder() throws {
        let n = 21
        let order = (0..<n).map { $0 * 8 % n }
        let kept = try HouseholderStatistic(
            eigenvalues: (0..<n).map { Double($0) }, vectors: Matrix<Double>.identity(n), permutation: order,
            coding: blockCoding(.linear2, bits: 4), backend: backend)
        #expect(kept.eigenvalues == order.map { Double($0) })
        // Tails of a permutation are 0 and ±1, which are codes of linear-2.
        let q = kept.vectors(backend)
        expectTestRatio(
            largestDifference(q, Matrix<Double>.identity(n).selectingColumns(order)), scale: 1, order: n)
    }

    @Test func nothingToKeep() throws {
        let kept = try HouseholderStatistic(
            eigenvalues: [], vectors: Matrix<Double>(rows: 0, columns: 0), permutation: [],
            coding: blockCoding(.linear2, bits: 4), backend: backend)
        #expect(kept.vectors(backend).elements.isEmpty)
        #expect(kept.byteCount(backend) == 0)
    }
}

@Suite struct ReflectorOrderTests {
    /// Powers of two at exponent 1, where the weights are exact: their distances from the median, by hand.
    @Test func byHand() {
        // Weights 1, 2, 4, 8, 16; median 4; distances 3, 2, 0, 4, 12.
        #expect(reflectorPermutation(eigenvalues: [1, 0.5, 0.25, 0.125, 0.0625], exponent: 1, damping: 0) == [4, 3, 0, 1, 2])
        // Weights 1, 2, 4, 8; lower median 2; distances 1, 0, 2, 6.
        #expect(reflectorPermutation(eigenvalues: [1, 0.5, 0.25, 0.125], exponent: 1, damping: 0) == [3, 2, 0, 1])
        // The sign of an eigenvalue does not count.
        #expect(reflectorPermutation(eigenvalues: [-1, 0.5, -0.25, 0.125], exponent: 1, damping: 0) == [3, 2, 0, 1])
        // Equal weights keep their order.
        #expect(
            reflectorPermutation(eigenvalues: [1, 1, 0.5, 0.25, 0.25] as [Float], exponent: 1, damping: 0) == [3, 4, 0, 1, 2])
        #expect(reflectorPermutation(eigenvalues: [Double](), exponent: 1, damping: 0) == [])
        #expect(reflectorPermutation(eigenvalues: [7.0], exponent: 0.25, damping: 0) == [0])
        // 1/0 is farther than anything; damped by 1·1, the weights are 1, 1/2, 2/3 and the median 2/3.
        #expect(reflectorPermutation(eigenvalues: [1, 0, 0.5], exponent: 1, damping: 0) == [1, 0, 2])
        #expect(reflectorPermutation(eigenvalues: [0, 1, 0.5], exponent: 1, damping: 1) == [0, 1, 2])
        #expect(reflectorPermutation(eigenvalues: [0.0, 0, 0], exponent: 1, damping: 0) == [0, 1, 2])
    }

    /// Rounding does not choose: of an even number, eigenvalues that differ in their last bits keep their order.
    @Test(arguments: [2, 4, 6, 64, 66]) func lastBitsDoNotMatter(count: Int) {
        for seed in 0..<20 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            let values = (0..<count).map { _ in 1 + 99 * generator.uniform() }
            let order = reflectorPermutation(eigenvalues: values, exponent: 0.25, damping: 1e-6)
            for _ in 0..<10 {
                let moved = values.map { generator.next() % 2 == 0 ? $0.nextUp.nextUp : $0.nextDown.nextDown }
                #expect(reflectorPermutation(eigenvalues: moved, exponent: 0.25, damping: 1e-6) == order)
            }
        }
    }

    /// What was stored in another order, as older versions chose at even orders, is read in that order.
    @Test func otherOrdersAreRead() throws {
        let backend = CPUBackend<Double>()
        let values = [8.0, 4, 2, 1]
        var generator = PhiloxGenerator(seed: 3)
        let vectors = haarOrthogonal(order: 4, using: &generator)
        let coding = try blockCoding(.linear2, bits: 8)
        let old = try HouseholderStatistic(
            eigenvalues: values, vectors: vectors, permutation: [3, 0, 1, 2], coding: coding, backend: backend)
        var read = try HouseholderStatistic(
            eigenvalues: values, vectors: vectors,
            permutation: reflectorPermutation(eigenvalues: values, exponent: 1, damping: 0), coding: coding, backend: backend)
        #expect(read.eigenvalues != old.eigenvalues)
        try read.read(old.archive(backend), backend)
        #expect(read.eigenvalues == [1, 8, 4, 2])
        #expect(read.vectors(backend) == old.vectors(backend))
    }

    /// A plain selection: of those left, always the first with the largest distance.
    @Test(arguments: [0.25, 0.5, 1, 0.125], [0, 1e-6, 0.1])
    func againstAPlainSelection(exponent: Double, damping: Double) {
        for count in 1...24 {
            var generator = PhiloxGenerator(seed: UInt64(count))
            // Few different values, so that many are equal.
            let values = (0..<count).map { _ in Double(1 + generator.next() % 9) * (generator.next() % 4 == 0 ? -1 : 1) }
            #expect(
                reflectorPermutation(eigenvalues: values, exponent: exponent, damping: damping)
                    == selection(values, exponent, damping))
        }
    }

    private func selection(_ values: [Double], _ exponent: Double, _ damping: Double) -> [Int] {
        let largest = values.map(\.magnitude).max()!
        let weights = values.map { pow($0.magnitude + damping * largest, -exponent) }
        // The lower median: at most half of the weights are below it, and fewer than half above.
        let median = weights.sorted(by: >)[weights.count / 2]
        var left = Array(values.indices)
        var order: [Int] = []
        while !left.isEmpty {
            var best = 0
            for place in left.indices where (weights[left[place]] - median).magnitude > (weights[left[best]] - median).magnitude
            {
                best = place
            }
            order.append(left.remove(at: best))
        }
        return order
    }
}
