import Foundation
import MatrixStudy
import TestSupport
import Testing

/// Held against the rows of an independent NumPy program on real preconditioners.
@Suite(.enabled(if: sharedFolder != nil, "the shared references are not beside the package"))
struct OracleAgreementTests {
    private static let grid = """
        grids:
          - {statistic: [full, offdiagonal, symmetric, householder, cholesky], codebook: [linear-2, dynamic-tree], bits: [3, 4, 8]}
          - {statistic: eigenvector, codebook: [linear-2, dynamic-tree], bits: [3, 4, 8], rectify: [0, 1, 4]}
          - {statistic: eigenvector, rectify: [0, 1, 4], solver: factored}
          - {root: [full, offdiagonal, symmetric], codebook: [linear-2, dynamic-tree], bits: [3, 4, 8]}
          - {statistic: eigenvector, root: offdiagonal}
          - {statistic: eigenvector, root: offdiagonal, rectify: 4, solver: factored}
          - {statistic: offdiagonal, root: offdiagonal}
          - {statistic: householder, root: symmetric, bits: 8}
          - {statistic: eigenvector, block: 100}
          - {statistic: householder, codebook: linear-1.5, bits: [8, 5]}
        """

    /// Small matrices; the orders above take minutes.
    @Test(arguments: [
        ("gpt-tinyshakespeare", ["step_00500/bl.1.a.weight/2", "step_00500/bl.2.o.weight/0", "step_00500/te.weight/1"]),
        (
            "swin-cifar10",
            [
                "step_00300/layers.0.blocks.0.mlp.fc1.weight/0", "step_00300/layers.1.blocks.1.attn.proj.weight/1",
                "step_00300/patch_embed.proj.weight/0",
            ]
        ),
    ])
    func agreesWithTheOracle(dump: String, matrices: [String]) async throws {
        let shared = try #require(sharedFolder)
        let plan = try StudyPlan(yaml: Self.grid)
        let ours = try await rows("\(shared)/dumps/\(dump).h5", plan, matrices: matrices)
        let text = try String(contentsOfFile: "\(shared)/reference/expected-\(dump).csv", encoding: .utf8)
        let records = try CSV.parse(text)
        let header = records[0]
        let expected = records.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
        var byKey: [[String]: [String: String]] = [:]
        for row in expected { byKey[Self.keys.map { row[$0] ?? "" }] = row }
        #expect(ours.count == matrices.count * 76)
        for row in ours {
            var fields = Dictionary(uniqueKeysWithValues: zip(StudyRow.columns, row.fields))
            // The oracle writes 0 where rectification does not apply.
            if fields["rectify"] == "" { fields["rectify"] = "0" }
            let key = Self.keys.map { fields[$0] ?? "" }
            let counterpart = try #require(byKey[key], "the oracle has no row \(key)")
            check(row, fields, counterpart, key)
        }
    }

    private static let keys = ["matrix", "statistic", "root", "codebook", "bits", "block", "rectify", "solver"]

    private func check(_ row: StudyRow, _ ours: [String: String], _ oracle: [String: String], _ key: [String]) {
        guard oracle["nre"] != "" else {
            #expect(row.outcome == .notPositiveDefinite && ours["nre"] == "", "\(key)")
            return
        }
        #expect(ours["statistic_bytes"] == oracle["statistic_bytes"], "\(key)")
        #expect(ours["root_bytes"] == oracle["root_bytes"], "\(key)")
        // Where a decoded statistic is singular to working precision, both report rounding errors.
        if row.outcome == .illConditioned { return }
        // Eigenvectors of clustered eigenvalues are not unique, nor are codes made from them; elsewhere the codes are equal.
        let usesEigenvectors = ["eigenvector", "householder", "cholesky"].contains(row.studyCase.statistic.kind.rawValue)
        let tolerance = usesEigenvectors ? 0.03 : 1e-4
        for column in ["nre", "angle_degrees", "nre_offdiagonal", "angle_offdiagonal_degrees"] {
            let (a, b) = (Double(ours[column] ?? "") ?? .nan, Double(oracle[column] ?? "") ?? .nan)
            expectBound((a - b).magnitude / b, atMost: tolerance, "\(column) of \(key)")
        }
    }
}
