import CPUBackend
import Foundation
import LinearAlgebra
import MatrixCore
import Preconditioning

/// One case on its way through the updates: a side of a preconditioner as training has it, in the arithmetic of a backend.
protocol RecodeTrack: Sendable {
    /// Takes a moment and renews the root, as training does.
    mutating func advance(with moment: Matrix<Double>, update: Int)

    /// What the last update has come to.
    func measured(against truth: TrueStatistic) -> RecodeMeasures
}

/// What an update of a case has come to.
struct RecodeMeasures: Sendable {
    /// nil where they depend on what was not coded.
    var statisticBytes: Int?
    var rootBytes: Int?
    var statisticError: Double?
    var rootError: Double?
    var minimumEigenvalue: Double?
    var outcome: Outcome
    var seconds = 0.0
    /// What failed in the last update, for the log.
    var reason: String?
}

extension RecodeCase {
    /// - Returns: the case with its first codes, or why there are none.
    func track(
        _ subject: StudySubject, _ course: RecodeCourse, _ rule: IndefiniteRule, _ arithmetic: Arithmetic
    ) -> (track: any RecodeTrack, reason: String?) {
        do {
            let scheme = try scheme(course, rule)
            switch arithmetic {
            case .float64: return (try CodedTrack<Double>(self, subject, scheme, course), nil)
            case .float32: return (try CodedTrack<Float>(self, subject, scheme, course), nil)
            }
        } catch DecompositionError.notPositiveDefinite(let minor) {
            return (
                LostTrack(outcome: .notPositiveDefinite, bytes: fixedBytes(order: subject.matrix.order)),
                "no Cholesky factor: the leading minor of order \(minor) is not positive"
            )
        } catch {
            return (LostTrack(outcome: .failed, bytes: fixedBytes(order: subject.matrix.order)), "\(error)")
        }
    }

    /// nil for what depends on the matrix. Exact matrices count as float32, in whatever arithmetic.
    fileprivate func fixedBytes(order: Int) -> (statistic: Int?, root: Int?) {
        let (statistic, root) = (storages.statistic, storages.root)
        return (
            statistic.kind.traits.hasVariableLength ? nil : try? statistic.storage().byteCount(order: order),
            root.kind.traits.hasVariableLength ? nil : try? root.storage().byteCount(order: order)
        )
    }
}

/// A case that has no first codes, and none later.
private struct LostTrack: RecodeTrack {
    let outcome: Outcome
    let bytes: (statistic: Int?, root: Int?)

    func advance(with moment: Matrix<Double>, update: Int) {}

    func measured(against truth: TrueStatistic) -> RecodeMeasures {
        RecodeMeasures(statisticBytes: bytes.statistic, rootBytes: bytes.root, outcome: outcome)
    }
}

/// - Numerics: what fails leaves statistic or root as it was, as in training; the row of that update says `failed`, with the
///   errors of what is still in use.
private struct CodedTrack<Scalar: LAPACKScalar>: RecodeTrack {
    private let recoded: RecodeCase
    private let course: RecodeCourse
    private let bytes: (statistic: Int?, root: Int?)
    private var state: PreconditionerState<CPUBackend<Scalar>>
    private var hasFailed = false
    private var seconds = 0.0

    init(
        _ recoded: RecodeCase, _ subject: StudySubject, _ scheme: PreconditionerScheme, _ course: RecodeCourse
    ) throws {
        self.recoded = recoded
        self.course = course
        let storages = recoded.storages
        let start = StartingStatistic<Scalar>(subject, contraction: storages.statistic.contraction)
        if Scalar.self == Float.self || !storages.statistic.kind.traits.isExact {
            try requireSinglePrecision(subject.matrix(contraction: storages.statistic.contraction))
        }
        bytes = recoded.fixedBytes(order: start.matrix.order)
        state = try PreconditionerState(
            keeping: start, scheme: scheme, generator: PhiloxGenerator(seed: course.seed, stream: 1 << 62),
            CPUBackend<Scalar>().coding(with: recoded.rounding?.noise(seed: course.seed, update: 0, ofRoot: false)))
    }

    mutating func advance(with moment: Matrix<Double>, update: Int) {
        let clock = ContinuousClock()
        let start = clock.now
        let former = (state.updates, state.record)
        state.updateStatistic(with: Matrix<Scalar>(moment), backend(update, ofRoot: false))
        state.updateRoot(backend(update, ofRoot: true))
        hasFailed =
            state.updates == former.0 || state.record.statisticFailures > former.1.statisticFailures
            || state.record.rootFailures > former.1.rootFailures
        seconds = (clock.now - start) / .seconds(1)
    }

    private func backend(_ update: Int, ofRoot: Bool) -> CPUBackend<Scalar> {
        CPUBackend().coding(with: recoded.rounding?.noise(seed: course.seed, update: update, ofRoot: ofRoot))
    }

    func measured(against truth: TrueStatistic) -> RecodeMeasures {
        var result = RecodeMeasures(outcome: hasFailed ? .failed : .ok, seconds: seconds)
        let backend = CPUBackend<Scalar>()
        let power = TrueStatistic.Power(recoded.storages.statistic)
        result.statisticBytes = bytes.statistic ?? state.statistic.byteCount(backend)
        result.rootBytes = bytes.root ?? state.byteCount(backend) - state.statistic.byteCount(backend)
        if hasFailed {
            result.reason =
                state.record.lastFailure
                ?? "the statistic would vanish: nothing of it is positive, or its entries are too small"
        }
        do {
            let decoded = try state.statistic.decodedStatistic(
                rectificationSteps: state.scheme.rootRectificationSteps, backend)
            result.statisticError = compare(Matrix<Double>(decoded.matrix(backend)), to: truth.matrix).normwiseRelativeError
            result.minimumEigenvalue = try leastEigenvalue(decoded, backend)
        } catch {
            (result.outcome, result.reason) = (.failed, "\(error)")
        }
        if state.updatesOfRoot > 0, let root = truth.root(power) {
            result.rootError = compare(Matrix<Double>(state.root(backend)), to: root).normwiseRelativeError
        } else {
            result.outcome = .failed
        }
        if let least = result.minimumEigenvalue, least <= 0 { result.outcome = result.outcome.orWorse(.indefinite) }
        if truth.isIllConditioned(power) { result.outcome = result.outcome.orWorse(.illConditioned) }
        return result
    }

    private func leastEigenvalue(
        _ decoded: DecodedStatistic<CPUBackend<Scalar>>, _ backend: CPUBackend<Scalar>
    ) throws -> Double? {
        switch decoded {
        case .factors(let eigenvalues, _, _): eigenvalues.min().map { Double($0) }
        case .entries(let matrix, let isSymmetric):
            try symmetricEigen(Matrix<Double>(isSymmetric ? matrix : matrix.symmetrized)).values.first
        }
    }
}
