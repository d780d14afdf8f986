import Compute
import LinearAlgebra
import MatrixCore
import TestSupport
import Testing

@testable import CPUBackend

/// A primitive that is cut into pieces, on inputs large enough for many.
///
/// `bound` is by how much an entry may differ from the uncut result: 0 where a piece computes what the whole does, entry
/// by entry; else from the theorem that the comment names. Inputs are uniform in [−1, 1).
private struct CutPrimitive<Scalar: LAPACKScalar>: Sendable {
    let name: String
    let bound: Double
    let run: @Sendable (CPUBackend<Scalar>) -> [Matrix<Scalar>]

    init(_ name: String, bound: Double = 0, _ run: @escaping @Sendable (CPUBackend<Scalar>) -> [Matrix<Scalar>]) {
        self.name = name
        self.bound = bound
        self.run = run
    }
}

private func random<Scalar: LAPACKScalar>(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Matrix<Scalar> {
    // A short period is as good here as a long one, and much faster.
    var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761 | 1)
    return Matrix(
        rows: rows, columns: columns,
        elements: (0..<rows * columns).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Scalar(Double(state >> 8) / 8_388_608 - 1)
        })
}

private func unit<Scalar: LAPACKScalar>(_ scalar: Scalar.Type) -> Double { Double(scalar.ulpOfOne) / 2 }

/// Sums of n products, or of n terms, of at most 1 in any order: each off by n·u·n, the two from one another by twice that.
private func sumBound<Scalar: LAPACKScalar>(_ count: Int, _ scalar: Scalar.Type) -> Double {
    2 * Double(count) * Double(count + 2) * unit(scalar)
}

private func cutProducts<Scalar: LAPACKScalar>() -> [CutPrimitive<Scalar>] {
    let shapes = [(2, 2, 600_000), (1, 3, 900_000), (128, 128, 4096), (3, 70_000, 5), (70_000, 3, 5), (200, 1, 9000)]
    let general = shapes.flatMap { rows, columns, depth in
        [(false, false), (true, false), (false, true), (true, true)].map { left, right in
            let a: Matrix<Scalar> = random(left ? depth : rows, left ? rows : depth, 1)
            let b: Matrix<Scalar> = random(right ? columns : depth, right ? depth : columns, 2)
            return CutPrimitive<Scalar>(
                "multiply (\(rows), \(columns), \(depth)), transposed \(left), \(right)", bound: sumBound(depth, Scalar.self)
            ) { backend in
                [backend.multiply(a, transposed: left, b, transposed: right, alpha: 0.5)]
            }
        }
    }
    let symmetric = [(2, 600_000), (1, 900_000), (7, 100_000), (128, 4096), (193, 300)].map { order, depth in
        let a: Matrix<Scalar> = random(order, depth, 3)
        return CutPrimitive<Scalar>("symmetricProduct (\(order), \(depth))", bound: sumBound(depth, Scalar.self)) {
            [
                $0.symmetricProduct(a, transposed: false, alpha: 1),
                $0.symmetricProduct(a.transposed, transposed: true, alpha: 0.5),
            ]
        }
    }
    return general + symmetric
}

private func cutPasses<Scalar: LAPACKScalar>() -> [CutPrimitive<Scalar>] {
    let a: Matrix<Scalar> = random(1001, 300, 4)
    let b: Matrix<Scalar> = random(1001, 300, 5)
    let positive = a.mapped { $0 * $0 + 1 }
    let vector: Matrix<Scalar> = random(1001, 1, 6)
    // A fused multiplication and addition in a whole register and two roundings in a tail: two of the largest term.
    let fused = 8 * unit(Scalar.self)
    return [
        CutPrimitive("block") { [$0.block(a, rows: 3..<900, columns: 2..<290)] },
        CutPrimitive("setBlock") { backend in
            var result = a
            backend.setBlock(
                &result, rows: 3..<900, columns: 2..<290, to: backend.block(b, rows: 0..<897, columns: 0..<288))
            return [result]
        },
        CutPrimitive("combine", bound: fused) { backend in
            var (sum, squares, quotient) = (a, a, a)
            backend.combine(0.3, into: &sum, 0.7, b)
            backend.combineSquares(0.3, into: &squares, 0.7, b)
            backend.addQuotient(0.1, into: &quotient, b, rootOf: positive, scale: 0.5, offset: 0.1)
            return [backend.combine(0.3, a, 0.7, b), sum, squares, quotient]
        },
        // A sum of n squares, off by n·u relatively; its root by half of that.
        CutPrimitive("frobeniusNorm", bound: Double(a.elements.count) * 500 * unit(Scalar.self)) {
            [Matrix(rows: 1, columns: 1, elements: [$0.frobeniusNorm(a)])]
        },
        CutPrimitive("rectifiedLinear") { [$0.rectifiedLinear(a), $0.rectifiedLinearGradient(a, output: b)] },
        // The exponential of the kernels has an error of 2 units, that of a tail another.
        CutPrimitive("gaussianErrorLinear", bound: 4 * fused) { backend in
            [GaussianErrorForm.exact, .tanh].flatMap {
                [backend.gaussianErrorLinear(a, $0), backend.gaussianErrorLinearGradient(a, input: b, $0)]
            }
        },
        CutPrimitive("elementwiseProduct") { [$0.elementwiseProduct(a, b)] },
        CutPrimitive("addToColumns") { [$0.addToColumns(a, vector)] },
        CutPrimitive("gatherRows") { backend in
            let rows = (0..<4000).map { $0 * 7 % 1001 }
            return [backend.gatherRows(a, rows), backend.gatherRows(a, Array(rows.prefix(900)))]
        },
        CutPrimitive("scatterRows") { [$0.scatterRows(a, (0..<300).map { $0 * 3 % 50 }, count: 50)] },
        CutPrimitive("groups", bound: sumBound(5, Scalar.self)) {
            [$0.groupMeans(a, size: 5), $0.spreadGroups(a, size: 3)]
        },
        CutPrimitive("dropoutMask") {
            [$0.dropoutMask(rows: 1001, columns: 301, rate: 0.3, generator: PhiloxGenerator(seed: 1))]
        },
        CutPrimitive("rowSums", bound: sumBound(300, Scalar.self)) { [$0.rowSums(a)] },
    ]
}

/// Sums of n = 300 terms of order 1 in any order differ by 2·n·u of their size; means, variances of 1/3 and what is normalized
/// by them (inverse deviations of √3) multiply that by less than 25.
private func cutNormalizations<Scalar: LAPACKScalar>() -> [CutPrimitive<Scalar>] {
    let a: Matrix<Scalar> = random(1001, 300, 7)
    let b: Matrix<Scalar> = random(1001, 300, 8)
    let (gain, bias): (Matrix<Scalar>, Matrix<Scalar>) = (random(1001, 1, 9), random(1001, 1, 10))
    let bound = 50 * 300 * unit(Scalar.self)
    return [
        CutPrimitive("layerNormalization", bound: bound) { backend in
            let (output, statistics) = backend.layerNormalization(a, gain: gain, bias: bias, offset: 1e-5)
            return [output, Matrix(rows: 300, columns: 1, elements: statistics.inverseDeviations)]
        },
        CutPrimitive("layerNormalizationGradient", bound: 300 * bound) { backend in
            let statistics = CPUBackend<Scalar>().layerNormalization(a, gain: gain, bias: bias, offset: 1e-5).statistics
            let result = backend.layerNormalizationGradient(b, input: a, gain: gain, statistics: statistics)
            return [result.input, result.gain, result.bias]
        },
        CutPrimitive("batchNormalization", bound: bound) { backend in
            let (output, statistics) = backend.batchNormalization(a, gain: gain, bias: bias, offset: 1e-5)
            let given = backend.batchNormalization(a, gain: gain, bias: bias, statistics: statistics)
            return [output, given, Matrix(rows: 1001, columns: 1, elements: statistics.means)]
        },
        CutPrimitive("batchNormalizationGradient", bound: 300 * bound) { backend in
            let statistics = CPUBackend<Scalar>().batchNormalization(a, gain: gain, bias: bias, offset: 1e-5).statistics
            let result = backend.batchNormalizationGradient(b, input: a, gain: gain, statistics: statistics)
            return [result.input, result.gain, result.bias]
        },
        CutPrimitive("softmaxCrossEntropy") { backend in
            let result = backend.softmaxCrossEntropy(a, targets: (0..<300).map { $0 * 11 % 1001 }, smoothing: 0.1)
            return [result.gradient, Matrix(rows: 2, columns: 1, elements: [Scalar(result.loss), Scalar(result.correct)])]
        },
    ]
}

private func cutLayers<Scalar: LAPACKScalar>() -> [CutPrimitive<Scalar>] {
    let shape = ConvolutionShape(
        batch: 200, height: 5, width: 6, inputs: 3, outputs: 5, kernel: 3, stride: 2, padding: 1)
    let image: Matrix<Scalar> = random(3, 200 * 30, 11)
    let weight: Matrix<Scalar> = random(5, 27, 12)
    let positions = shape.outputHeight * shape.outputWidth
    let outputGradient: Matrix<Scalar> = random(5, 200 * positions, 13)
    let heads = AttentionShape(batch: 67, length: 9, heads: 3, headWidth: 5, isCausal: true)
    let projections: Matrix<Scalar> = random(45, 67 * 9, 14)
    let attended: Matrix<Scalar> = random(15, 67 * 9, 15)
    let mask = random(9, 67 * 3 * 9, 16).mapped { (value: Scalar) -> Scalar in value < 0 ? 0 : 2 }
    return [
        CutPrimitive("convolution") { [$0.convolution(image, weight: weight, shape)] },
        CutPrimitive("convolutionGradient", bound: sumBound(200 * positions, Scalar.self)) { backend in
            let result = backend.convolutionGradient(
                outputGradient, input: image, weight: weight, shape, wantsInput: true)
            return [result.input ?? Matrix(rows: 0, columns: 0), result.weight]
        },
        CutPrimitive("attention") { backend in
            let result = backend.attention(projections, heads, mask: mask)
            let gradient = backend.attentionGradient(
                attended, projections: projections, probabilities: result.probabilities, heads, mask: mask)
            return [result.output, result.probabilities, gradient]
        },
    ]
}

/// What is cut gives what is whole, whatever the number of threads, also where it is above that of rows and columns. Outputs
/// begin as NaN, with guards behind their end.
@Suite struct CutPrimitiveTests {
    private func expectUncut<Scalar: LAPACKScalar>(_ primitives: [CutPrimitive<Scalar>]) {
        for primitive in primitives {
            let expected = primitive.run(CPUBackend<Scalar>())
            for threads in [1, 2, 5, 64, 192] {
                let found = primitive.run(CPUBackend<Scalar>(threads: threads, checksOutputs: true))
                #expect(expected.count == found.count)
                for (index, (left, right)) in zip(expected, found).enumerated() {
                    #expect(
                        isWithin(primitive.bound, left, right),
                        "\(primitive.name), \(Scalar.self), result \(index), \(threads) threads")
                }
            }
        }
    }

    /// False where a difference is NaN.
    private func isWithin<Scalar: LAPACKScalar>(
        _ bound: Double, _ a: Matrix<Scalar>, _ b: Matrix<Scalar>
    ) -> Bool {
        guard a.rows == b.rows, a.columns == b.columns else { return false }
        let limit = Scalar(bound)
        return zip(a.elements, b.elements).allSatisfy { ($0 - $1).magnitude <= limit }
    }

    @Test func productsInFloat() { expectUncut(cutProducts() as [CutPrimitive<Float>]) }
    @Test func productsInDouble() { expectUncut(cutProducts() as [CutPrimitive<Double>]) }
    @Test func passesInFloat() { expectUncut(cutPasses() as [CutPrimitive<Float>]) }
    @Test func passesInDouble() { expectUncut(cutPasses() as [CutPrimitive<Double>]) }
    @Test func normalizationsInFloat() { expectUncut(cutNormalizations() as [CutPrimitive<Float>]) }
    @Test func normalizationsInDouble() { expectUncut(cutNormalizations() as [CutPrimitive<Double>]) }
    @Test func layersInFloat() { expectUncut(cutLayers() as [CutPrimitive<Float>]) }
    @Test func layersInDouble() { expectUncut(cutLayers() as [CutPrimitive<Double>]) }
}
