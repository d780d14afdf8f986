import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Quantization
import Testing

/// Moments in codes. A step from codes is the uncoded rule's step from what they stand for, and what that leaves is coded by the
/// definition of the codec, in blocks of the row-major order.
@Suite struct KeptMomentTests {
    private typealias Backend = CPUBackend<Float>
    private let backend = Backend()
    private static let wide = ParameterShape([70, 61])
    private static let filters = ParameterShape([35, 5, 5, 5])
    private static let column = ParameterShape([4321])

    // MARK: Codebooks, as their papers have them

    /// Of `create_dynamic_map` of bitsandbytes: decades of 2^i or, without a sign, 2^(i+1) equal parts.
    private static func tree(bits: Int, signed: Bool) -> [Float] {
        var values: [Double] = [1]
        for i in 0..<bits - 1 {
            let parts = 1 << (signed ? i : i + 1)
            for part in 0..<parts {
                let (low, high) = (0.1 + 0.9 * Double(part) / Double(parts), 0.1 + 0.9 * Double(part + 1) / Double(parts))
                var value = (low + high) / 2
                for _ in i..<bits - 2 { value /= 10 }
                values += signed ? [value, -value] : [value]
            }
        }
        // Without a sign there is no zero, but half of the least.
        values.append(signed ? 0 : values.min()! / 2)
        return values.sorted().map { Float($0) }
    }

    private struct Coding {
        let values: [Float]
        /// nil for rows and columns.
        let block: Int?
    }

    private func coding(_ kind: MomentKind, bits: Int, _ shape: ParameterShape) -> Coding? {
        let entries = shape.rows * shape.columns
        if bits == 32 || kind == .uncoded || entries < (bits == 8 ? 4096 : 4097) { return nil }
        switch (kind, bits) {
        case (.mean, 8): return Coding(values: Self.tree(bits: 8, signed: true), block: 2048)
        case (.meanSquare, 8): return Coding(values: Self.tree(bits: 8, signed: false), block: 2048)
        case (.momentum, 8): return Coding(values: (-127...128).map { Float(min($0, 127)) / 127 }, block: 2048)
        case (.meanSquare, _):
            let isPlane = shape.dimensions.count == 2
            return Coding(values: (1...16).map { Float($0) / 16 }, block: isPlane ? nil : 128)
        default: return Coding(values: Self.tree(bits: 4, signed: true), block: 128)
        }
    }

    /// What a tensor, in column-major order, comes back as.
    private func throughCodes(_ entries: [Float], _ coding: Coding, _ shape: ParameterShape) throws -> [Float] {
        let (rows, columns) = (shape.rows, shape.columns)
        let a = Matrix(rows: rows, columns: columns, elements: entries)
        func scale(_ i: Int, _ j: Int) -> Float {
            min(
                (0..<columns).map { a[i, $0].magnitude }.max() ?? 0, (0..<rows).map { a[$0, j].magnitude }.max() ?? 0)
        }
        let block = coding.block ?? rows * columns
        let scales = coding.block == nil ? (0..<rows).map { i in (0..<columns).map { j in scale(i, j) } } : nil
        var rowMajor = a.transposed.elements
        for index in rowMajor.indices {
            guard let scales else { break }
            let own = scales[index / columns][index % columns]
            rowMajor[index] = own == 0 ? 0 : rowMajor[index] / own
        }
        let codec = try BlockCoding(codebook: Codebook(values: coding.values), blockSize: block)
        let coded = ReferenceCodec.encode(rowMajor, coding: codec)
        var decoded = ReferenceCodec.decode(codes: coded.codes, maxima: coded.maxima, coding: codec)
        for index in decoded.indices { if let scales { decoded[index] *= scales[index / columns][index % columns] } }
        return Matrix(rows: columns, columns: rows, elements: decoded).transposed.elements
    }

    // MARK: Laws

    /// - Parameter names: of the tensors that the rule keeps, in the order of the archive.
    private func expectCodedSteps<Rule: OptimizerRule>(
        _ make: (MomentBits) throws -> Rule, _ method: any FirstOrderMethod.Type, _ names: [String], _ bits: MomentBits,
        _ shape: ParameterShape
    ) throws where Rule.Backend == Backend {
        let kinds = method.kept(of: shape)
        let (coded, exact) = (try make(bits), try make(.exact))
        var ours = try Training(coded, shape, seed: 1, backend)
        var theirs = try Training(exact, shape, seed: 1, backend)
        for step in 1...3 {
            try ours.follow(steps: 1)
            try theirs.follow(steps: 1)
            #expect(ours.parameter == theirs.parameter, "\(method.name), step \(step)")
            // The uncoded rule goes on from what the codes stand for.
            var entries = theirs.archive.entries
            for (name, kind) in zip(names, kinds) {
                guard let coding = coding(kind, bits: bits.rawValue, shape),
                    let index = entries.firstIndex(where: { $0.name == name }),
                    case .floats(let values) = entries[index].buffer
                else { continue }
                entries[index] = .init(name: name, buffer: .floats(try throughCodes(values, coding, shape)))
            }
            try exact.restore(&theirs.state, from: StateArchive(entries: entries), backend)
        }
        let archive = ours.archive
        let codebooks = archive.entries.filter { $0.name.hasSuffix("/codebooks") }.reduce(0) { $0 + $1.buffer.byteCount }
        #expect(coded.byteCount(ours.state, backend) == archive.byteCount - codebooks)
        #expect(coded.byteCount(ours.state, backend) == method.byteCount(shape, bits))
        var again = try Training(coded, shape, seed: 2, backend)
        try coded.restore(&again.state, from: archive, backend)
        #expect(again.archive == archive)
    }

    @Test(arguments: [MomentBits.eight, .four, .exact]) func steps(bits: MomentBits) throws {
        for shape in [Self.wide, Self.filters, Self.column] {
            try expectCodedSteps(
                { try AdamW<Backend>(learningRate: 0.1, weightDecay: 0.1, usesNesterov: true, momentBits: $0) },
                NadamWMethod.self, ["first", "second"], bits, shape)
            try expectCodedSteps(
                { try SGDM<Backend>(learningRate: 0.1, weightDecay: 0.1, momentBits: $0) }, SGDMMethod.self, ["momentum"],
                bits, shape)
        }
        try expectCodedSteps(
            { try ScheduleFreeAdamW<Backend>(learningRate: 0.1, momentBits: $0) }, ScheduleFreeAdamWMethod.self,
            ["fast_point", "second"], bits, Self.wide)
        try expectCodedSteps(
            { try LARS<Backend>(momentBits: $0) }, LARSMethod.self, ["momentum"], bits, Self.filters)
        try expectCodedSteps(
            { try Muon<Backend>(momentBits: $0, rest: AdamW(momentBits: $0)) }, MuonMethod.self, ["momentum"], bits, Self.wide)
        try expectCodedSteps(
            { try Muon<Backend>(momentBits: $0, rest: AdamW(momentBits: $0)) }, MuonMethod.self, ["first", "second"], bits,
            Self.column)
    }

    /// The published name is the same rule.
    @Test func publishedNameOf8Bits() throws {
        var values = AdamWMethod.defaults
        values.momentBits = .eight
        #expect(values == AdamW8BitMethod.defaults)
        let (rule, other) = (
            try AdamW8BitMethod.rule(values, on: Backend.self) as? AdamW<Backend>,
            try AdamWMethod.rule(values, on: Backend.self) as? AdamW<Backend>
        )
        #expect(rule != nil && rule == other)
    }

    /// A gradient of 1e-5 of its block's largest, then none: its mean square is below all codes, its mean is not. Adam's own step
    /// is below the learning rate; with a zero for the mean square it would be 1e-5·0.9·0.1/ε, some hundred of it.
    @Test(arguments: [MomentBits.eight, .four]) func meansOfNoSquareMakeNoLeap(bits: MomentBits) throws {
        let rule = try AdamW<Backend>(learningRate: 1, momentBits: bits)
        for shape in [Self.wide, Self.column] {
            var training = try Training(rule, shape, seed: 1, backend)
            var gradient = Matrix<Float>(rows: shape.rows, columns: shape.columns)
            gradient.elements = gradient.elements.indices.map { $0 % 2 == 0 ? 1 : 1e-5 }
            for step in 1...3 {
                let before = training.parameter
                try rule.update(
                    &training.parameter, gradient: gradient, state: &training.state, step: OptimizerStep(step), backend)
                #expect(backend.combine(1, before, -1, training.parameter).largestMagnitude <= 1.01)
                gradient = Matrix(rows: shape.rows, columns: shape.columns)
            }
        }
    }

    /// Zeros stay zeros, and a mean square that leaves the range of float32 is not taken up.
    @Test(arguments: [MomentBits.eight, .four]) func zerosAndInfinities(bits: MomentBits) throws {
        let rule = try AdamW<Backend>(momentBits: bits)
        var training = try Training(rule, Self.wide, seed: 1, backend)
        let start = (training.parameter, training.archive)
        let zeros = Matrix<Float>(rows: Self.wide.rows, columns: Self.wide.columns)
        try rule.update(&training.parameter, gradient: zeros, state: &training.state, step: OptimizerStep(1), backend)
        #expect(training.parameter == start.0 && training.archive == start.1)
        var huge = zeros
        huge[3, 3] = 1e25
        try rule.update(&training.parameter, gradient: huge, state: &training.state, step: OptimizerStep(2), backend)
        #expect(training.parameter.largestMagnitude.isFinite)
        let second = training.archive.entries.filter { $0.name.hasPrefix("second/") }
        #expect(second == start.1.entries.filter { $0.name.hasPrefix("second/") })
    }
}
