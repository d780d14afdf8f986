import Files
import MatrixCore
import MatrixSources

/// A matrix of the input that the study accepts.
public struct InputMatrix: Sendable, Equatable {
    /// The path of its file.
    public let source: String
    public let order: Int
    /// The file's place among the inputs.
    let file: Int
    let entry: MatrixEntry
    /// Of its entries in double, before symmetrizing.
    let hash: String

    public var name: String { entry.name }

    /// LAPACK's 32-bit interface counts 2n² entries of workspace.
    public static let largestOrder = 32_766

    /// Reads an entry and checks that it can be studied.
    ///
    /// - Returns: the matrix, and its entries as they are in the file.
    /// - Throws: `SourceError`.
    static func examine(
        _ entry: MatrixEntry, of source: any MatrixSource, file: Int
    ) throws -> (matrix: InputMatrix, entries: Matrix<Double>) {
        if let failure = entry.failure { throw failure }
        func error(_ problem: String) -> SourceError {
            SourceError(.wrongData, file: source.path, entry: entry.name, problem)
        }
        guard !entry.isStack else {
            throw error("its shape is \(entry.shapeText), a stack of square matrices; store each as a data set of its own")
        }
        guard entry.isSquare else {
            let shape = entry.shape.isEmpty || entry.shape == [0] ? "it is" : "its shape is"
            throw error("\(shape) \(entry.shapeText); a statistic is square")
        }
        guard entry.type.isReadableAsMatrix else {
            throw error("it holds \(entry.type); the study reads float32 and float64")
        }
        guard entry.shape[0] > 0 else { throw error("its order is 0; a statistic has at least one entry") }
        guard entry.shape[0] <= largestOrder else {
            throw error("its order \(entry.shape[0]) is above \(largestOrder), the largest that LAPACK takes")
        }
        let entries = try source.rowsAsColumns(of: entry)
        if let problem = unsoundness(of: entries) { throw error(problem) }
        return (
            InputMatrix(source: source.path, order: entries.order, file: file, entry: entry, hash: hash(of: entries)), entries
        )
    }

    static func hash(of entries: Matrix<Double>) -> String { entries.elements.withUnsafeBytes { contentHash($0) } }

    /// Where an entry is not finite, or differs from its mirror image by more than 1e-3 of the largest one; nil where none
    /// is and does.
    private static func unsoundness(of entries: Matrix<Double>) -> String? {
        let order = entries.order
        // Columns of the memory are rows of the data set.
        if let position = entries.elements.firstIndex(where: { !$0.isFinite }) {
            return "entry (\(position / order), \(position % order)) is \(entries.elements[position]); a statistic is finite"
        }
        let limit = 1e-3 * entries.largestMagnitude
        for column in 0..<order {
            for row in 0..<column where (entries[row, column] - entries[column, row]).magnitude > limit {
                return "it is not symmetric: entries (\(column), \(row)) and (\(row), \(column)) are "
                    + "\(entries[row, column]) and \(entries[column, row])"
            }
        }
        return nil
    }
}
