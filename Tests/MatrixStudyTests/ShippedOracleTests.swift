import MatrixCore
import MatrixStudy
import TestSupport
import Testing

/// The rows of small matrices against mpmath with 40 digits, of scripts/make-oracles: every storage, from the paper's formulas.
@Suite struct ShippedOracleTests {
    fileprivate struct Oracle: Decodable {
        struct Entry: Decodable {
            let name: String
            let order: Int
            let block: Int
            let entries: [Double]
        }

        struct Row: Decodable {
            let matrix: String
            let statistic: String
            let root: String
            let codebook: String
            let bits: Int
            let rectify: Int?
            let reflectorLoop: String?
            let solver: String
            let nre: Double
            let angleDegrees: Double
            let nreOffdiagonal: Double
            let angleOffdiagonalDegrees: Double
            let statisticBytes: Int
            let rootBytes: Int
            let minimumEigenvalue: Double
            /// λmax/min |λ| of the decoded matrix, and of the given one.
            let condition: Double
            let referenceCondition: Double
        }

        let matrices: [Entry]
        let rows: [Row]
    }

    private func plan(block: Int) throws -> StudyPlan {
        try StudyPlan(
            yaml: ["{codebook: linear-2, bits: 4", "{codebook: dynamic-tree, bits: 3", "{codebook: linear-1.5, bits: 8"]
                .reduce("grids:\n") { text, coding in
                    let coding = "  - \(coding), block: \(block), "
                    return text + coding + "statistic: [full, offdiagonal, symmetric, cholesky]}\n" + coding
                        + "statistic: householder, reflector-loop: [closed, open]}\n" + coding
                        + "statistic: eigenvector, rectify: [0, 1], solver: [eigen, factored]}\n" + coding
                        + "root: [full, offdiagonal, symmetric]}\n" + coding
                        + "statistic: inverse-root, root: [exact, shared]}\n"
                })
    }

    @Test func everyStorageAgrees() async throws {
        let oracle = try shippedOracle("study", as: Oracle.self)
        let folder = try TemporaryFolder()
        var compared = 0
        for entry in oracle.matrices {
            let matrix = Matrix(rows: entry.order, columns: entry.order, elements: entry.entries)
            try write([(entry.name, matrix)], to: folder.file("in.h5"))
            for row in try await rows(folder.file("in.h5"), plan(block: entry.block)) {
                let fields = Dictionary(uniqueKeysWithValues: zip(StudyRow.columns, row.fields))
                let expected = try #require(
                    oracle.rows.first { $0.matches(fields) }, "the oracle has no row for \(row.studyCase)")
                check(row, fields, expected)
                compared += 1
            }
        }
        #expect(compared == oracle.rows.count && compared == 2 * 3 * 15)
    }

    /// The codes are equal, so that what differs are the roundings of two decompositions: λ^(-1/4) by a quarter of n·u·κ, with
    /// its vectors twice that, and as much in the reference.
    private func check(_ row: StudyRow, _ fields: [String: String], _ expected: Oracle.Row) {
        let rounding = 30 * Double(row.order) * 0x1p-53
        let bound = rounding * (expected.condition + expected.referenceCondition)
        for (name, value) in [
            ("nre", expected.nre), ("nre_offdiagonal", expected.nreOffdiagonal),
            ("angle_degrees", expected.angleDegrees), ("angle_offdiagonal_degrees", expected.angleOffdiagonalDegrees),
        ] {
            let found = Double(fields[name] ?? "") ?? .nan
            // A radian of the angle is an error of 1.
            let unit = name.hasPrefix("angle") ? 180 / Double.pi : 1
            expectBound((found - value).magnitude, atMost: bound * (unit + value), "\(name) of \(row.studyCase)")
        }
        #expect(row.statisticBytes == expected.statisticBytes && row.rootBytes == expected.rootBytes, "\(row.studyCase)")
        expectBound(
            ((row.minimumEigenvalue ?? .nan) / expected.minimumEigenvalue - 1).magnitude,
            atMost: rounding * expected.condition, "least eigenvalue of \(row.studyCase)")
        #expect(row.outcome == (expected.minimumEigenvalue > 0 ? .ok : .indefinite), "\(row.studyCase)")
    }
}

extension ShippedOracleTests.Oracle.Row {
    fileprivate func matches(_ fields: [String: String]) -> Bool {
        fields["matrix"] == matrix && fields["statistic"] == statistic && fields["root"] == root
            && fields["codebook"] == codebook && fields["bits"] == "\(bits)" && fields["solver"] == solver
            && fields["reflector_loop"] == (reflectorLoop ?? "") && fields["rectify"] == (rectify.map { "\($0)" } ?? "")
    }
}
