import Foundation
import HDF5Store
import MatrixCore
import Spectra
import TestSupport
import Testing

/// Matrices on which algorithms fail: every storage and solver gives a row that says what happened.
@Suite struct HardMatrixTests {
    private let folder: TemporaryFolder
    private static let everything = [
        "--statistic", "exact,full,offdiagonal,symmetric,eigenvector,householder,cholesky",
        "--root", "exact,full,offdiagonal,symmetric", "--rectify", "0,1", "--solver", "eigen,factored,schur-newton",
    ]
    /// exact; full, offdiagonal, symmetric and cholesky with two solvers, eigenvector with 3 × 2, householder with 3; four
    /// roots each.
    private static let casesPerMatrix = (1 + 4 * 2 + 6 + 3) * 4
    private static let outcomes: Set = [
        "ok", "indefinite", "ill_conditioned", "not_positive_definite", "not_converged", "failed",
    ]

    init() throws { folder = try TemporaryFolder() }

    /// Runs all cases and checks what holds of every row.
    private func study(_ options: [String] = everything) throws -> [[String: String]] {
        let run = try folder.succeed(["study", "a.h5", "--no-cache", "--quiet", "--force", "-o", "out.csv"] + options)
        #expect(run.standardError == "")
        let rows = try StudyTable(folder.text("out.csv")).rows
        for row in rows { try expectHonest(row) }
        return rows
    }

    private func expectHonest(_ row: [String: String]) throws {
        for field in row.values { #expect(!["nan", "-nan", "NaN"].contains(field), "\(row)") }
        let outcome = try #require(row["outcome"])
        #expect(HardMatrixTests.outcomes.contains(outcome), "\(row)")
        let hasRoot = outcome != "failed" && outcome != "not_positive_definite"
        // A row without a root has no errors; a row that is in order has all of them.
        if !hasRoot { #expect(row["nre"] == "" && row["angle_degrees"] == "" && row["nre_offdiagonal"] == "", "\(row)") }
        if hasRoot { #expect(row["minimum_eigenvalue"] != "" && row["nre"] != "", "\(row)") }
        if let error = Double(row["nre"] ?? "") { #expect(error >= 0, "\(row)") }
        if let angle = Double(row["angle_degrees"] ?? "") { #expect(angle >= 0 && angle <= 180, "\(row)") }
        if let least = Double(row["minimum_eigenvalue"] ?? ""), hasRoot {
            // Within rounding of zero, the sign means nothing; of two faults one is named.
            #expect(outcome != (least <= 0 ? "ok" : "indefinite"), "\(row)")
        }
    }

    private func write(_ matrices: [(name: String, matrix: Matrix<Double>)], isSingle: Bool = false) throws {
        try folder.createHDF5("a.h5") { writer in
            for (name, matrix) in matrices {
                if isSingle { try writer.write(Matrix<Float>(matrix), to: name) } else { try writer.write(matrix, to: name) }
            }
        }
    }

    private func rows(of name: String, _ rows: [[String: String]]) -> [[String: String]] {
        rows.filter { $0["matrix"] == name }
    }

    @Test(arguments: [2, 3, 63, 64, 65]) func conditionNumbers(_ order: Int) throws {
        let powers = [2, 4, 6, 8, 10, 12, 14]
        try write(try powers.map { ("1e\($0)", try geometricMatrix(order: order, condition: pow(10, Double($0)))) })
        let rows = try study()
        #expect(rows.count == powers.count * HardMatrixTests.casesPerMatrix)
        let exact = rows.filter { $0["statistic"] == "exact" && $0["root"] == "exact" }
        #expect(exact.count == powers.count)
        for row in exact {
            let condition = try #require(Double("1\(row["matrix"]!.dropFirst())"))
            // An eigenvalue moves by at most ‖E‖ (Weyl): making the matrix, GSL and LAPACK each give ‖E‖ of a few n·u·‖A‖.
            let movement = 30 * Double(order) * 0x1p-53 * condition
            let found = try #require(Double(row["condition_number"] ?? ""))
            if movement < 0.5 { expectBound((found / condition - 1).magnitude, atMost: 2 * movement, "condition \(row)") }
            // λ^(-1/4) moves relatively by a quarter of that; twice, for both decompositions, with their vectors.
            let error = try #require(Double(row["nre"] ?? ""))
            if movement < 0.5 { expectBound(error, atMost: movement + 100 * Double(order) * 0x1p-53, "\(row)") }
            #expect(row["outcome"] == "ok" || condition >= 1e14, "\(row)")
        }
    }

    @Test(arguments: [1, 2, 3, 63, 65]) func degenerateMatrices(_ order: Int) throws {
        var indefinite = Matrix<Double>.identity(order)
        indefinite[order - 1, order - 1] = -1
        let ones = Matrix<Double>(rows: order, columns: order, repeating: 1)
        var nearlyAsymmetric = Matrix<Double>.identity(order)
        nearlyAsymmetric[order - 1, 0] += order > 1 ? 5e-4 : 0
        try write([
            ("zero", Matrix(rows: order, columns: order)), ("rank one", ones), ("indefinite", indefinite),
            ("negative", Matrix(diagonal: [Double](repeating: -2, count: order))), ("nearly asymmetric", nearlyAsymmetric),
            ("singular", Matrix(diagonal: (0..<order).map { Double($0) })),
        ])
        let rows = try study()
        #expect(rows.count == 6 * HardMatrixTests.casesPerMatrix)
        // There is no power of zero, and no row claims one.
        for row in self.rows(of: "zero", rows) {
            #expect(["failed", "not_positive_definite"].contains(row["outcome"]), "\(row)")
        }
        for row in self.rows(of: "singular", rows) { #expect(row["outcome"] != "ok", "\(row)") }
        if order > 1 {
            for row in self.rows(of: "rank one", rows) where row["statistic"] == "exact" {
                #expect(row["outcome"] != "ok", "\(row)")
            }
        }
        // Diagonals of ±1 and ±2, which every storage keeps: the eigenvalue below zero is there in each of them.
        for name in ["indefinite", "negative"] {
            for row in self.rows(of: name, rows) {
                #expect(row["outcome"] == (row["statistic"] == "cholesky" ? "not_positive_definite" : "indefinite"), "\(row)")
            }
        }
    }

    /// What a storage keeps exactly comes back exactly: the error is that of two decompositions.
    @Test(arguments: [1, 2, 3, 63, 64, 65]) func matricesKeptExactly(_ order: Int) throws {
        // Powers of 2, so that float32 and square roots of even powers are exact.
        let diagonal = (0..<order).map { exp2(Double(2 * ($0 % 5))) }
        try write([
            ("identity", .identity(order)), ("diagonal", Matrix(diagonal: diagonal)),
            ("equal", Matrix(diagonal: [Double](repeating: 0.25, count: order))),
        ])
        let rows = try study()
        let exactStorages: Set = ["exact", "offdiagonal", "symmetric", "eigenvector", "householder", "cholesky"]
        for row in rows where row["root"] != "full" && exactStorages.contains(row["statistic"] ?? "") {
            let error = try #require(Double(row["nre"] ?? ""), "\(row)")
            if row["solver"] == "schur-newton" {
                // It stops at max |M − I| ≤ 1e-6, and X = A^(-1/p)·M^(1/p); short of that it says so. The diagonal of the root
                // is then rounded to float32.
                if row["outcome"] == "ok" { expectBound(error, atMost: 1e-6, "\(row)") }
                // Of one eigenvalue, ten steps are enough.
                #expect(row["outcome"] == "ok" || row["matrix"] == "diagonal", "\(row)")
            } else {
                // Powers of 2 to the -1/4 are no float32 where the root's diagonal is kept in it: one rounding, 2^-24.
                let rounding = row["root"] == "exact" ? 0 : 0x1p-24
                expectBound(error, atMost: rounding + 30 * Double(order) * 0x1p-53, "\(row)")
                #expect(row["outcome"] == "ok", "\(row)")
            }
        }
        // Blocks of the full storage that hold one entry that is not zero keep it: the block maximum is exact, zeros are.
        for row in rows where row["statistic"] == "full" && row["root"] == "exact" && row["solver"] == "eigen" {
            expectBound(Double(row["nre"] ?? "") ?? .nan, atMost: 30 * Double(order) * 0x1p-53, "\(row)")
        }
    }

    /// nre and angle do not depend on the scale of the matrix. (float32 at 1e±30, float64 at 1e±200.)
    @Test func scales() throws {
        let matrix = try geometricMatrix(order: 33)
        func scaled(_ factor: Double) -> Matrix<Double> {
            Matrix(rows: 33, columns: 33, elements: matrix.elements.map { $0 * factor })
        }
        try write([("-100", scaled(0x1p-100)), ("0", matrix), ("100", scaled(0x1p100))], isSingle: true)
        let single = try study()
        #expect(single.count == 3 * HardMatrixTests.casesPerMatrix)
        let plain = rows(of: "0", single)
        for name in ["-100", "100"] {
            for (row, expected) in zip(rows(of: name, single), plain) {
                // Powers of 2 scale everything exactly, but 2^(∓25) of the root: exponents that divide by 4 keep the codes.
                for column in ["nre", "angle_degrees", "outcome", "codebook"] where row["solver"] != "schur-newton" {
                    if let value = Double(row[column] ?? ""), let wanted = Double(expected[column] ?? "") {
                        expectBound(
                            (value - wanted).magnitude, atMost: 1e-9 * (1 + wanted.magnitude), "\(column) \(row) \(expected)")
                    } else {
                        #expect(row[column] == expected[column], "\(column) \(row)")
                    }
                }
            }
        }
        try write([("1e-200", scaled(1e-200)), ("1e200", scaled(1e200)), ("1e-300", scaled(1e-300)), ("1e300", scaled(1e300))])
        let double = try study()
        #expect(double.count == 4 * HardMatrixTests.casesPerMatrix)
        for row in double where row["statistic"] == "exact" && row["root"] == "exact" {
            #expect(row["outcome"] == "ok", "\(row)")
            expectBound(Double(row["nre"] ?? "") ?? .nan, atMost: 1e-10, "\(row)")
        }
        // float32 has no place for these: there is a row, and it is not in order.
        for row in double where row["statistic"] != "exact" { #expect(row["outcome"] != "ok", "\(row)") }
    }

    /// A coded root is kept in float32: where its entries are no normal numbers there, it is none.
    @Test func rootsOutsideOfSinglePrecision() throws {
        let matrix = try geometricMatrix(order: 65)
        func scaled(_ factor: Double) -> Matrix<Double> {
            Matrix(rows: 65, columns: 65, elements: matrix.elements.map { $0 * factor })
        }
        // λ^(-1/4) is 1 to 5.6 for the matrix itself: 1e-35, and 1e-39 to 1e-75 where float32 ends at 1.2e-38.
        let kept = ["1e-20", "1", "1e39", "1e140"]
        let lost = ["1e156", "1e160", "1e180", "1e200", "1e300"]
        try write(try (kept + lost).map { ($0, scaled(try #require(Double($0)))) })
        let rows = try StudyTable(
            folder.succeed([
                "study", "a.h5", "--no-cache", "--statistic", "exact", "--root", "full,offdiagonal,symmetric",
            ]).standardOutput
        ).rows
        #expect(rows.count == 3 * (kept.count + lost.count))
        for row in rows {
            try expectHonest(row)
            #expect(row["outcome"] == (lost.contains(row["matrix"] ?? "") ? "failed" : "ok"), "\(row)")
        }
    }

    /// A solver in float32 has no place for such statistics either.
    @Test(arguments: ["eigen", "schur-newton"]) func statisticsOutsideOfSinglePrecision(_ solver: String) throws {
        let matrix = try geometricMatrix(order: 20, condition: 100)
        try write(
            [1e-60, 1e60].map { factor in
                ("\(factor)", Matrix(rows: 20, columns: 20, elements: matrix.elements.map { $0 * factor }))
            })
        for reference in ["gsl", "schur-newton"] {
            let options = ["--statistic", "eigenvector,symmetric", "--arithmetic", "float32", "--solver", solver]
            let run = try folder.succeed(["study", "a.h5", "--no-cache", "--reference", reference] + options)
            for row in try StudyTable(run.standardOutput).rows {
                try expectHonest(row)
                #expect(row["outcome"] == "failed", "\(row)")
            }
        }
    }

    /// Of two outcomes that apply, the graver is named, whatever the storage: an iteration on an indefinite matrix that does
    /// not converge is `indefinite`.
    @Test func oneOrderOfOutcomes() throws {
        let diagonal = (0..<20).map { pow(10, -Double($0) / 4) }
        try write([
            ("indefinite", Matrix(diagonal: diagonal.dropLast() + [-0.5])), ("definite", Matrix(diagonal: diagonal)),
            ("singular", Matrix(diagonal: diagonal.dropLast() + [0])),
        ])
        let rows = try study([
            "--statistic", "full,offdiagonal,symmetric,eigenvector,householder", "--bits", "8", "--solver", "schur-newton",
            "--block", "1",
        ])
        #expect(rows.count == 3 * 5)
        let expected = ["indefinite": "indefinite", "definite": "not_converged", "singular": "failed"]
        for row in rows { #expect(row["outcome"] == expected[row["matrix"] ?? ""], "\(row)") }
    }

    @Test(arguments: ["absolute", "clamp", "fail"]) func indefiniteRule(_ rule: String) throws {
        var matrix = try geometricMatrix(order: 20, condition: 1e8)
        // The smallest eigenvalue of such a matrix falls below zero by 2-bit codes, and here before them.
        for index in 0..<20 { matrix[index, index] -= 1e-3 }
        try folder.write([("a", matrix)], to: "a.h5")
        let rows = try study([
            "--statistic", "exact,full,symmetric,eigenvector", "--bits", "2", "--indefinite", rule, "--solver",
            "eigen,schur-newton",
        ])
        for row in rows {
            #expect(Double(row["minimum_eigenvalue"] ?? "").map { $0 < 0 } == true, "\(row)")
            #expect(row["outcome"] == (rule == "fail" ? "failed" : "indefinite") || row["solver"] == "schur-newton", "\(row)")
            #expect((row["nre"] == "") == (row["outcome"] == "failed"), "\(row)")
        }
        #expect(!rows.isEmpty)
    }

    /// The iteration stops at max |M − I| ≤ 1e-6 or says that it did not get there.
    @Test func schurNewton() throws {
        try write([
            ("easy", try geometricMatrix(order: 32, condition: 10)), ("hard", try geometricMatrix(order: 32, condition: 1e10)),
        ])
        let rows = try study([
            "--statistic", "cholesky", "--bits", "8", "--block", "1", "--solver", "eigen,schur-newton", "--exponent",
            "0.25,0.5,1",
            "--damping", "0,1e-4",
        ])
        for name in ["easy", "hard"] {
            let (eigen, iterated) = (
                self.rows(of: name, rows).filter { $0["solver"] == "eigen" },
                self.rows(of: name, rows).filter { $0["solver"] == "schur-newton" }
            )
            #expect(eigen.count == 6 && iterated.count == 6)
            for (a, b) in zip(eigen, iterated) where b["outcome"] == "ok" {
                // The two solve one problem: X differs by the factor M^(1/p), |M − I| ≤ 1e-6 in each entry, n of them in a row.
                let (one, other) = (try #require(Double(a["nre"] ?? "")), try #require(Double(b["nre"] ?? "")))
                expectBound((one - other).magnitude, atMost: 32e-6 * (1 + one), "\(b)")
            }
        }
        #expect(self.rows(of: "easy", rows).allSatisfy { $0["outcome"] == "ok" })
        #expect(self.rows(of: "hard", rows).contains { $0["outcome"] == "not_converged" })
    }
}
