import CPUBackend
import Compute
import Foundation
import LinearAlgebra
import MatrixCore
import Preconditioning
import Quantization
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

/// A matrix with its own decomposition, shifted by ε.
private struct DecomposedMatrix: StatisticSource {
    let matrix: Matrix<Double>
    let eigenvalues: [Double]
    let eigenvectors: Matrix<Double>

    init(_ matrix: Matrix<Double>) throws {
        self.matrix = matrix
        let eigen = try symmetricEigen(matrix)
        (eigenvalues, eigenvectors) = (eigen.values, eigen.vectors)
    }

    func shift(damping: Double) -> Double { damping }

    typealias Backend = CPUBackend<Double>
}

@Suite struct StorageNameTests {
    /// Every storage by its name.
    private func storages(bits: Int) throws -> [StatisticStorage] {
        try StatisticKind.allCases.map { kind in try StatisticStorage(kind, blockCoding(.linear2, bits: bits)) }
    }

    /// Settings of a training are read as they were written by earlier versions: the name over `_0`, the coding.
    @Test func writtenForm() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func text(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
        let coding = try blockCoding(.dynamicTree, bits: 4, block: 32)
        let householder = #"{"householder":{"_0":{"bits":4,"block":32,"codebook":"dynamic-tree"}}}"#
        #expect(
            try text(StatisticStorage.householder(coding))
                == #"{"householder":{"_0":{"bits":4,"block":32,"codebook":"dynamic-tree"},"loop":"closed"}}"#)
        #expect(try text(StatisticStorage.exact) == #"{"exact":{}}"#)
        #expect(try text(RootStorage.exact) == #"{"exact":{}}"#)
        #expect(
            try JSONDecoder().decode(StatisticStorage.self, from: Data(householder.utf8)) == .householder(coding, loop: .open))
        for storage in try storages(bits: 3) {
            #expect(try JSONDecoder().decode(StatisticStorage.self, from: JSONEncoder().encode(storage)) == storage)
        }
        for text in [householder, #"{"exact":{},"full":{}}"#, #"{"full":{}}"#, "{}", #"{"spherical":{}}"#] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(RootStorage.self, from: Data(text.utf8)) }
        }
    }

    @Test func namesInMessages() throws {
        #expect(StatisticKind.names(where: \.isFactored) == "eigenvector or householder")
        #expect(StatisticKind.names(where: \.isRectified) == "eigenvector")
        #expect(RootKind.names(where: \.isCoded) == "full, offdiagonal or symmetric")
        #expect(RootKind.names(where: \.isFactored) == "")
        let refused = #expect(throws: PreconditionerSchemeError.self) {
            try PreconditionerScheme(statistic: .exact, root: .shared)
        }
        #expect(refused?.description == "root shared: it needs statistic inverse-root or deflated")
        for option in ["solver factored", "update-decomposition eigen"] {
            let error = #expect(throws: PreconditionerSchemeError.self) {
                try PreconditionerScheme(
                    statistic: .exact, root: .exact, solver: option == "solver factored" ? .factored : nil,
                    updateDecomposition: option == "solver factored" ? .subspace : .eigen)
            }
            let needed =
                option == "solver factored"
                ? "eigenvector, householder, inverse-root or deflated" : "eigenvector or householder"
            #expect(error?.description == "\(option): it needs statistic \(needed)")
        }
    }

    /// A study keeps the matrix of a file and training what an update makes of it; with β = 0 they are the same matrix, and
    /// what comes back is the same to the bit.
    @Test(arguments: StatisticKind.allCases) func studyAndTrainingKeepAlike(_ kind: StatisticKind) throws {
        let order = 40
        let matrix = try KnownStatistic(.geometric(conditionNumber: 1e3), order: order).matrix
        let storage = try StatisticStorage(kind, blockCoding(.linear2, bits: 5, block: 16))
        let scheme = try PreconditionerScheme(
            statistic: storage, root: .exact, decay: 0, damping: 1e-3,
            updateDecomposition: kind.traits.isFactored ? .eigen : .subspace,
            shift: kind.traits.isShifted ? .absolute : nil, smallestCodedOrder: 0)
        var trained = try scheme.initialStatistic(order: order, backend)
        var generator = PhiloxGenerator(seed: 3)
        try trained.update(with: matrix, by: scheme, using: &generator, backend)
        let studied = try storage.keep(
            DecomposedMatrix(matrix), for: StatisticUse(exponent: scheme.exponent, damping: scheme.damping), backend)
        let decoded = try studied.decoded(rectificationSteps: 2, backend)
        #expect(try trained.decoded(rectificationSteps: 2, backend) == decoded)
        #expect(decoded.order == order && trained.order == order && studied.order == order)
        #expect(studied.isCoded != kind.traits.isExact && (studied.factored != nil) == kind.traits.isFactored)
        #expect(try studied.decodedStatistic(rectificationSteps: 0, backend).isSymmetric == (decoded == decoded.transposed))
        expectBound(difference(decoded, matrix).frobeniusNorm, atMost: 0.2 * matrix.frobeniusNorm)
        // A relative shift is all of the damping, an absolute one is not.
        #expect(studied.isDamped == kind.traits.isShifted && !trained.isDamped)
    }
}
