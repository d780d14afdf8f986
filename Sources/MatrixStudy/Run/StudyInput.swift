import Files
import Foundation
import HDF5Store
import LinearAlgebra
import MatrixCore

/// A matrix of the input that the study accepts.
public struct InputMatrix: Sendable, Equatable {
    public let name: String
    public let order: Int
    /// Of its entries in double, before symmetrizing.
    let hash: String
}

/// A data set that cannot be studied.
public struct InputError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable { case wrongData, noSuchInput }

    public let kind: Kind
    public let description: String
}

/// The matrices of a file: which there are, which are sound, and their entries.
public struct StudyInput: Sendable {
    public let path: String
    public internal(set) var matrices: [InputMatrix] = []
    /// Data sets of a whole-file run that are matrices by their shape and cannot be studied.
    public internal(set) var rejected: [InputError] = []
    /// Matrices of a training's dump that a whole-file run leaves out: a study is of the statistics.
    public private(set) var leftOut = 0

    /// Eigenvectors that a whole-file run or a glob leaves out: they belong to the matrix beside them.
    public private(set) var eigenvectors: [String] = []

    let file: HDF5File
    let selectsEverything: Bool
    /// The entries of the only matrix, kept from its examination; of several, each is read again when its turn comes.
    private var onlyEntries: Matrix<Double>?

    /// LAPACK's 32-bit interface counts 2n² entries of workspace.
    public static let largestOrder = 32_766

    /// Reads and checks every selected matrix once, so that a study fails before it starts, not after hours.
    ///
    /// - Parameter patterns: names or globs. Empty selects every square float32 or float64 data set, of a training's dump
    ///   only the statistics; then unsound ones
    ///   are collected in `rejected`, otherwise they throw.
    /// - Throws: `HDF5Error` for the file as a whole, `InputError` for a selection.
    public init(path: String, selecting patterns: [String]) throws {
        self.path = path
        file = try HDF5File.open(path)
        selectsEverything = patterns.isEmpty
        let datasets = try file.datasets()
        let eigenvectorSets = StudyInput.eigenvectorSets(datasets)
        eigenvectors = eigenvectorSets.sorted()
        var selected = try StudyInput.select(datasets, eigenvectorSets, patterns, path)
        if patterns.isEmpty, (try? file.attribute("format"))?.string == "fourthroot" {
            let matrices = selected.count
            selected.removeAll { StudyInput.isDerived($0.name) }
            leftOut = matrices - selected.count
        }
        for dataset in selected {
            do {
                let (matrix, entries) = try examine(dataset)
                onlyEntries = matrices.isEmpty ? entries : nil
                matrices.append(matrix)
            } catch let error as InputError where patterns.isEmpty {
                rejected.append(error)
            }
        }
        if matrices.isEmpty && rejected.isEmpty {
            throw InputError(
                kind: .wrongData,
                description: "\(path): no square float32 or float64 data set in it; 'fourthroot inspect' lists what it holds")
        }
    }

    /// The matrix, made exactly symmetric.
    ///
    /// - Throws: `HDF5Error`, or `InputError` where the file has changed since it was examined.
    public func entries(of matrix: InputMatrix) throws -> Matrix<Double> {
        if let onlyEntries { return onlyEntries.symmetrized }
        let entries = try file.readRowsAsColumns(matrix.name, as: Double.self)
        guard hash(entries) == matrix.hash else {
            throw error(matrix.name, "it changed while the study was running")
        }
        return entries.symmetrized
    }

    /// Names a study: two runs with one fingerprint compute the same rows. The input counts by what it holds, not by its
    /// path: a file may be moved, and be copied to the machines that compute the shards.
    public func fingerprint(plan: StudyPlan, version: String) throws(PlanError) -> String {
        let cases = try plan.cases().map { "\($0)" }
        let inputs = matrices.map { "\($0.name) \($0.order) \($0.hash)" }
        let choices = [
            version, plan.reference.rawValue, plan.indefinite.rawValue, plan.arithmetic.rawValue,
            plan.decomposition.rawValue,
        ]
        return contentHash((choices + cases + inputs).joined(separator: "\n"))
    }

    /// The magnitudes of a matrix's eigenvalues, descending.
    ///
    /// - Throws: `HDF5Error`, `DecompositionError`.
    public func eigenvalues(of matrix: InputMatrix) throws -> [Double] {
        try symmetricEigen(entries(of: matrix)).values.map(\.magnitude).sorted(by: >)
    }

    /// Whether a dump of ours holds it beside a statistic: what the optimizer made of it, or followed in parallel.
    private static func isDerived(_ name: String) -> Bool {
        name.hasPrefix("steps/") && ["decoded", "root", "reference"].contains { name.hasSuffix("/\($0)") }
    }

    private func examine(_ dataset: DatasetDescription) throws -> (InputMatrix, entries: Matrix<Double>) {
        let name = dataset.name
        if let failure = dataset.failure { throw error(name, failure.description) }
        guard dataset.shape.count == 2, dataset.shape[0] == dataset.shape[1] else {
            throw error(name, "its shape is \(dataset.shape.map { "\($0)" }.joined(separator: " × ")); a statistic is square")
        }
        guard dataset.elementType.isReadableAsMatrix else {
            throw error(name, "it holds \(dataset.elementType); the study reads float32 and float64")
        }
        guard dataset.shape[0] > 0 else { throw error(name, "its order is 0; a statistic has at least one entry") }
        guard dataset.shape[0] <= StudyInput.largestOrder else {
            throw error(
                name, "its order \(dataset.shape[0]) is above \(StudyInput.largestOrder), the largest that LAPACK takes")
        }
        let entries: Matrix<Double>
        do {
            entries = try file.readRowsAsColumns(name)
        } catch let failure as HDF5Error {
            throw InputError(kind: .wrongData, description: failure.description)
        }
        try requireSound(entries, name)
        return (InputMatrix(name: name, order: entries.order, hash: hash(entries)), entries)
    }

    /// - Throws: where an entry is not finite, or differs from its mirror image by more than 1e-3 of the largest one.
    private func requireSound(_ entries: Matrix<Double>, _ name: String) throws(InputError) {
        let order = entries.order
        // Columns of the memory are rows of the data set.
        if let position = entries.elements.firstIndex(where: { !$0.isFinite }) {
            throw error(
                name,
                "entry (\(position / order), \(position % order)) is \(entries.elements[position]); "
                    + "a statistic is finite")
        }
        let limit = 1e-3 * entries.largestMagnitude
        for column in 0..<order {
            for row in 0..<column where (entries[row, column] - entries[column, row]).magnitude > limit {
                throw error(
                    name,
                    "it is not symmetric: entries (\(column), \(row)) and (\(row), \(column)) are "
                        + "\(entries[row, column]) and \(entries[column, row])")
            }
        }
    }

    private func hash(_ entries: Matrix<Double>) -> String { entries.elements.withUnsafeBytes { contentHash($0) } }

    private func error(_ name: String, _ problem: String) -> InputError {
        InputError(kind: .wrongData, description: "\(path): \(name): \(problem)")
    }

    /// Matching data sets in the order of the file. A pattern without wildcards names a data set of any kind; one with
    /// wildcards filters the square ones.
    private static func select(
        _ datasets: [DatasetDescription], _ eigenvectors: Set<String>, _ patterns: [String], _ path: String
    ) throws(InputError) -> [DatasetDescription] {
        // A data set of order 0 or one that cannot be opened is worth a word even where nobody asked for it by name.
        if patterns.isEmpty {
            return datasets.filter {
                !eigenvectors.contains($0.name)
                    && ($0.isSquareMatrix || $0.failure != nil || ($0.shape == [0, 0] && $0.elementType.isReadableAsMatrix))
            }
        }
        var chosen: Set<String> = []
        for pattern in patterns {
            let name = pattern.hasPrefix("/") ? String(pattern.dropFirst()) : pattern
            let glob = Glob(name)
            let matching = datasets.filter {
                $0.name == name
                    || (glob.hasWildcards && $0.isSquareMatrix && !eigenvectors.contains($0.name) && glob.matches($0.name))
            }
            guard !matching.isEmpty else {
                throw InputError(
                    kind: .noSuchInput,
                    description: "\(path): no \(glob.hasWildcards ? "matrix matches" : "data set is named") '\(pattern)'; "
                        + "'fourthroot inspect' lists what it holds")
            }
            chosen.formUnion(matching.map(\.name))
        }
        return datasets.filter { chosen.contains($0.name) }
    }
}
