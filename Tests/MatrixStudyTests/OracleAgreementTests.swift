import Files
import Foundation
import MatrixStudy
import TestSupport
import Testing

/// Held against the rows of an independent NumPy program on real preconditioners.
@Suite(
    .enabled(
        if: sharedFile("dumps") != nil && sharedFile("reference") != nil, missingShared("dumps", besides: "../shared/reference")
    ))
struct OracleAgreementTests {
    private static let grid = """
        grids:
          - {statistic: [full, offdiagonal, symmetric, householder, cholesky], reflector-loop: open, codebook: [linear-2, dynamic-tree], bits: [3, 4, 8]}
          - {statistic: eigenvector, codebook: [linear-2, dynamic-tree], bits: [3, 4, 8], rectify: [0, 1, 4]}
          - {statistic: eigenvector, rectify: [0, 1, 4], solver: factored}
          - {root: [full, offdiagonal, symmetric], codebook: [linear-2, dynamic-tree], bits: [3, 4, 8]}
          - {statistic: eigenvector, root: offdiagonal}
          - {statistic: eigenvector, root: offdiagonal, rectify: 4, solver: factored}
          - {statistic: offdiagonal, root: offdiagonal}
          - {statistic: householder, reflector-loop: open, root: symmetric, bits: 8}
          - {statistic: eigenvector, block: 100}
          - {statistic: householder, reflector-loop: open, codebook: linear-1.5, bits: [8, 5]}
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
        let plan = try StudyPlan(yaml: Self.grid)
        let ours = try await rows(#require(sharedFile("dumps/\(dump).h5")), plan, matrices: matrices)
        let text = try String(contentsOfFile: #require(sharedFile("reference/expected-\(dump).csv")), encoding: .utf8)
        let records = try CSV.parse(text)
        let header = records[0]
        let expected = records.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
        var byKey: [[String]: [String: String]] = [:]
        for row in expected { byKey[Self.keys.map { row[$0] ?? "" }] = row }
        #expect(ours.count == matrices.count * 76)
        // λmax of every matrix, from the rows that keep it exactly.
        let largest = Dictionary(
            ours.filter { $0.studyCase.statistic.kind == .exact }.map {
                ($0.matrix, ($0.conditionNumber ?? .nan) * ($0.minimumEigenvalue ?? .nan))
            }, uniquingKeysWith: { first, _ in first })
        for row in ours {
            var fields = Dictionary(uniqueKeysWithValues: zip(StudyRow.columns, row.fields))
            // The oracle writes 0 where rectification does not apply.
            if fields["rectify"] == "" { fields["rectify"] = "0" }
            let key = Self.keys.map { fields[$0] ?? "" }
            let counterpart = try #require(byKey[key], "the oracle has no row \(key)")
            check(row, fields, counterpart, key, largest: largest[row.matrix] ?? .nan)
        }
    }

    private static let keys = ["matrix", "statistic", "root", "codebook", "bits", "block", "rectify", "solver"]

    private func check(
        _ row: StudyRow, _ ours: [String: String], _ oracle: [String: String], _ key: [String], largest: Double
    ) {
        guard oracle["nre"] != "" else {
            #expect(row.outcome == .notPositiveDefinite && ours["nre"] == "", "\(key)")
            return
        }
        #expect(ours["statistic_bytes"] == oracle["statistic_bytes"], "\(key)")
        #expect(ours["root_bytes"] == oracle["root_bytes"], "\(key)")
        // Where a decoded statistic is singular to working precision, both report rounding errors.
        if row.outcome == .illConditioned { return }
        for column in ["nre", "angle_degrees", "nre_offdiagonal", "angle_offdiagonal_degrees"] {
            let (a, b) = (Double(ours[column] ?? "") ?? .nan, Double(oracle[column] ?? "") ?? .nan)
            // A radian of an angle is an error of 1.
            let unit = column.hasPrefix("angle") ? 180 / Double.pi : 1
            expectBound(
                (a - b).magnitude, atMost: tolerance(row, error: b, unit: unit, largest: largest), "\(column) of \(key)")
        }
    }

    /// How far the errors of two programs may be apart. The oracle prints 8 digits.
    ///
    /// Eigenvectors of clustered eigenvalues are not unique, nor are codes made from them. Everything else has equal codes:
    /// - the roots of equal matrices of condition κ differ by the rounding of two decompositions, n·u·κ, the references too;
    /// - an entry of a coded root may be rounded to the neighbouring float32, by 2^-24;
    /// - so may entries of the Cholesky factor, which is unique: a change dL turns A^(-1/4) by at most ‖L⁻¹·dL‖/2, and that is
    ///   √κ·‖dL‖/(2·‖L‖), with ‖dL‖ = 2^-24·‖L‖ where every entry is rounded otherwise.
    private func tolerance(_ row: StudyRow, error: Double, unit: Double, largest: Double) -> Double {
        let statistic = row.studyCase.statistic.kind
        if statistic == .eigenvector || statistic == .householder { return 0.03 * error }
        let condition = 2 * largest / (row.minimumEigenvalue ?? .nan).magnitude
        let decompositions = 30 * Double(row.order) * 0x1p-53 * (condition + (row.conditionNumber ?? .nan))
        let factor = statistic == .cholesky ? 0x1p-25 * condition.squareRoot() : 0
        let root = row.studyCase.root.kind == .exact ? 0 : 0x1p-24
        return (decompositions + factor + root) * (unit + error) + 1e-7 * error
    }
}
