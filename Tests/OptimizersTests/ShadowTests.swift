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
    ) throws -> (BlockPreconditioner<CPUBackend<Double>>, BlockShadow<CPUBackend<Double>>) {
        let rule = Shampoo(
            base: try SGDM<CPUBackend<Double>>(),
            schedule: try ShampooSchedule(statisticsInterval: 2, rootInterval: steps, largestOrder: 68), scheme: scheme)
        var training = try Training(rule, shape, seed: 1, backend)
        var shadow = BlockShadow(following: try #require(rule.preconditioners(of: training.state)), backend)
        for step in 1...steps {
            let gradient = Matrix<Double>.random(rows: 70, columns: 66, seed: 100 + UInt64(step))
            if rule.takesStatistics(at: OptimizerStep(step)) { shadow.update(with: gradient, backend) }
            try training.follow(steps: 1)
        }
        return (try #require(rule.preconditioners(of: training.state)), shadow)
    }

    /// Beside an uncoded optimizer the shadow is the same running mean, to the bit, and its root the same root.
    @Test(arguments: [0.9, 1]) func theShadowOfAnExactStatisticIsTheStatistic(decay: Double) throws {
        let scheme = try PreconditionerScheme(
            statistic: .exact, root: .exact, decay: decay, damping: 1e-3, solver: .eigen)
        let (preconditioners, shadow) = try followed(scheme, steps: 6)
        #expect(preconditioners.places.map(\.description) == ["0_0", "1_0"] && shadow.places == preconditioners.places)
        for (index, block) in preconditioners.blocks.enumerated() {
            for (side, shadow) in [(block.left, shadow[index].left), (block.right, shadow[index].right)] {
                #expect(side.statisticMatrix(backend) == shadow.statisticMatrix(backend))
                #expect(try shadow.rootMatrix(backend) == side.rootMatrix(backend))
            }
        }
    }

    /// Beside a coded one it is what the errors are measured from: they fall with the bits.
    @Test func theErrorFallsWithTheBits() throws {
        for index in try storages(bits: 4).indices where index > 0 {
            let errors = try [4, 8].map { bits in
                let scheme = try PreconditionerScheme(
                    statistic: storages(bits: bits)[index], root: .exact, decay: 0.9, damping: 1e-2, solver: .eigen)
                let (preconditioners, shadow) = try followed(scheme, steps: 6)
                let root = try #require(try shadow[0].left.rootMatrix(backend))
                return try #require(
                    compare(preconditioners.blocks[0].left.rootMatrix(backend), to: root).normwiseRelativeError)
            }
            #expect(errors[1] < errors[0] && errors[0] > 0, "\(errors)")
        }
    }

    /// Entry (i, j) is in place (i, j) also where blocks along rows leave a root that is not symmetric.
    @Test func matricesAreNotTransposed() throws {
        let coding = try coding()
        let scheme = try PreconditionerScheme(statistic: .full(coding), root: .full(coding), damping: 1e-2)
        let block = try followed(scheme, steps: 4).0.blocks[0]
        for (matrix, decoded) in [
            (block.left.rootMatrix(backend), block.left.root.decoded(backend)),
            (block.left.statisticMatrix(backend), block.left.statistic.decoded(rectificationSteps: 0, backend)),
        ] {
            #expect(matrix != matrix.transposed)
            // Column j of a decoded tensor is row j of the matrix.
            for row in 0..<68 { #expect((0..<68).allSatisfy { matrix[row, $0] == decoded[$0, row] }) }
        }
    }

    @Test func shadowsAreArchived() throws {
        let scheme = try PreconditionerScheme(statistic: .exact, root: .exact)
        let (preconditioners, shadow) = try followed(scheme, steps: 4)
        var fresh = BlockShadow(following: preconditioners, backend)
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
            Shampoo(
                base: SGDM<CPUBackend<Double>>(), schedule: ShampooSchedule(),
                scheme: PreconditionerScheme(statistic: .exact, root: .exact)))
    }
}
