import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import Quantization
import TestSupport
import Testing

/// Every statistic storage and error feedback with every root storage.
func schemes(bits: Int) throws -> [PreconditionerScheme] {
    let coding = try coding(bits: bits, block: 48)
    let roots: [RootStorage] = [.exact, .full(coding), .offdiagonal(coding), .symmetric(coding)]
    var result: [PreconditionerScheme] = []
    for root in roots {
        for statistic in try storages(bits: bits) {
            result.append(try PreconditionerScheme(statistic: statistic, root: root, decay: 0.8, damping: 1e-3))
        }
        result.append(
            try PreconditionerScheme(
                statistic: .cholesky(coding), root: root, decay: 0.8, damping: 1e-3, errorFeedbackDecay: 0.9))
    }
    return result
}

/// A parameter in training by one rule, with gradients that depend on the step alone.
struct Training<Rule: OptimizerRule> {
    let rule: Rule
    let backend: Rule.Backend
    let shape: ParameterShape
    var parameter: Rule.Backend.Tensor
    var state: Rule.State
    var step = 0

    init(_ rule: Rule, _ shape: ParameterShape, seed: UInt64, _ backend: Rule.Backend) throws {
        self.rule = rule
        self.backend = backend
        self.shape = shape
        var generator = PhiloxGenerator(seed: seed)
        parameter = backend.tensor(.random(rows: shape.rows, columns: shape.columns, seed: 1))
        state = try rule.initialState(for: shape, using: &generator, backend)
    }

    mutating func follow(steps: Int) throws {
        for _ in 0..<steps {
            step += 1
            let gradient = backend.tensor(.random(rows: shape.rows, columns: shape.columns, seed: 100 + UInt64(step)))
            try rule.update(&parameter, gradient: gradient, state: &state, step: OptimizerStep(step), backend)
        }
    }

    var archive: StateArchive { rule.archive(state, backend) }

    /// The bytes that the archive holds beyond the state's: generator, counts and the text of the last failure.
    var extraBytes: Int {
        (rule.preconditioners(of: state)?.blocks ?? []).flatMap { [$0.left, $0.right] }.reduce(0) {
            $0 + 3 * 8 + 3 * 8 + ($1.record.lastFailure?.utf8.count ?? 0)
        }
    }
}

/// States written and read back.
@Suite struct StateRestoreTests {
    private let floats = CPUBackend<Float>()
    /// Blocks of 66 × 40 and 4 × 40: one order above the smallest coded one, two below.
    private let shape = ParameterShape([70, 40])

    private func shampoo<Base: OptimizerRule>(_ base: Base, _ scheme: PreconditionerScheme) throws -> Shampoo<Base> {
        Shampoo(
            base: base, schedule: try ShampooSchedule(statisticsInterval: 1, rootInterval: 2, largestOrder: 66),
            scheme: scheme)
    }

    /// Three steps, an archive into a state of another seed, three steps more.
    private func expectResumes<Rule: OptimizerRule>(
        _ rule: Rule, _ backend: Rule.Backend
    ) throws {
        var first = try Training(rule, shape, seed: 1, backend)
        try first.follow(steps: 3)
        let archive = first.archive
        #expect(archive.byteCount == rule.byteCount(first.state, backend) + first.extraBytes)

        var second = try Training(rule, shape, seed: 2, backend)
        let fresh = second.archive
        second.parameter = first.parameter
        second.step = 3
        var unrestored = second
        try rule.restore(&second.state, from: try StateArchive(entries: archive.entries), backend)
        #expect(second.archive == archive && archive != fresh)
        try first.follow(steps: 3)
        try second.follow(steps: 3)
        try unrestored.follow(steps: 3)
        #expect(backend.matrix(second.parameter) == backend.matrix(first.parameter))
        #expect(second.archive == first.archive)
        // Nothing of this would show in a state that does not matter.
        #expect(backend.matrix(unrestored.parameter) != backend.matrix(first.parameter))
    }

    @Test(arguments: [4, 5]) func everyRuleAndStorageResumes(bits: Int) throws {
        let rules: [any OptimizerRule<CPUBackend<Float>>] = [
            try SGDM<CPUBackend<Float>>(weightDecay: 0.01), try AdamW<CPUBackend<Float>>(),
            try AdamW<CPUBackend<Float>>(usesNesterov: true), try Adagrad<CPUBackend<Float>>(),
        ]
        for rule in rules {
            func all<Rule: OptimizerRule>(_ rule: Rule) throws where Rule.Backend == CPUBackend<Float> {
                try expectResumes(rule, floats)
                for scheme in try schemes(bits: bits) {
                    try expectResumes(shampoo(rule, scheme), floats)
                }
            }
            try all(rule)
        }
    }

    @Test func statesInDoublePrecisionResume() throws {
        for scheme in try schemes(bits: 4) {
            try expectResumes(
                shampoo(AdamW<CPUBackend<Double>>(), scheme), CPUBackend<Double>())
        }
    }

    /// Work side by side gives the bits of work in turn.
    @Test func threadsDoNotChangeTheResult() throws {
        for scheme in try schemes(bits: 4) {
            let trainings = try [1, 2, 5].map { threads in
                var training = try Training(
                    shampoo(SGDM<CPUBackend<Float>>(), scheme), shape, seed: 1, CPUBackend<Float>(threads: threads))
                try training.follow(steps: 4)
                return training
            }
            #expect(trainings[1].parameter == trainings[0].parameter && trainings[2].parameter == trainings[0].parameter)
            #expect(trainings[1].archive == trainings[0].archive && trainings[2].archive == trainings[0].archive)
        }
    }

    @Test func failuresAreKept() throws {
        let scheme = try PreconditionerScheme(statistic: .offdiagonal(coding()), root: .exact)
        let rule = try shampoo(SGDM<CPUBackend<Float>>(learningRate: 1e-3), scheme)
        var training = try Training(rule, shape, seed: 1, floats)
        // Finite, but GGᵀ is not in float32.
        let gradient = Matrix<Float>(rows: 70, columns: 40, repeating: 1e30)
        try rule.update(&training.parameter, gradient: gradient, state: &training.state, step: OptimizerStep(1), floats)
        let record = try #require(rule.preconditioners(of: training.state)?.blocks[0].left.record)
        #expect(record.statisticFailures == 1 && record.lastFailure != nil)
        let archive = training.archive
        #expect(archive.byteCount == rule.byteCount(training.state, floats) + training.extraBytes)
        var fresh = try Training(rule, shape, seed: 2, floats)
        try rule.restore(&fresh.state, from: archive, floats)
        #expect(rule.preconditioners(of: fresh.state)?.blocks[0].left.record == record)
    }

    @Test func namesArePaths() throws {
        let scheme = try PreconditionerScheme(
            statistic: .householder(coding()), root: .offdiagonal(coding()), smallestCodedOrder: 5)
        let training = try Training(shampoo(AdamW<CPUBackend<Float>>(), scheme), shape, seed: 1, floats)
        let names = training.archive.entries.map(\.name)
        #expect(Set(names).count == names.count)
        for name in [
            "base/first", "base/second", "blocks/0_0/left/statistic/eigenvalues", "blocks/0_0/left/statistic/negations",
            "blocks/0_0/right/statistic/reflectors/codes", "blocks/1_0/right/root/block_maxima",
            "blocks/1_0/left/root/entries", "blocks/1_0/left/generator", "blocks/1_0/right/failures",
        ] {
            #expect(names.contains(name), "\(name)")
        }
    }

    // MARK: Damage

    private enum Damage: CaseIterable { case removed, added, renamed, shortened, lengthened, changedKind, changedBit }

    private func damaged(
        _ archive: StateArchive, _ damage: Damage, using generator: inout PhiloxGenerator
    ) throws -> StateArchive {
        var entries = archive.entries
        let index = Int(generator.next() % UInt64(entries.count))
        let (name, buffer) = (entries[index].name, entries[index].buffer)
        switch damage {
        case .removed: entries.remove(at: index)
        case .added: entries.insert(.init(name: name + "/codes", buffer: .bytes([1])), at: index)
        case .renamed: entries[index] = .init(name: String(name.dropLast()), buffer: buffer)
        case .shortened: entries[index] = .init(name: name, buffer: resized(buffer, by: -1))
        case .lengthened: entries[index] = .init(name: name, buffer: resized(buffer, by: 1))
        case .changedKind:
            let other: StateBuffer = if case .bytes = buffer { .floats([1]) } else { .bytes([1, 2, 3]) }
            entries[index] = .init(name: name, buffer: other)
        case .changedBit: entries[index] = .init(name: name, buffer: bitChanged(buffer, using: &generator))
        }
        return try StateArchive(entries: entries)
    }

    private func resized(_ buffer: StateBuffer, by count: Int) -> StateBuffer {
        func resized<T>(_ values: [T], _ value: T) -> [T] { count < 0 ? values.dropLast() : values + [value] }
        return switch buffer {
        case .floats(let values): .floats(resized(values, 0))
        case .doubles(let values): .doubles(resized(values, 0))
        case .bytes(let values): .bytes(resized(values, 0))
        case .integers(let values): .integers(resized(values, 0))
        }
    }

    private func bitChanged(_ buffer: StateBuffer, using generator: inout PhiloxGenerator) -> StateBuffer {
        func changed<T>(_ values: [T], _ change: (T, UInt64) -> T) -> [T] {
            guard !values.isEmpty else { return values }
            var values = values
            let index = Int(generator.next() % UInt64(values.count))
            values[index] = change(values[index], generator.next())
            return values
        }
        return switch buffer {
        case .floats(let values): .floats(changed(values) { Float(bitPattern: $0.bitPattern ^ 1 << UInt32($1 % 32)) })
        case .doubles(let values): .doubles(changed(values) { Double(bitPattern: $0.bitPattern ^ 1 << ($1 % 64)) })
        case .bytes(let values): .bytes(changed(values) { $0 ^ 1 << UInt8($1 % 8) })
        case .integers(let values): .integers(changed(values) { $0 ^ 1 << ($1 % 64) })
        }
    }

    /// A state takes an archive whole or not at all. A changed bit may be a state too: training then goes on.
    @Test func damagedArchivesThrowAndNeverTrap() throws {
        var generator = PhiloxGenerator(seed: 11)
        var readable = 0
        for scheme in try schemes(bits: 5) {
            let rule = try shampoo(AdamW<CPUBackend<Float>>(), scheme)
            var training = try Training(rule, shape, seed: 1, floats)
            try training.follow(steps: 2)
            let archive = training.archive
            for damage in Damage.allCases {
                for _ in 0..<(damage == .changedBit ? 30 : 6) {
                    let broken = try damaged(archive, damage, using: &generator)
                    var fresh = try Training(rule, shape, seed: 2, floats)
                    let before = fresh.archive
                    do {
                        try rule.restore(&fresh.state, from: broken, floats)
                        // A text may be of any length.
                        let isText = zip(archive.entries, broken.entries).allSatisfy {
                            $0 == $1 || $0.name.hasSuffix("last_failure")
                        }
                        #expect(damage == .changedBit || isText, "\(damage)")
                        #expect(fresh.archive == broken)
                        fresh.step = 2
                        try? fresh.follow(steps: 2)
                        readable += 1
                    } catch {
                        #expect(!error.name.isEmpty)
                        #expect(fresh.archive == before, "\(error)")
                    }
                }
            }
        }
        #expect(readable > 100)
    }

    @Test func errorsNameTheBuffer() throws {
        let scheme = try PreconditionerScheme(statistic: .eigenvector(coding()), root: .exact)
        let rule = try shampoo(SGDM<CPUBackend<Float>>(), scheme)
        let training = try Training(rule, shape, seed: 1, floats)
        func expectError(_ name: String, _ problem: StateArchiveError.Problem, _ change: (inout [StateArchive.Entry]) -> Void) throws {
            var entries = training.archive.entries
            change(&entries)
            var state = training.state
            #expect(throws: StateArchiveError(name, problem)) {
                try rule.restore(&state, from: StateArchive(entries: entries), floats)
            }
        }
        func replace(_ name: String, _ buffer: StateBuffer) -> (inout [StateArchive.Entry]) -> Void {
            { entries in
                for index in entries.indices where entries[index].name == name {
                    entries[index] = .init(name: name, buffer: buffer)
                }
            }
        }
        let side = "blocks/0_0/left"
        try expectError("base/momentum", .missing) { $0.removeFirst() }
        try expectError("base/momentum", .duplicate) { $0.append($0[0]) }
        try expectError("spare", .unexpected) { $0.append(.init(name: "spare", buffer: .bytes([]))) }
        try expectError("base/momentum", .wrongKind("doubles", expected: "floats"), replace("base/momentum", .doubles([])))
        try expectError("base/momentum", .wrongCount(3, expected: 2800), replace("base/momentum", .floats([1, 2, 3])))
        try expectError(
            "\(side)/statistic/vectors/codes", .wrongCount(1, expected: 2178),
            replace("\(side)/statistic/vectors/codes", .bytes([1])))
        try expectError(
            "\(side)/statistic/vectors/block_maxima", .invalid("a block maximum is negative"),
            replace("\(side)/statistic/vectors/block_maxima", .floats([Float](repeating: -1, count: 132))))
        try expectError(
            "\(side)/statistic/eigenvalues", .invalid("a value is not finite"),
            replace("\(side)/statistic/eigenvalues", .floats([Float](repeating: .nan, count: 66))))
        try expectError(
            "\(side)/root/entries", .invalid("an entry is not finite"),
            replace("\(side)/root/entries", .floats([Float](repeating: .infinity, count: 66 * 66))))
        try expectError(
            "\(side)/failures", .invalid("[1, 0, 1] are no counts of failures"), replace("\(side)/failures", .integers([1, 0, 1])))
        try expectError(
            "\(side)/last_failure", .invalid("it is not UTF-8"), replace("\(side)/last_failure", .bytes([0xFF])))
    }

    /// 66·65/2 = 2145 codes of 5 bits leave 3 bits of the last byte; 66 signs leave 6.
    @Test func paddingIsZero() throws {
        let scheme = try PreconditionerScheme(statistic: .householder(coding(bits: 5)), root: .exact)
        let rule = try shampoo(SGDM<CPUBackend<Float>>(), scheme)
        let training = try Training(rule, shape, seed: 1, floats)
        for (name, bit) in [("reflectors/codes", 5), ("negations", 2)] {
            var entries = training.archive.entries
            let full = "blocks/0_0/left/statistic/\(name)"
            let index = try #require(entries.firstIndex { $0.name == full })
            guard case .bytes(var bytes) = entries[index].buffer else { throw StateArchiveError(full, .missing) }
            for (position, isRefused) in [(bit, true), (bit - 1, false)] {
                bytes[bytes.count - 1] = 1 << UInt8(position)
                entries[index] = .init(name: full, buffer: .bytes(bytes))
                var state = training.state
                let archive = try StateArchive(entries: entries)
                if isRefused {
                    #expect(throws: StateArchiveError.self) { try rule.restore(&state, from: archive, floats) }
                } else {
                    try rule.restore(&state, from: archive, floats)
                }
            }
        }
    }
}
