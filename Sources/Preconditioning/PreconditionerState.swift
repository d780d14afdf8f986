import Compute
import MatrixCore

/// One side of a preconditioner in training: its statistic, its root as stored, and what went wrong on the way.
public struct PreconditionerState<Backend: MatrixBackend>: Sendable {
    public private(set) var statistic: StatisticState<Backend>
    /// A^(-p) as stored; I until the first root.
    public private(set) var root: StoredMatrix<Backend>
    public private(set) var record = PreconditionerRecord()
    private let scheme: PreconditionerScheme
    /// For the start vectors of power iterations.
    private var generator: PhiloxGenerator

    public var order: Int { statistic.order }

    /// - Throws: `QuantizationError`.
    public init(order: Int, scheme: PreconditionerScheme, generator: PhiloxGenerator, _ backend: Backend) throws {
        self.scheme = scheme
        self.generator = generator
        statistic = try StatisticState(order: order, scheme: scheme, backend)
        root = try StoredMatrix(
            backend.tensor(.identity(order)), storage: scheme.rootStorage(order: order), backend: backend)
    }

    /// A ← βA + (1 − β)M. What fails leaves the statistic as it was and is counted in the record.
    public mutating func updateStatistic(with moment: Backend.Tensor, _ backend: Backend) {
        do {
            try statistic.update(with: moment, using: &generator, backend)
        } catch {
            record.addFailure(of: .statistic, "\(error)")
        }
    }

    /// Takes the root of the statistic. What fails or is not finite leaves the root as it was and is counted.
    public mutating func updateRoot(_ backend: Backend) {
        do {
            let next = try statistic.root(using: &generator, backend)
            root = try StoredMatrix(next, storage: scheme.rootStorage(order: order), backend: backend)
            record.endFailures()
        } catch {
            record.addFailure(of: .root, "\(error)")
        }
    }

    /// The bytes of statistic and root.
    public func byteCount(_ backend: Backend) -> Int { statistic.byteCount(backend) + root.byteCount(backend) }
}

/// The failures of one side of a preconditioner; a new record has none.
public struct PreconditionerRecord: Sendable, Equatable {
    public enum Operation: String, Sendable { case statistic, root }

    public private(set) var statisticFailures = 0
    public private(set) var rootFailures = 0
    /// Roots in a row that failed, up to now.
    public private(set) var consecutiveRootFailures = 0
    /// Of the last failure, in words.
    public private(set) var lastFailure: String?

    public init() {}

    mutating func addFailure(of operation: Operation, _ reason: String) {
        switch operation {
        case .statistic: statisticFailures += 1
        case .root:
            rootFailures += 1
            consecutiveRootFailures += 1
        }
        lastFailure = "\(operation.rawValue): \(reason)"
    }

    mutating func endFailures() { consecutiveRootFailures = 0 }
}
