/// Why a spectrum cannot be made as asked.
public enum SpectrumError: Error, Sendable, Equatable, CustomStringConvertible {
    case conditionNumber(Double)
    case ratio(Double)
    case fractionLarge(Double)
    case powerLawExponent(Double)
    case decayRate(Double)
    case largestEigenvalue(Double)
    case order(Int)
    /// A given eigenvalue is not positive and finite; the index counts from 0.
    case eigenvalue(index: Int, value: Double)
    case count(given: Int, order: Int)
    /// The smallest eigenvalue, or a step on the way to it, is outside the normal doubles.
    case outOfRange(String)

    public var description: String {
        switch self {
        case .conditionNumber(let value):
            "spectrum: the condition number is \(value), not a finite number of at least 1"
        case .ratio(let value): "two-level spectrum: the ratio is \(value), not a finite number of at least 1"
        case .fractionLarge(let value): "two-level spectrum: the fraction of large eigenvalues is \(value), not in 0…1"
        case .powerLawExponent(let value): "power law: the exponent is \(value), not positive and finite"
        case .decayRate(let value): "exponential decay: the rate is \(value), not positive and finite"
        case .largestEigenvalue(let value): "spectrum: the largest eigenvalue is \(value), not positive and finite"
        case .order(let value): "spectrum: the order is \(value), not positive"
        case .eigenvalue(let index, let value): "spectrum: eigenvalue \(index) is \(value), not positive and finite"
        case .count(let given, let order): "spectrum: \(given) eigenvalues for a matrix of order \(order)"
        case .outOfRange(let what): "spectrum: \(what) is outside the range of double"
        }
    }
}
