import Foundation
import HDF5Store
import MatrixCore
import MatrixStudy
import Preconditioning
import Quantization
import TestSupport
import Testing

/// The preset of the published tables against another program of the same convention.
@Suite struct PublishedReferenceTests {
    struct Published: Sendable {
        let codebook: CodebookName
        let bits: Int
        let statistic: StatisticKind
        let root: RootKind
        let rectify: Int?
        /// NRE, angle, and the two off the diagonal.
        let expected: [Double]

        init(
            _ codebook: CodebookName, _ bits: Int, _ statistic: StatisticKind, _ root: RootKind, _ rectify: Int?,
            _ expected: [Double]
        ) {
            (self.codebook, self.bits, self.statistic, self.root, self.rectify) = (codebook, bits, statistic, root, rectify)
            self.expected = expected
        }
    }

    /// Computed in NumPy from the definitions: codes by brute force, Schur–Newton in float32 by the published steps, the
    /// matrix of `twoLevel` below. Another start vector of the power iteration and noise of 1e-9 in the matrix move them
    /// by less than 1e-5.
    static let numpy: [Published] = [
        Published(.dynamicTree, 8, .offdiagonal, .exact, nil, [0.19051, 10.2828, 0.545312, 31.6872]),
        Published(.dynamicTree, 4, .offdiagonal, .exact, nil, [0.575681, 18.7882, 0.745988, 24.0695]),
        Published(.dynamicTree, 4, .offdiagonal, .offdiagonal, nil, [0.576423, 18.9023, 0.752029, 24.8778]),
        Published(.dynamicTree, 4, .exact, .offdiagonal, nil, [0.0406111, 2.32713, 0.132143, 7.58104]),
        Published(.dynamicTree, 4, .eigenvector, .exact, 0, [0.0618999, 3.54288, 0.199904, 11.254]),
        Published(.dynamicTree, 4, .eigenvector, .offdiagonal, 0, [0.0733785, 4.20188, 0.237492, 13.4568]),
        Published(.dynamicTree, 4, .eigenvector, .exact, 1, [0.0370365, 2.11341, 0.119295, 6.79633]),
        Published(.dynamicTree, 4, .eigenvector, .offdiagonal, 1, [0.0554065, 3.16823, 0.179475, 10.2721]),
        Published(.linear2, 8, .offdiagonal, .exact, nil, [0.246287, 13.8458, 0.79714, 38.754]),
        Published(.linear2, 4, .offdiagonal, .exact, nil, [0.57534, 18.6212, 0.740008, 19.8213]),
        Published(.linear2, 4, .offdiagonal, .offdiagonal, nil, [0.575545, 18.6695, 0.741696, 20.668]),
        Published(.linear2, 4, .exact, .offdiagonal, nil, [0.0323206, 1.85185, 0.105167, 6.02637]),
        Published(.linear2, 4, .eigenvector, .exact, 0, [0.0728378, 4.16885, 0.234887, 13.1793]),
        Published(.linear2, 4, .eigenvector, .offdiagonal, 0, [0.0797624, 4.56362, 0.257604, 14.4033]),
        Published(.linear2, 4, .eigenvector, .exact, 1, [0.0428352, 2.43419, 0.137374, 7.82158]),
        Published(.linear2, 4, .eigenvector, .offdiagonal, 1, [0.0535299, 3.04757, 0.172578, 9.8249]),
    ]

    /// Order 130, 87 eigenvalues of 1 and 43 of 1/1000, and a basis of four reflections.
    private func twoLevel() -> (matrix: Matrix<Double>, values: [Double], basis: Matrix<Double>) {
        let order = 130
        let index = (0..<order).map { Double($0) }
        let normals: [[Double]] = [
            index.map { (k: Double) -> Double in cos(1 + 0.37 * k * k) },
            index.map { (k: Double) -> Double in sin(0.5 + 1.7 * k) },
            (0..<order).map { (k: Int) -> Double in Double(1 + 7 * k % 13) },
            index.map { (k: Double) -> Double in cos(0.011 * k * k * k + 2) },
        ]
        var basis = Matrix<Double>.identity(order)
        for normal in normals.reversed() {
            let squaredNorm = normal.reduce(0) { $0 + $1 * $1 }
            for column in 0..<order {
                let projection = (0..<order).reduce(0) { $0 + normal[$1] * basis[$1, column] }
                for row in 0..<order { basis[row, column] -= 2 * projection / squaredNorm * normal[row] }
            }
        }
        let values = (0..<order).map { $0 < 87 ? 1 : 1e-3 }
        var matrix = Matrix<Double>(rows: order, columns: order)
        for row in 0..<order {
            for column in 0..<order {
                matrix[row, column] = (0..<order).reduce(0) { $0 + basis[row, $1] * values[$1] * basis[column, $1] }
            }
        }
        return (matrix.symmetrized, values, basis)
    }

    @Test func rowsOfThePresetAreThoseOfAnotherProgram() async throws {
        let folder = try TemporaryFolder()
        let (matrix, values, basis) = twoLevel()
        try HDF5File.create(at: folder.file("in.h5"), overwriting: true) { writer in
            try writer.write(matrix, to: "layer/a2")
            try writer.write(basis, to: "layer/eigenvectors")
            try writer.write(NumericArray(shape: [values.count], values: values), to: "layer/eigenvalues")
        }
        let results = try await rows(folder.file("in.h5"), Preset.publishedA2.plan)
        #expect(results.count == Self.numpy.count, "the eigenvectors are no matrix of the study")
        for expected in Self.numpy {
            let row = try #require(
                results.first {
                    let coding = $0.studyCase.statistic.coding ?? $0.studyCase.root.coding
                    return coding == CodingChoice(codebook: expected.codebook, bits: expected.bits, block: 64)
                        && $0.studyCase.statistic.kind == expected.statistic && $0.studyCase.root.kind == expected.root
                        && $0.studyCase.statistic.rectificationSteps == expected.rectify
                }, "\(expected)")
            let comparison = try #require(row.comparison)
            let found = [
                comparison.normwiseRelativeError, comparison.angleDegrees, comparison.offdiagonalError,
                comparison.offdiagonalAngleDegrees,
            ].map { $0 ?? .nan }
            // Two float32 iterations: products of length 130 differ by some 130·2^-24 in ten steps of M ← T⁴M.
            for (a, b) in zip(found, expected.expected) {
                expectBound((a / b - 1).magnitude, atMost: 1e-3, "\(expected): \(found)")
            }
            #expect(row.reference == .schurNewton && row.arithmetic == .float32 && row.studyCase.solver == .schurNewton)
        }
    }

    /// An exact power on both sides is another table: coding the matrix is worse than published.
    @Test func anExactReferenceTellsTheIterationFromTheStorage() async throws {
        let folder = try TemporaryFolder()
        try write([("a", twoLevel().matrix)], to: folder.file("in.h5"))
        let grid = CaseGrid(statistic: [.symmetric], bits: [8], solver: [.eigen, .schurNewton])
        let results = try await rows(folder.file("in.h5"), StudyPlan(grids: [grid]))
        let (exact, iterated) = (results[0], results[1])
        #expect(exact.outcome == .ok || exact.outcome == .indefinite)
        #expect(iterated.outcome == .notConverged || iterated.outcome == .indefinite)
        #expect(exact.reference == .gsl && (exact.referenceResidual ?? 1) < 1e-9)
        let published = try await rows(
            folder.file("in.h5"),
            StudyPlan(grids: [CaseGrid(statistic: [.exact], root: [.exact])], reference: .schurNewton))
        // It states what ten steps leave: not the rounding of a reference, but a part of the root.
        expectBound(1e-3, atMost: published[0].referenceResidual ?? 0)
    }
}
