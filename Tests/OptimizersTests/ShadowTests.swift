import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import TestSupport
import Testing

/// What dumps take from an optimizer, and the statistics followed beside it.
@Suite struct ShadowTests {
    private let backend = CPUBackend<Double>()
    private let shape = ParameterShape([70, 66])

    private func followed(
        _ scheme: PreconditionerScheme, steps: Int
    ) throws -> (sides: BlockSides<CPUBackend<Double>>, shadow: StatisticShadow<CPUBackend<Double>>) {
        let rule = shampoo(
            try SGDM<CPUBackend<Double>>(),
            try PreconditionerSettings(scheme, statisticsInterval: 2, rootInterval: steps, largestOrder: 68))
        var training = try Training(rule, shape, seed: 1, backend)
        let fresh = try #require(training.state.preconditioner)
        var shadow = try #require(rule.method.shadow(of: fresh, backend))
        for step in 1...steps {
            let gradient = Matrix<Double>.random(rows: 70, columns: 66, seed: 100 + UInt64(step))
            rule.method.update(
                &shadow, with: ParameterGradient(gradient, norm: gradient.frobeniusNorm), step: OptimizerStep(step), backend)
            try training.follow(steps: 1)
        }
        return (try #require(training.state.preconditioner), shadow)
    }

    /// Beside an uncoded optimizer the shadow is the same running mean, to the bit, and its root the same root.
    @Test(arguments: [0.9, 1]) func theShadowOfAnExactStatisticIsTheStatistic(decay: Double) throws {
        let scheme = try PreconditionerScheme(
            statistic: .exact, root: .exact, decay: decay, damping: 1e-3, solver: .eigen)
        let (sides, shadow) = try followed(scheme, steps: 6)
        #expect(sides.places.map(\.description) == ["0_0/left", "0_0/right", "1_0/left", "1_0/right"])
        #expect(shadow.places == sides.places)
        for (index, place) in sides.places.enumerated() {
            let (side, statistic) = (sides[index / 2, place.side], shadow.statistics[index])
            #expect(try side.statisticMatrix(backend) == statistic.statisticMatrix(backend))
            #expect(try statistic.rootMatrix(backend) == side.rootMatrix(backend))
        }
    }

    /// Beside a coded one it is what the errors are measured from: they fall with the bits.
    @Test func theErrorFallsWithTheBits() throws {
        for index in try storages(bits: 4).indices where index > 0 {
            let errors = try [4, 8].map { bits in
                let scheme = try PreconditionerScheme(
                    statistic: storages(bits: bits)[index], root: .exact, decay: 0.9, damping: 1e-2, solver: .eigen)
                let (sides, shadow) = try followed(scheme, steps: 6)
                let root = try #require(try shadow.statistics[0].rootMatrix(backend))
                return try #require(compare(sides[0, .left].rootMatrix(backend), to: root).normwiseRelativeError)
            }
            #expect(errors[1] < errors[0] && errors[0] > 0, "\(errors)")
        }
    }

    /// Entry (i, j) is in place (i, j) also where blocks along rows leave a root that is not symmetric.
    @Test func matricesAreNotTransposed() throws {
        let coding = try coding()
        let scheme = try PreconditionerScheme(statistic: .full(coding), root: .full(coding), damping: 1e-2)
        let left = try followed(scheme, steps: 4).sides[0, .left]
        for (matrix, decoded) in [
            (left.rootMatrix(backend), left.root(backend)),
            (try left.statisticMatrix(backend), try left.statistic.decoded(rectificationSteps: 0, backend)),
        ] {
            #expect(matrix != matrix.transposed)
            // Column j of a decoded tensor is row j of the matrix.
            for row in 0..<68 { #expect((0..<68).allSatisfy { matrix[row, $0] == decoded[$0, row] }) }
        }
    }

    @Test func shadowsAreArchived() throws {
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact)
        let (sides, shadow) = try followed(scheme, steps: 4)
        let settings = try PreconditionerSettings(scheme)
        var fresh = try #require(TwoSided<Shampoo, CPUBackend<Double>>(settings).shadow(of: sides, backend))
        let archive = shadow.archive(backend)
        #expect(archive.byteCount == shadow.byteCount(backend) && fresh.archive(backend) != archive)
        try fresh.restore(from: archive, backend)
        #expect(fresh.archive(backend) == archive)
        #expect(throws: StateArchiveError("0_0/left/entries", .missing)) {
            try fresh.restore(from: StateArchive(entries: Array(archive.entries.dropFirst())), backend)
        }
    }

    /// Every rule refuses a gradient that is not finite, and is then as before.
    @Test func gradientsThatAreNotFiniteAreRefusedByAll() throws {
        func expectRefusal<Rule: OptimizerRule>(_ rule: Rule) throws where Rule.Backend == CPUBackend<Double> {
            var training = try Training(rule, ParameterShape([5]), seed: 1, backend)
            try training.follow(steps: 1)
            let (parameter, archive) = (training.parameter, training.archive)
            for value in [Double.nan, .infinity] {
                let gradient = Matrix(rows: 5, columns: 1, elements: [1, 2, value, 4, 5])
                #expect(throws: GradientError.self) {
                    try rule.update(
                        &training.parameter, gradient: gradient, state: &training.state, step: OptimizerStep(2), backend)
                }
            }
            #expect(training.parameter == parameter && training.archive == archive)
        }
        try expectRefusal(SGDM<CPUBackend<Double>>())
        try expectRefusal(AdamW<CPUBackend<Double>>())
        try expectRefusal(Adagrad<CPUBackend<Double>>())
        try expectRefusal(
            shampoo(
                SGDM<CPUBackend<Double>>(), PreconditionerSettings(PreconditionerScheme(statistic: .exact, root: .exact))))
    }
}
