import Compute
import LinearAlgebra
import MatrixCore
import Testing

@testable import CPUBackend
@testable import Conformance

/// The processor held to the definitions, cut into any number of pieces, also above the number of rows and columns. Outputs
/// begin as NaN, with guards behind their end.
@Suite struct ConformanceTests {
    @Test(arguments: [1, 2, 5, 192]) func matricesInFloat(threads: Int) throws {
        try expectConformance(matrixCases(), CPUBackend<Float>(threads: threads, checksOutputs: true))
    }

    @Test(arguments: [1, 2, 5, 192]) func matricesInDouble(threads: Int) throws {
        try expectConformance(matrixCases(), CPUBackend<Double>(threads: threads, checksOutputs: true))
    }

    @Test(arguments: [1, 2, 5, 192]) func networksInFloat(threads: Int) throws {
        try expectConformance(neuralCases(), CPUBackend<Float>(threads: threads, checksOutputs: true))
    }

    @Test(arguments: [1, 2, 5, 192]) func networksInDouble(threads: Int) throws {
        try expectConformance(neuralCases(), CPUBackend<Double>(threads: threads, checksOutputs: true))
    }

    @Test(arguments: NeuralKernels.available.dropFirst()) func otherKernels(kernels: NeuralKernels) throws {
        let backend = CPUBackend<Float>(kernels: kernels, threads: 2, checksOutputs: true)
        try expectConformance(matrixCases(), backend)
        try expectConformance(neuralCases(), backend)
    }

    @Test(arguments: BlockCodec.available) func codes(codec: BlockCodec) throws {
        for test in try CodecCase.all() {
            let difference = try test.difference(of: BackendCodec(CPUBackend<Float>(codec: codec)))
            #expect(difference == nil, "\(test): \(difference ?? "")")
        }
        for test in try CodecCase.all(orders: [33]) {
            let difference = try test.difference(of: BackendCodec(CPUBackend<Double>(codec: codec)))
            #expect(difference == nil, "\(test) of doubles: \(difference ?? "")")
        }
    }

    private func expectConformance<Backend: MatrixBackend>(
        _ cases: [ConformanceCase<Backend>], _ backend: Backend
    ) throws {
        for test in cases {
            let difference = try test.difference(of: backend)
            #expect(difference == nil, "\(test): \(difference ?? "")")
        }
    }

    /// Of every primitive that a case calls, a wrong last entry is seen by one of the cases that call it.
    @Test func everyPrimitiveIsJudged() throws {
        var backend = SpoiledBackend()
        var callers: [String: [ConformanceCase<SpoiledBackend>]] = [:]
        for test in matrixCases() + neuralCases() as [ConformanceCase<SpoiledBackend>] {
            #expect(try test.difference(of: backend) == nil)
            for name in backend.record.take() { callers[name, default: []].append(test) }
        }
        // All of the two protocols but `synchronize` and those of coded tensors, which have cases of their own.
        #expect(callers.count == 73)
        for (name, cases) in callers {
            backend.wrong = name
            #expect(try cases.contains { try $0.difference(of: backend) != nil }, "\(name)")
        }
    }

    /// The judge sees one wrong entry, a NaN, another shape and a difference just above its bound.
    @Test func theJudgeIsStrict() {
        let expected = Matrix<Float>(rows: 2, columns: 1, elements: [1, 2])
        func difference(_ found: [Float], rows: Int = 2, bound: Double? = nil) -> String? {
            var judge = Judge(CPUBackend<Float>())
            let found = Matrix(rows: rows, columns: found.count / rows, elements: found)
            if let bound {
                judge.expect(found, within: bound, of: Matrix<Double>(expected))
            } else {
                judge.expectEqual(found, expected)
            }
            return judge.difference
        }
        #expect(difference([1, 2]) == nil && difference([1, 2], bound: 0) == nil)
        #expect(difference([1, Float(2).nextUp]) == "result, entry (1, 0): 2.0000002 instead of 2.0")
        #expect(difference([1, .nan]) != nil && difference([1, .nan], bound: 1e9) != nil)
        #expect(difference([1, 2], rows: 1) == "result: 1 × 2 instead of 2 × 1")
        #expect(difference([1, 2.5], bound: 0.5) == nil && difference([1, 2.5], bound: 0.49) != nil)
    }
}
