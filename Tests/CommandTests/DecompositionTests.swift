import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// Studies of a matrix with its own decomposition beside it.
@Suite struct DecompositionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func rows(_ options: [String], file: String = "a.h5") throws -> [[String: String]] {
        try StudyTable(folder.succeed(["study", file, "--no-cache", "--quiet"] + options).standardOutput).rows
    }

    /// H = I − 2vvᵀ/vᵀv of integers, whose square root of a sum of squares is never taken.
    private func reflection(order: Int) -> Matrix<Double> {
        let normal = (0..<order).map { (index: Int) -> Double in Double(1 + 5 * index % 7) }
        let squaredNorm: Double = normal.reduce(0) { $0 + $1 * $1 }
        var result = Matrix<Double>.identity(order)
        for row in 0..<order {
            for column in 0..<order { result[row, column] -= 2 * normal[row] * normal[column] / squaredNorm }
        }
        return result
    }

    private func product(_ basis: Matrix<Double>, _ values: [Double]) -> Matrix<Double> {
        var result = Matrix<Double>(rows: values.count, columns: values.count)
        for row in values.indices {
            for column in values.indices {
                result[row, column] = values.indices.reduce(0) { $0 + basis[row, $1] * values[$1] * basis[column, $1] }
            }
        }
        return result.symmetrized
    }

    private func write(
        _ matrix: Matrix<Double>, _ basis: Matrix<Double>, _ values: [Double], single: Bool = false, to name: String = "a.h5",
        group: String = ""
    ) throws {
        try folder.createHDF5(name) { writer in
            if single {
                try writer.write(Matrix<Float>(matrix), to: group + "matrix")
                try writer.write(Matrix<Float>(basis), to: group + "eigenvectors")
            } else {
                try writer.write(matrix, to: group + "matrix")
                try writer.write(basis, to: group + "eigenvectors")
            }
            try writer.write(NumericArray(shape: [values.count], values: values), to: group + "eigenvalues")
        }
    }

    /// Of an eigenvalue that is repeated, the file's vectors are coded and not the eigensolver's. With unit vectors nothing is
    /// lost: they are coded exactly. Another basis of the same space is not.
    @Test(arguments: ["", "layers/0/"]) func theFilesBasisIsCoded(_ group: String) throws {
        // The eigenvalue 1 belongs to the first coordinate, 4 to every vector of the others.
        let values = [1] + [Double](repeating: 4, count: 11)
        var basis = Matrix<Double>.identity(12)
        let block = reflection(order: 11)
        for row in 0..<11 { for column in 0..<11 { basis[row + 1, column + 1] = block[row, column] } }
        let matrix = Matrix(diagonal: values)
        try write(matrix, .identity(12), values, to: "unit.h5", group: group)
        try write(matrix, basis, values, group: group)
        let options = ["--statistic", "eigenvector", "--bits", "3", "--rectify", "0", "--decomposition", "file"]
        let (unit, other) = (try rows(options, file: "unit.h5"), try rows(options))
        #expect(unit.count == 1 && other.count == 1 && unit[0]["decomposition"] == "file")
        // Two decompositions of a diagonal matrix, and the powers.
        expectBound(Double(unit[0]["nre"] ?? "") ?? .nan, atMost: 12 * 12 * 0x1p-53, "\(unit)")
        expectBound(0.01, atMost: Double(other[0]["nre"] ?? "") ?? 0, "\(other)")
        #expect(try rows(options.dropLast(2))[0]["decomposition"] == "lapack")
        #expect(try rows(["--statistic", "full"])[0]["decomposition"] == "")
    }

    /// Eigenvalues in any order; float32 factors of a float32 matrix hold to float32.
    @Test(arguments: [false, true]) func soundFactors(_ single: Bool) throws {
        let values = (0..<40).map { (index: Int) -> Double in Double(1 + 7 * index % 40) }
        try write(product(reflection(order: 40), values), reflection(order: 40), values, single: single)
        let options = ["--statistic", "exact,eigenvector,householder", "--bits", "8", "--contraction", "0,-2"]
        let (own, files) = (try rows(options), try rows(options + ["--decomposition", "file"]))
        #expect(own.count == 6 && files.count == 6)
        // No eigenvalue is repeated: both decompositions are the same up to rounding.
        for (a, b) in zip(own, files) {
            let (x, y) = (Double(a["nre"] ?? "") ?? .nan, Double(b["nre"] ?? "") ?? .nan)
            let unit = single ? 0x1p-24 : 0x1p-53
            // A code that rounding moves across a midpoint is a step of 1/127 in one of 1600 entries.
            expectBound((x - y).magnitude, atMost: 40 * 40 * unit + 0.05 * x, "\(a) \(b)")
        }
    }

    @Test func wrongFactors() throws {
        let values = (0..<20).map { Double($0 + 1) }
        let basis = reflection(order: 20)
        let matrix = product(basis, values)
        func refused(_ words: [String]) throws {
            for selection in [[], ["--matrix", "matrix"]] {
                try folder.expectRefusal(
                    ["study", "a.h5", "--no-cache", "--statistic", "eigenvector", "--decomposition", "file"] + selection,
                    status: 65, words: ["a.h5", "matrix"] + words)
            }
        }
        try folder.write([("matrix", matrix)], to: "a.h5")
        try refused(["eigenvectors", "--keep-factors"])
        var exchanged = values
        exchanged.swapAt(3, 4)
        try write(matrix, basis, exchanged)
        try refused(["not of this matrix", "column"])
        var off = values
        off[7] += 1e-9
        try write(matrix, basis, off)
        try refused(["not of this matrix", "column 7"])
        var stretched = basis
        for row in 0..<20 { stretched[row, 2] *= 1 + 1e-8 }
        try write(matrix, stretched, values)
        try refused(["orthonormal"])
        var notFinite = basis
        notFinite[1, 1] = .nan
        try write(matrix, notFinite, values)
        try refused(["finite"])
        try write(matrix, basis, Array(values.dropLast()))
        try refused(["19"])
        try write(matrix, .identity(19), values)
        try refused(["19 × 19"])
    }

    /// Eigenvectors are no statistic, and are left out with a word.
    @Test(arguments: [[], ["--matrix", "*"]]) func eigenvectorsAreNoMatrixOfTheStudy(_ selection: [String]) throws {
        let values = (0..<20).map { Double($0 + 1) }
        try write(product(reflection(order: 20), values), reflection(order: 20), values)
        let run = try folder.succeed(["study", "a.h5", "--no-cache", "--statistic", "full"] + selection)
        #expect(try StudyTable(run.standardOutput).column("matrix") == ["matrix"])
        #expect(run.standardError.contains("eigenvectors"), "\(run.standardError)")
        try folder.expectRefusal(
            ["study", "a.h5", "--no-cache", "--matrix", "eigenvectors", "--decomposition", "file", "--statistic", "exact"],
            status: 65, words: ["eigenvectors"])
    }

    /// A matrix without its factors is refused by name, the others are studied.
    @Test func filesWithAndWithoutFactors() throws {
        let values = (0..<20).map { Double($0 + 1) }
        let basis = reflection(order: 20)
        try folder.createHDF5("a.h5") { writer in
            try writer.write(product(basis, values), to: "a/matrix")
            try writer.write(basis, to: "a/eigenvectors")
            try writer.write(NumericArray(shape: [20], values: values), to: "a/eigenvalues")
            try writer.write(product(basis, values), to: "b/matrix")
        }
        let run = try folder.run(["study", "a.h5", "--no-cache", "--statistic", "exact", "--decomposition", "file"])
        #expect(run.status == 65 && run.standardError.contains("b/matrix"), "\(run)")
        #expect(try StudyTable(run.standardOutput).column("matrix") == ["a/matrix"])
    }
}
