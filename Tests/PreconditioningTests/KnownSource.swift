import CPUBackend
import MatrixCore
import Preconditioning

/// A known matrix to be kept by its factors.
struct KnownSource: StatisticSource {
    let known: KnownStatistic

    var matrix: Matrix<Double> { known.matrix }
    var eigenvalues: [Double] { known.eigenvalues }
    var eigenvectors: Matrix<Double> { known.vectors }

    func shift(damping: Double) -> Double { 0 }

    typealias Backend = CPUBackend<Double>
}
