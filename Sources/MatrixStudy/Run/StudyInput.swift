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
    public let path: String
    /// Where one is meant.
    public var dataset: String?
    public let problem: String

    public var description: String { "\(path): \(dataset.map { "\($0): " } ?? "")\(problem)" }
}

/// The matrices of a file: which there are, which are sound, and their entries.
public struct StudyInput: Sendable {
    public let path: String
    public internal(set) var matrices: [InputMatrix] = []
    /// Data sets of a whole-file run that are matrices by their shape and cannot be studied.
    public internal(set) var rejected: [InputError] = []
    /// What is left out without being wrong, a line each kind.
    public private(set) var notes: [String] = []

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
    /// - Parameter patterns: names or globs, see `InputSelection`. Empty selects every square float32 or float64 data
    ///   set; then unsound ones are collected in `rejected`, otherwise they throw.
    /// - Throws: `HDF5Error` for the file as a whole, `InputError` for a selection, and where there is no matrix.
    public init(path: String, selecting patterns: [String]) throws {
        let file = try HDF5File.open(path)
        try self.init(of: file, file.listing(), selecting: patterns)
        if matrices.isEmpty && rejected.isEmpty {
            let found = notes.isEmpty ? "'fourthroot inspect' lists what it holds" : notes.joined(separator: "; ")
            throw InputError(
                kind: .wrongData, path: path, problem: "no square float32 or float64 data set in it; \(found)")
        }
    }

    /// As `init(path:selecting:)` of an open file, which need not hold a matrix.
    public init(of file: HDF5File, _ listing: HDF5Listing, selecting patterns: [String] = []) throws {
        self.file = file
        path = file.path
        selectsEverything = patterns.isEmpty
        let isDump = (try? file.attribute("format"))?.string == "fourthroot"
        // The sets say so themselves where another file links to them or holds copies.
        let isOfDump = { (dataset: DatasetDescription) in
            isDump || dataset.failure == nil && (try? file.attribute("side", of: dataset.name)) != nil
        }
        let selection = try InputSelection(listing, patterns: patterns, isOfDump: isOfDump, path: path)
        eigenvectors = selection.eigenvectors.map(\.name)
        var untouched = 0
        for dataset in selection.taken {
            if !selection.named.contains(ExactName(dataset.name)), isOfDump(dataset), isBeforeFirstUpdate(dataset) {
                untouched += 1
                continue
            }
            do {
                let (matrix, entries) = try examine(dataset)
                onlyEntries = matrices.isEmpty ? entries : nil
                matrices.append(matrix)
            } catch let error as InputError where patterns.isEmpty {
                rejected.append(error)
            }
        }
        if untouched > 0 {
            notes.append("left out \(untouched) matrices of a dump before their first update, which --matrix can name")
        }
        note(selection, listing.unreached, isWholeFile: patterns.isEmpty)
    }

    /// Whether a dump says that no gradient has reached a matrix: it is the damping alone.
    private func isBeforeFirstUpdate(_ dataset: DatasetDescription) -> Bool {
        dataset.failure == nil && (try? file.attribute("updates", of: dataset.name))?.integer == 0
    }

    /// Says what was left out. Links that lead to nothing are nobody's fault in this file; what is wrong with another
    /// file is.
    private mutating func note(_ selection: InputSelection, _ unreached: [HDF5Error], isWholeFile: Bool) {
        if !selection.derived.isEmpty {
            notes.append(
                "\(matrices.count) statistics of a training's dump; the \(selection.derived.count) matrices that the "
                    + "optimizer made of them are left out, unless --matrix names them or ends in their kind")
        }
        if !selection.leftOut.isEmpty { notes.append("left out: \(InputSelection.text(of: selection.leftOut))") }
        if !selection.isWhole {
            notes.append("links make more paths than can be matched; each data set is taken under one of them")
        }
        guard isWholeFile else { return }
        let dangling = unreached.filter { $0.kind == .noSuchObject }
        if !dangling.isEmpty {
            let shown = dangling.prefix(8).map { "\($0.object ?? "") \($0.problem)" }.joined(separator: ", ")
            notes.append(
                "links that lead to nothing: \(shown)\(dangling.count > 8 ? " and \(dangling.count - 8) more" : "")")
        }
        rejected += unreached.filter { $0.kind != .noSuchObject }.map { InputError($0) }
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

    private func examine(_ dataset: DatasetDescription) throws -> (InputMatrix, entries: Matrix<Double>) {
        let name = dataset.name
        if let failure = dataset.failure { throw InputError(failure) }
        guard !dataset.isStack else {
            throw error(
                name, "its shape is \(dataset.shapeText), a stack of square matrices; store each as a data set of its own")
        }
        guard dataset.isSquare else {
            let shape = dataset.shape.isEmpty || dataset.shape == [0] ? "it is" : "its shape is"
            throw error(name, "\(shape) \(dataset.shapeText); a statistic is square")
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
            throw InputError(failure)
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
        InputError(kind: .wrongData, path: path, dataset: name, problem: problem)
    }
}

extension InputError {
    fileprivate init(_ failure: HDF5Error) {
        self.init(kind: .wrongData, path: failure.file, dataset: failure.object, problem: failure.explanation)
    }
}
