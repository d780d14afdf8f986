import CPUBackend
import LinearAlgebra
import MatrixCore
import Preconditioning

/// A statistic as it would be if nothing coded it, in double precision: Aₜ = β·Aₜ₋₁ + (1 − β)·Mₜ from A₀ on, Aₜ = Aₜ₋₁ + Mₜ for β = 1.
///
/// Mₜ = S·Gₜ·Gₜᵀ·S/R, S = A₀^(1/2), Gₜ of n × R independent standard normal deviates: a Wishart matrix of rank R whose
/// expectation is A₀, so that the statistic keeps its scale and its spectrum but for what R columns leave to chance. Gₜ is
/// drawn column by column, in pairs, from stream t of the seed's Philox generator: the same for every matrix of an order, every storage
/// and every machine. Eigenvalues of A₀ below zero, which rounding leaves, count as zero in S.
struct Trajectory: Sendable {
    private(set) var statistic: Matrix<Double>
    private(set) var moment: Matrix<Double>
    private let squareRoot: Matrix<Double>
    private let course: RecodeCourse

    init(_ start: StartingStatistic<Double>, _ course: RecodeCourse) {
        statistic = start.matrix
        moment = Matrix(rows: statistic.rows, columns: statistic.columns)
        let fourthRoots = start.eigenvalues.map { max($0, 0).squareRoot().squareRoot() }
        squareRoot = symmetricProduct(start.eigenvectors.scalingColumns(by: fourthRoots))
        self.course = course
    }

    /// The moment of an update, from 1 on, and the statistic that has taken it.
    mutating func advance(to update: Int) {
        let (order, rank) = (statistic.order, course.rank(order: statistic.order))
        let weight = course.decay == 1 ? 1 : 1 - course.decay
        if rank > 0 {
            var generator = PhiloxGenerator(seed: course.seed, stream: UInt64(update))
            let factor = multiply(squareRoot, normalDeviates(rows: order, columns: rank, using: &generator))
            moment = symmetricProduct(factor, alpha: 1 / Double(rank))
        }
        for index in statistic.elements.indices {
            statistic.elements[index] = course.decay * statistic.elements[index] + weight * moment.elements[index]
        }
    }
}

/// Independent standard normal deviates, drawn column by column in pairs.
func normalDeviates(rows: Int, columns: Int, using generator: inout PhiloxGenerator) -> Matrix<Double> {
    var elements: [Double] = []
    elements.reserveCapacity(rows * columns + 1)
    while elements.count < rows * columns {
        let pair = generator.normalPair()
        elements += [pair.0, pair.1]
    }
    return Matrix(rows: rows, columns: columns, elements: Array(elements.prefix(rows * columns)))
}

/// What the errors of one update are measured against.
struct TrueStatistic: Sendable {
    struct Power: Hashable {
        let exponent: Double
        let damping: Double

        init(_ statistic: StatisticCase) {
            exponent = statistic.exponent
            damping = statistic.damping
        }
    }

    let matrix: Matrix<Double>
    private let eigenvalues: [Double]
    private let roots: [Power: Matrix<Double>]

    /// (A + ε·λmax·I)^(-p) by a decomposition of A in double precision, one for all powers; |λ| where rounding leaves one below
    /// zero.
    ///
    /// - Throws: `DecompositionError.noConvergence`.
    init(_ matrix: Matrix<Double>, powers: Set<Power>) throws(DecompositionError) {
        self.matrix = matrix
        let decomposition = try symmetricEigen(matrix)
        eigenvalues = decomposition.values
        var roots: [Power: Matrix<Double>] = [:]
        for power in powers {
            roots[power] = factoredRoot(
                vectors: decomposition.vectors, eigenvalues: eigenvalues.map(\.magnitude), exponent: power.exponent,
                damping: power.damping, CPUBackend<Double>())
        }
        self.roots = roots
    }

    /// nil where there is no finite power.
    func root(_ power: Power) -> Matrix<Double>? { roots[power] }

    func isIllConditioned(_ power: Power) -> Bool { isSingularToWorkingPrecision(eigenvalues, damping: power.damping) }
}

/// A₀ in a backend's scalar, with its decomposition.
struct StartingStatistic<Scalar: LAPACKScalar>: StatisticSource {
    let matrix: Matrix<Scalar>
    let eigenvalues: [Scalar]
    let eigenvectors: Matrix<Scalar>

    init(_ subject: StudySubject, contraction: Double?) {
        matrix = Matrix<Scalar>(subject.matrix(contraction: contraction))
        eigenvalues = subject.eigenvalues(contraction: contraction).map { Scalar($0) }
        eigenvectors = Matrix<Scalar>(subject.eigenvectors)
    }

    func shift(damping: Double) -> Scalar { Scalar(damping) * eigenvalues.reduce(0) { max($0, $1.magnitude) } }

    typealias Backend = CPUBackend<Scalar>
}
