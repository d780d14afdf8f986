import CPUBackend
import MatrixCore
import Preconditioning
import Quantization

/// What coding costs at most: every entry of a block comes back to within κ of the block's maximum, κ half of the widest gap
/// of the codebook or the distance of its outermost value from ±1, so that
///
///     |x − D(Q(x))| ≤ κ·m  and  ‖A − D(Q(A))‖F ≤ κ·√(Σ b·m²)
///
/// over blocks of b entries with the maximum m. Of the matrix's entries and of its eigenvectors, a column each.
///
/// Numerics: x to float32, 1/m, x·(1/m) and the decoded product round by 2^-24 each, so that κ is taken with 2^-21 more; below
/// the normal numbers another 2^-149 is lost.
enum CodebookBound: Statement {
    static let name = "codebook-bound"
    static let summary = "What coding costs at most, an entry and in all, by the codebook's widest gap."

    static func evaluate(_ subject: TheorySubject) throws -> [Evaluation] {
        var rows: [Evaluation] = []
        for choice in subject.cases.compactMap(\.coding).distinct {
            let coding = try choice.blockCoding()
            for (words, matrix) in [("entries", subject.subject.matrix), ("eigenvectors", subject.subject.eigenvectors)] {
                let form = CodedForm(order: matrix.order, region: .columns, coding: coding)
                let coded = try subject.backend.codedMatrix(subject.backend.encode(matrix, as: form))
                let decoded = subject.backend.decode(subject.backend.codedTensor(coded))
                rows += sides(matrix, decoded, coded, coding).map { part, sides in
                    var row = Evaluation(
                        statement: "\(name)-\(part)", origin: .own, statistic: nil, setting: words, sides: sides)
                    row.coding = choice
                    return row
                }
            }
        }
        return rows
    }

    private static func sides(
        _ matrix: Matrix<Double>, _ decoded: Matrix<Double>, _ coded: CodedMatrix, _ coding: BlockCoding
    ) -> [(String, Inequality)] {
        let maxima = coded.blockMaxima.values
        let blocks = coding.blockCount(length: matrix.rows)
        var (worst, squares, allowed) = (0.0, 0.0, 0.0)
        for column in 0..<matrix.columns {
            for row in 0..<matrix.rows {
                let error = (matrix[row, column] - decoded[row, column]).magnitude
                let maximum = Double(maxima[column * blocks + row / coding.blockSize])
                squares += error * error
                allowed += maximum * maximum
                // A block of zeros comes back as it was.
                if error > 0x1p-149 { worst = max(worst, error / maximum) }
            }
        }
        let gap = Double(coding.codebook.worstError)
        let rounding = 0x1p-21
        return [
            ("an-entry", .atMost(worst, gap, rounding: rounding)),
            (
                "in-all",
                .atMost(
                    squares.squareRoot(), gap * allowed.squareRoot(),
                    rounding: rounding * allowed.squareRoot() + Double(matrix.order) * 0x1p-149)
            ),
        ]
    }
}
