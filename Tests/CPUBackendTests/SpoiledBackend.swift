import CPUBackend
import Compute
import MatrixCore
import Quantization
import Synchronization

/// The processor with one primitive that is wrong in the last entry of its result, to judge the judges by.
struct SpoiledBackend: NeuralBackend {
    typealias Scalar = Float
    typealias Tensor = Matrix<Float>
    typealias Vector = [Float]
    typealias CodedTensor = CodedMatrix

    /// The primitives that were called.
    final class Record: Sendable {
        private let names = Mutex(Set<String>())
        func add(_ name: String) { _ = names.withLock { $0.insert(name) } }
        func take() -> Set<String> {
            names.withLock { names in
                defer { names = [] }
                return names
            }
        }
    }

    let base = CPUBackend<Float>()
    let record = Record()
    /// The name of the primitive as Swift spells it, nil for none.
    var wrong: String?

    private func spoiled(_ a: Matrix<Float>, _ name: String = #function) -> Matrix<Float> {
        record.add(name)
        guard name == wrong, !a.elements.isEmpty else { return a }
        var result = a
        let last = result.elements.count - 1
        result.elements[last] = result.elements[last] * 1.5 + 0.25
        return result
    }

    private func spoiled(_ a: [Float], _ name: String = #function) -> [Float] {
        spoiled(Matrix(rows: a.count, columns: 1, elements: a), name).elements
    }

    private func spoil(_ a: inout Matrix<Float>, _ name: String = #function) { a = spoiled(a, name) }

    private func spoilLast(_ list: inout [Matrix<Float>], _ name: String = #function) {
        record.add(name)
        if !list.isEmpty { spoil(&list[list.count - 1], name) }
    }

    func tensor(_ matrix: Matrix<Float>) -> Matrix<Float> { spoiled(matrix) }
    func matrix(_ tensor: Matrix<Float>) -> Matrix<Float> { spoiled(tensor) }
    func vector(_ values: [Float]) -> [Float] { spoiled(values) }
    func values(of vectors: [[Float]]) -> [[Float]] { vectors.map { spoiled($0) } }
    func shape(of tensor: Matrix<Float>) -> (rows: Int, columns: Int) {
        record.add(#function)
        return (tensor.rows, tensor.columns + (wrong == #function ? 1 : 0))
    }
    func synchronize() throws(Never) {}

    func zeros(rows: Int, columns: Int) -> Matrix<Float> { spoiled(base.zeros(rows: rows, columns: columns)) }
    func identity(_ order: Int) -> Matrix<Float> { spoiled(base.identity(order)) }
    func reshaped(_ a: Matrix<Float>, rows: Int, columns: Int) -> Matrix<Float> {
        spoiled(base.reshaped(a, rows: rows, columns: columns))
    }
    func transposed(_ a: Matrix<Float>) -> Matrix<Float> { spoiled(base.transposed(a)) }
    func block(_ a: Matrix<Float>, rows: Range<Int>, columns: Range<Int>) -> Matrix<Float> {
        spoiled(base.block(a, rows: rows, columns: columns))
    }
    func setBlock(_ a: inout Matrix<Float>, rows: Range<Int>, columns: Range<Int>, to block: Matrix<Float>) {
        base.setBlock(&a, rows: rows, columns: columns, to: block)
        spoil(&a)
    }
    func selectColumns(_ a: Matrix<Float>, _ indices: [Int]) -> Matrix<Float> { spoiled(base.selectColumns(a, indices)) }
    func select(_ a: [Float], permutation: [Int]) -> [Float] { spoiled(base.select(a, permutation: permutation)) }
    func vector(flattening a: Matrix<Float>) -> [Float] { spoiled(base.vector(flattening: a)) }
    func column(_ a: [Float]) -> Matrix<Float> { spoiled(base.column(a)) }
    func diagonal(_ a: Matrix<Float>) -> [Float] { spoiled(base.diagonal(a)) }
    func mirrorUpperTriangle(_ a: Matrix<Float>) -> Matrix<Float> { spoiled(base.mirrorUpperTriangle(a)) }

    func multiply(
        _ a: Matrix<Float>, transposed transposeA: Bool, _ b: Matrix<Float>, transposed transposeB: Bool, alpha: Float
    ) -> Matrix<Float> {
        spoiled(base.multiply(a, transposed: transposeA, b, transposed: transposeB, alpha: alpha))
    }
    func symmetricProduct(_ a: Matrix<Float>, transposed: Bool, alpha: Float) -> Matrix<Float> {
        spoiled(base.symmetricProduct(a, transposed: transposed, alpha: alpha))
    }
    func combine(_ alpha: Float, _ a: Matrix<Float>, _ beta: Float, _ b: Matrix<Float>) -> Matrix<Float> {
        spoiled(base.combine(alpha, a, beta, b))
    }
    func combine(_ alpha: Float, into a: inout Matrix<Float>, _ beta: Float, _ b: Matrix<Float>) {
        base.combine(alpha, into: &a, beta, b)
        spoil(&a)
    }
    func elementwiseProduct(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Matrix<Float> { spoiled(base.elementwiseProduct(a, b)) }
    func combineSquares(_ alpha: Float, into a: inout Matrix<Float>, _ beta: Float, _ b: Matrix<Float>) {
        base.combineSquares(alpha, into: &a, beta, b)
        spoil(&a)
    }
    func addQuotient(
        _ alpha: Float, into a: inout Matrix<Float>, _ b: Matrix<Float>, rootOf c: Matrix<Float>, scale: Float, offset: Float
    ) {
        base.addQuotient(alpha, into: &a, b, rootOf: c, scale: scale, offset: offset)
        spoil(&a)
    }
    func combine(
        _ alphas: [Float], intoEach list: inout [Matrix<Float>], _ beta: Float, _ b: [Matrix<Float>]
    ) {
        base.combine(alphas, intoEach: &list, beta, b)
        spoilLast(&list)
    }
    func combineSquares(
        _ alpha: Float, intoEach list: inout [Matrix<Float>], _ beta: Float, _ b: [Matrix<Float>]
    ) {
        base.combineSquares(alpha, intoEach: &list, beta, b)
        spoilLast(&list)
    }
    func addQuotient(
        _ alpha: Float, intoEach list: inout [Matrix<Float>], _ b: [Matrix<Float>], rootOf c: [Matrix<Float>], scale: Float,
        offset: Float
    ) {
        base.addQuotient(alpha, intoEach: &list, b, rootOf: c, scale: scale, offset: offset)
        spoilLast(&list)
    }
    func scaleColumns(_ a: Matrix<Float>, by factors: [Float]) -> Matrix<Float> { spoiled(base.scaleColumns(a, by: factors)) }
    func scaleByLesser(_ a: Matrix<Float>, rows: [Float], columns: [Float], isDivided: Bool) -> Matrix<Float> {
        spoiled(base.scaleByLesser(a, rows: rows, columns: columns, isDivided: isDivided))
    }
    func addToDiagonal(_ a: Matrix<Float>, _ value: Float) -> Matrix<Float> { spoiled(base.addToDiagonal(a, value)) }
    func symmetrize(_ a: Matrix<Float>) -> Matrix<Float> { spoiled(base.symmetrize(a)) }
    func orientColumns(_ a: Matrix<Float>) -> Matrix<Float> { spoiled(base.orientColumns(a)) }
    func map(_ a: [Float], _ operation: VectorOperation<Float>) -> [Float] { spoiled(base.map(a, operation)) }

    func norms(of tensors: [Matrix<Float>]) -> [Float] { spoiled(base.norms(of: tensors)) }
    func largestMagnitudes(of tensors: [Matrix<Float>]) -> [Float] { spoiled(base.largestMagnitudes(of: tensors)) }
    func distanceFromIdentity(_ a: Matrix<Float>) -> [Float] { spoiled(base.distanceFromIdentity(a)) }
    func columnMagnitudes(_ a: Matrix<Float>) -> [Float] { spoiled(base.columnMagnitudes(a)) }
    func squaredColumnNorms(_ a: Matrix<Float>) -> [Float] { spoiled(base.squaredColumnNorms(a)) }
    func columnProducts(_ a: Matrix<Float>, _ b: Matrix<Float>) -> [Float] { spoiled(base.columnProducts(a, b)) }

    func symmetricEigen(
        _ a: Matrix<Float>, by algorithm: EigenAlgorithm
    ) throws(DecompositionError) -> (values: [Float], vectors: Matrix<Float>) {
        let found = try base.symmetricEigen(a, by: algorithm)
        return (found.values, spoiled(found.vectors))
    }
    func householderQR(_ a: Matrix<Float>) -> (packed: Matrix<Float>, scalars: [Float]) {
        let found = base.householderQR(a)
        return (spoiled(found.packed), found.scalars)
    }
    func orthogonalFactor(reflectors: Matrix<Float>, scalars: [Float]) -> Matrix<Float> {
        spoiled(base.orthogonalFactor(reflectors: reflectors, scalars: scalars))
    }
    func choleskyFactor(_ a: Matrix<Float>) throws(DecompositionError) -> Matrix<Float> {
        spoiled(try base.choleskyFactor(a))
    }
    func solveTriangular(_ factor: Matrix<Float>, transposed: Bool, _ b: Matrix<Float>) -> Matrix<Float> {
        spoiled(base.solveTriangular(factor, transposed: transposed, b))
    }

    func encode(_ a: Matrix<Float>, as form: CodedForm) throws(QuantizationError) -> CodedMatrix {
        try base.encode(a, as: form)
    }
    func decode(_ coded: CodedMatrix) -> Matrix<Float> { base.decode(coded) }
    func form(of coded: CodedMatrix) -> CodedForm { coded.form }
    func byteCount(_ coded: CodedMatrix) -> Int { coded.byteCount }
    func codedMatrix(_ coded: CodedMatrix) -> CodedMatrix { coded }
    func codedTensor(_ matrix: CodedMatrix) -> CodedMatrix { matrix }

    func concurrently(_ count: Int, _ body: @Sendable (SpoiledBackend, Int) -> Void) {
        record.add(#function)
        let isWrong = wrong == #function
        base.concurrently(max(count - (isWrong ? 1 : 0), 0)) { _, index in body(self, index) }
    }
}

/// The primitives of networks.
extension SpoiledBackend {
    func addToColumns(_ a: Matrix<Float>, _ vector: Matrix<Float>) -> Matrix<Float> { spoiled(base.addToColumns(a, vector)) }
    func rowSums(_ a: Matrix<Float>) -> Matrix<Float> { spoiled(base.rowSums(a)) }
    func gatherRows(_ table: Matrix<Float>, _ rows: [Int]) -> Matrix<Float> { spoiled(base.gatherRows(table, rows)) }
    func scatterRows(_ columns: Matrix<Float>, _ rows: [Int], count: Int) -> Matrix<Float> {
        spoiled(base.scatterRows(columns, rows, count: count))
    }
    func groupMeans(_ a: Matrix<Float>, size: Int) -> Matrix<Float> { spoiled(base.groupMeans(a, size: size)) }
    func spreadGroups(_ a: Matrix<Float>, size: Int) -> Matrix<Float> { spoiled(base.spreadGroups(a, size: size)) }
    func dropoutMask(rows: Int, columns: Int, rate: Double, generator: PhiloxGenerator) -> Matrix<Float> {
        spoiled(base.dropoutMask(rows: rows, columns: columns, rate: rate, generator: generator))
    }
    func rectifiedLinear(_ a: Matrix<Float>) -> Matrix<Float> { spoiled(base.rectifiedLinear(a)) }
    func rectifiedLinearGradient(_ outputGradient: Matrix<Float>, output: Matrix<Float>) -> Matrix<Float> {
        spoiled(base.rectifiedLinearGradient(outputGradient, output: output))
    }
    func gaussianErrorLinear(_ a: Matrix<Float>, _ form: GaussianErrorForm) -> Matrix<Float> {
        spoiled(base.gaussianErrorLinear(a, form))
    }
    func gaussianErrorLinearGradient(
        _ outputGradient: Matrix<Float>, input: Matrix<Float>, _ form: GaussianErrorForm
    ) -> Matrix<Float> {
        spoiled(base.gaussianErrorLinearGradient(outputGradient, input: input, form))
    }

    func gatedLinear(_ a: Matrix<Float>, gate: Matrix<Float>) -> Matrix<Float> { spoiled(base.gatedLinear(a, gate: gate)) }
    func gatedLinearGradient(
        _ outputGradient: Matrix<Float>, input: Matrix<Float>, gate: Matrix<Float>
    ) -> (input: Matrix<Float>, gate: Matrix<Float>) {
        let found = base.gatedLinearGradient(outputGradient, input: input, gate: gate)
        return (found.input, spoiled(found.gate))
    }
    func turnPairs(_ a: Matrix<Float>, rows: Int, by table: Matrix<Float>) -> Matrix<Float> {
        spoiled(base.turnPairs(a, rows: rows, by: table))
    }
    func rootMeanSquareNormalization(
        _ a: Matrix<Float>, gain: Matrix<Float>, offset: Float
    ) -> (output: Matrix<Float>, inverses: [Float]) {
        let found = base.rootMeanSquareNormalization(a, gain: gain, offset: offset)
        return (spoiled(found.output), found.inverses)
    }
    func rootMeanSquareNormalizationGradient(
        _ outputGradient: Matrix<Float>, input: Matrix<Float>, gain: Matrix<Float>, inverses: [Float]
    ) -> (input: Matrix<Float>, gain: Matrix<Float>) {
        let found = base.rootMeanSquareNormalizationGradient(outputGradient, input: input, gain: gain, inverses: inverses)
        return (found.input, spoiled(found.gain))
    }

    typealias Statistics = NormalizationStatistics<[Float]>
    typealias NormalizationGradient = (input: Matrix<Float>, gain: Matrix<Float>, bias: Matrix<Float>)

    func layerNormalization(
        _ a: Matrix<Float>, gain: Matrix<Float>, bias: Matrix<Float>, offset: Float
    ) -> (output: Matrix<Float>, statistics: Statistics) {
        let found = base.layerNormalization(a, gain: gain, bias: bias, offset: offset)
        return (spoiled(found.output), found.statistics)
    }
    func layerNormalizationGradient(
        _ outputGradient: Matrix<Float>, input: Matrix<Float>, gain: Matrix<Float>, statistics: Statistics
    ) -> NormalizationGradient {
        let found = base.layerNormalizationGradient(outputGradient, input: input, gain: gain, statistics: statistics)
        return (spoiled(found.input), found.gain, found.bias)
    }
    func batchNormalization(
        _ a: Matrix<Float>, gain: Matrix<Float>, bias: Matrix<Float>, offset: Float
    ) -> (output: Matrix<Float>, statistics: Statistics) {
        let found = base.batchNormalization(a, gain: gain, bias: bias, offset: offset)
        return (spoiled(found.output), found.statistics)
    }
    func batchNormalization(
        _ a: Matrix<Float>, gain: Matrix<Float>, bias: Matrix<Float>, statistics: Statistics
    ) -> Matrix<Float> {
        spoiled(base.batchNormalization(a, gain: gain, bias: bias, statistics: statistics))
    }
    func batchNormalizationGradient(
        _ outputGradient: Matrix<Float>, input: Matrix<Float>, gain: Matrix<Float>, statistics: Statistics
    ) -> NormalizationGradient {
        let found = base.batchNormalizationGradient(outputGradient, input: input, gain: gain, statistics: statistics)
        return (found.input, found.gain, spoiled(found.bias))
    }

    func convolution(_ input: Matrix<Float>, weight: Matrix<Float>, _ shape: ConvolutionShape) -> Matrix<Float> {
        spoiled(base.convolution(input, weight: weight, shape))
    }
    func convolutionGradient(
        _ outputGradient: Matrix<Float>, input: Matrix<Float>, weight: Matrix<Float>, _ shape: ConvolutionShape,
        wantsInput: Bool
    ) -> (input: Matrix<Float>?, weight: Matrix<Float>) {
        let found = base.convolutionGradient(
            outputGradient, input: input, weight: weight, shape, wantsInput: wantsInput)
        return (found.input, spoiled(found.weight))
    }
    func maxPooling(_ input: Matrix<Float>, _ shape: ConvolutionShape) -> Matrix<Float> {
        spoiled(base.maxPooling(input, shape))
    }
    func maxPoolingGradient(
        _ outputGradient: Matrix<Float>, input: Matrix<Float>, _ shape: ConvolutionShape
    ) -> Matrix<Float> {
        spoiled(base.maxPoolingGradient(outputGradient, input: input, shape))
    }
    func attention(
        _ projections: Matrix<Float>, _ shape: AttentionShape, mask: Matrix<Float>?, bias: AttentionBias<Matrix<Float>>?
    ) -> (output: Matrix<Float>, probabilities: Matrix<Float>) {
        let found = base.attention(projections, shape, mask: mask, bias: bias)
        return (spoiled(found.output), found.probabilities)
    }
    func attentionGradient(
        _ outputGradient: Matrix<Float>, projections: Matrix<Float>, probabilities: Matrix<Float>, _ shape: AttentionShape,
        mask: Matrix<Float>?, bias: AttentionBias<Matrix<Float>>?
    ) -> (projections: Matrix<Float>, bias: Matrix<Float>?) {
        let found = base.attentionGradient(
            outputGradient, projections: projections, probabilities: probabilities, shape, mask: mask, bias: bias)
        return (found.bias == nil ? spoiled(found.projections) : found.projections, found.bias.map { spoiled($0) })
    }
    func softmaxCrossEntropy(_ logits: Matrix<Float>, targets: [Int], smoothing: Double) -> CrossEntropy<Matrix<Float>> {
        let found = base.softmaxCrossEntropy(logits, targets: targets, smoothing: smoothing)
        return CrossEntropy(loss: found.loss, gradient: spoiled(found.gradient), correct: found.correct)
    }
}
