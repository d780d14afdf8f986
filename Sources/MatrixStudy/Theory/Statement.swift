import CPUBackend
import MatrixCore
import Preconditioning

/// A statement of the field about matrices that are kept in few bits, which can be evaluated on a matrix and its storages.
protocol Statement: Sendable {
    /// What the statement is called on the command line.
    static var name: String { get }
    /// What it says, in a line.
    static var summary: String { get }

    /// Whether it is about matrices whose eigenvalues are all positive.
    static var needsPositiveEigenvalues: Bool { get }

    /// Both sides for a matrix, as far as they are about the matrix alone.
    ///
    /// - Throws: `DecompositionError`, `QuantizationError`.
    static func evaluate(_ subject: TheorySubject) throws -> [Evaluation]

    /// Both sides for a matrix and one case of its storages.
    ///
    /// - Throws: what the storage throws, where it refuses a matrix.
    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation]
}

extension Statement {
    static var needsPositiveEigenvalues: Bool { false }
    static func evaluate(_ subject: TheorySubject) throws -> [Evaluation] { [] }
    static func evaluate(_ subject: TheorySubject, _ statistic: StatisticCase) throws -> [Evaluation] { [] }
}

/// The statements that `fourthroot theory` knows.
public enum StatementTable {
    static let all: [any Statement.Type] = [
        BasisPerturbation.self, SpectrumPerturbation.self, PublishedComparison.self, CodebookBound.self,
        OrthonormalizationStep.self, CompensatedSequence.self, RegretBound.self,
    ]

    /// Those that have options of their own.
    public static let sequence = CompensatedSequence.name
    public static let regret = RegretBound.name

    public static var names: [String] { all.map { $0.name } }
    public static var summaries: [(name: String, summary: String)] { all.map { ($0.name, $0.summary) } }
}

/// One statement's two sides.
public struct Evaluation: Sendable {
    /// Whose statement it is.
    public enum Origin: String, Sendable {
        /// From a paper: where it is violated, that is a result.
        case published
        /// Proved here for what the program computes: where it is violated, the program is wrong.
        case own
    }

    /// The name of the statement and, where it has several, of its part.
    public let statement: String
    public let origin: Origin
    /// The storage, where the statement is about one.
    public let statistic: StatisticCase?
    /// The coding, where the statement is about one and not about a storage.
    public var coding: CodingChoice?
    /// Of A^(-p), where a power is taken.
    public var exponent: Double?
    /// What else it was evaluated for, in words.
    public var setting = ""
    /// Whether what the statement presupposes is so.
    public var premiseHolds = true
    public let sides: Inequality

    /// Whether the statement is refuted: its premise is so, and its sides are not as it says.
    public var isViolated: Bool { premiseHolds && !sides.holds }
}

/// How sequences are made, for the statements that are about one.
public struct SequenceSettings: Sendable {
    /// The number of updates.
    public let updates: Int
    public let seed: UInt64
    /// The steps and the largest order of the convex problem; nil where none is wanted.
    public let problem: (steps: Int, order: Int)?

    public init(updates: Int, seed: UInt64, problem: (steps: Int, order: Int)?) {
        self.updates = updates
        self.seed = seed
        self.problem = problem
    }
}

/// Decoded eigenvectors, and the error and the cosine of the power of their case.
struct PerturbedPower {
    let basis: PerturbedBasis
    let relative: Double
    let cosine: Double
}

/// Those that are known.
private final class PerturbedPowers {
    var known: [StatisticCase: PerturbedPower?] = [:]
}

/// A matrix A = U·Λ·Uᵀ with the cases for which statements are evaluated.
struct TheorySubject {
    let subject: StudySubject
    /// Each storage once, whatever its solvers and contractions.
    let cases: [StatisticCase]
    let exponents: [Double]
    let sequence: SequenceSettings
    let backend = CPUBackend<Double>()
    private let perturbedPowers = PerturbedPowers()

    init(subject: StudySubject, cases: [StatisticCase], exponents: [Double], sequence: SequenceSettings) {
        self.subject = subject
        self.cases = cases
        self.exponents = exponents
        self.sequence = sequence
    }

    var order: Int { subject.matrix.order }

    /// What the decoded eigenvectors of a case do to its power, once for all statements about it; nil for a storage that keeps
    /// no eigenvectors.
    ///
    /// - Throws: what the storage throws, `DecompositionError`.
    func perturbedPower(of statistic: StatisticCase) throws -> PerturbedPower? {
        if let known = perturbedPowers.known[statistic] { return known }
        var found: PerturbedPower?
        if let basis = try PerturbedBasis(statistic, self), let errors = basis.errors(exponent: statistic.exponent, self) {
            found = PerturbedPower(basis: basis, relative: errors.relative, cosine: errors.cosine)
        }
        perturbedPowers.known[statistic] = .some(found)
        return found
    }

    /// A bound on what rounding does to sums and products of this order, relative to their terms.
    var unitError: Double { 8 * Double(max(order, 1)) * 0x1p-53 }

    /// Whether every eigenvalue is positive beyond rounding: powers are then finite.
    var isPositiveDefinite: Bool {
        guard let least = subject.eigenvalues.first, let largest = subject.eigenvalues.last else { return false }
        return least > Double(order) * 0x1p-52 * largest
    }

    var conditionNumber: Double { (subject.eigenvalues.last ?? 1) / (subject.eigenvalues.first ?? 1) }
}

/// What the statements say of one matrix.
public struct Evaluations: Sendable {
    public let evaluations: [Evaluation]
    /// λmax/λmin; nil unless all eigenvalues are positive.
    public let conditionNumber: Double?
    /// What could not be evaluated, and why.
    public let notes: [String]
}

extension StudyInput {
    /// The evaluations of the statements of these names, in the order of their table, for a matrix and each case's storage.
    ///
    /// - Throws: `SourceError`, `DecompositionError`, `QuantizationError`.
    public func evaluations(
        of matrix: InputMatrix, statements: Set<String>, cases: [StatisticCase], sequence: SequenceSettings
    ) throws -> Evaluations {
        let entries = try entries(of: matrix)
        do {
            try requireSinglePrecision(entries)
        } catch {
            return Evaluations(evaluations: [], conditionNumber: nil, notes: ["\(error)"])
        }
        let subject = TheorySubject(
            subject: try StudySubject(decomposing: entries), cases: cases.distinct,
            exponents: cases.map(\.exponent).distinct, sequence: sequence)
        var (rows, notes): ([Evaluation], [String]) = ([], [])
        for statement in StatementTable.all where statements.contains(statement.name) {
            if statement.needsPositiveEigenvalues && !subject.isPositiveDefinite {
                notes.append("\(statement.name) is about matrices whose eigenvalues are all positive")
                continue
            }
            rows += try statement.evaluate(subject)
            for statistic in subject.cases {
                do {
                    rows += try statement.evaluate(subject, statistic)
                } catch {
                    notes.append("\(statement.name), \(statistic.summary): \(error)")
                }
            }
        }
        return Evaluations(
            evaluations: rows, conditionNumber: subject.isPositiveDefinite ? subject.conditionNumber : nil, notes: notes)
    }
}
