import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import Quantization
import Testing

/// Archives that are not what a state wrote.
@Suite struct StateDamageTests {
    private let floats = CPUBackend<Float>()
    private let shape = ParameterShape([70, 40])

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
        func expectError(_ name: String, _ problem: StateArchiveError.Problem, _ change: (inout [StateArchive.Entry]) -> Void)
            throws
        {
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
            "\(side)/failures", .invalid("[1, 0, 1] are no counts of failures"),
            replace("\(side)/failures", .integers([1, 0, 1])))
        try expectError(
            "\(side)/updates", .invalid("[1, 2] are no counts of updates"), replace("\(side)/updates", .integers([1, 2])))
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
