import Files
import LinearAlgebra
import MatrixCore
import MatrixSources

/// The matrices of one or more files, and their entries.
public struct StudyInput: Sendable {
    public internal(set) var files: [FileInput] = []
    let selectsEverything: Bool

    /// Reads and checks every selected matrix once, so that a study fails before it starts, not after hours.
    ///
    /// - Parameter patterns: names or globs, see `InputSelection`; each must take something of at least one file.
    /// - Throws: `SourceError` for a file, for a selection, and where there is no matrix.
    public init(_ sources: [any MatrixSource], selecting patterns: [String]) throws {
        selectsEverything = patterns.isEmpty
        for (place, source) in sources.enumerated() {
            var file = try FileInput(source, selecting: patterns, place: place)
            if selectsEverything { try file.requireMatrix() }
            if files.contains(where: { !$0.matrices.isEmpty }) && !file.matrices.isEmpty {
                file.onlyValues = nil
                for former in files.indices { files[former].onlyValues = nil }
            }
            files.append(file)
        }
        for pattern in patterns.indices {
            let problems = files.compactMap { $0.unmatched[pattern] }
            if let problem = problems.first(where: { $0.kind == .wrongData }) ?? problems.first, problems.count == files.count {
                throw problem
            }
        }
        if let first = files.first, files.allSatisfy({ $0.matrices.isEmpty }) { try first.requireMatrix() }
    }

    /// Of all files, in the order of the study.
    public var matrices: [InputMatrix] { files.flatMap(\.matrices) }

    /// What cannot be studied, of all files.
    public var rejected: [SourceError] { files.flatMap(\.rejected) }

    func source(of matrix: InputMatrix) -> any MatrixSource { files[matrix.file].source }

    /// The matrix, made exactly symmetric.
    ///
    /// - Throws: `SourceError`, also where the file has changed since it was examined.
    public func entries(of matrix: InputMatrix) throws -> Matrix<Double> {
        if let only = files[matrix.file].onlyValues { return only.symmetrized }
        let entries = try source(of: matrix).rowsAsColumns(of: matrix.entry)
        guard InputMatrix.hash(of: entries) == matrix.hash else {
            throw SourceError(
                .wrongData, file: matrix.source, entry: matrix.name, "it changed while the study was running")
        }
        return entries.symmetrized
    }

    /// Names a study: two runs with one fingerprint compute the same rows. The inputs count by what they hold, not by their
    /// paths: a file may be moved, and be copied to the machines that compute the shards.
    public func fingerprint(plan: StudyPlan, version: String) throws(PlanError) -> String {
        let choices = [
            plan.reference.rawValue, plan.indefinite.rawValue, plan.arithmetic.rawValue, plan.decomposition.rawValue,
        ]
        // Rows of other columns are none of this study's.
        return fingerprint(choices + StudyRow.columns + (try plan.cases().map { "\($0)" }), version: version)
    }

    /// That of a study of recoding.
    public func fingerprint(plan: RecodePlan, version: String) throws(PlanError) -> String {
        fingerprint(RecodeRow.columns + (try plan.identity()), version: version)
    }

    private func fingerprint(_ choices: [String], version: String) -> String {
        let inputs = matrices.map { matrix in
            // Which file a matrix is of is a part of its row.
            "\(files.count > 1 ? "\(matrix.file) " : "")\(matrix.name) \(matrix.order) \(matrix.hash)"
        }
        return contentHash(([version] + choices + inputs).joined(separator: "\n"))
    }

    /// The magnitudes of a matrix's eigenvalues, descending.
    ///
    /// - Throws: `SourceError`, `DecompositionError`.
    public func eigenvalues(of matrix: InputMatrix) throws -> [Double] {
        try symmetricEigen(entries(of: matrix)).values.map(\.magnitude).sorted(by: >)
    }
}

/// Which file each row of a study is of.
public struct RowSources: Sendable {
    /// The paths of the files.
    public let paths: [String]
    private let files: [Int]
    private let casesPerMatrix: Int

    public init(_ input: StudyInput, casesPerMatrix: Int) {
        paths = input.files.map(\.source.path)
        files = input.matrices.map(\.file)
        self.casesPerMatrix = casesPerMatrix
    }

    /// The place of a row's file among the inputs.
    func file(ofRow row: Int) -> Int { files[row / casesPerMatrix] }
    func path(ofRow row: Int) -> String { paths[file(ofRow: row)] }
}
