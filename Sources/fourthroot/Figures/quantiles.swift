import Foundation

/// The value below which so great a share of the values lies, between two of them on the line that joins them: of their
/// logarithms where all are positive, so that the median of 0.01 and 0.04 is 0.02.
///
/// - Precondition: there are values.
func quantile(_ share: Double, of values: [Double]) -> Double {
    let sorted = values.sorted()
    let position = share * Double(sorted.count - 1)
    let index = min(Int(position), sorted.count - 1)
    let rest = position - Double(index)
    // exp(log(x)) is not always x.
    if rest == 0 { return sorted[index] }
    let (low, high) = (sorted[index], sorted[index + 1])
    return low > 0 ? exp(log(low) + rest * (log(high) - log(low))) : low + rest * (high - low)
}

/// The middle of some values and how far they lie apart.
struct Spread {
    let median: Double
    let range: ClosedRange<Double>
    let quartiles: ClosedRange<Double>

    /// nil for no values.
    init?(_ values: [Double]) {
        guard let low = values.min(), let high = values.max() else { return nil }
        median = quantile(0.5, of: values)
        range = low...high
        let lower = quantile(0.25, of: values)
        quartiles = lower...max(lower, quantile(0.75, of: values))
    }
}

/// A number to three digits for what a mark says.
func brief(_ value: Double) -> String { String(format: "%.3g", value) }

func brief(_ range: ClosedRange<Double>) -> String { "\(brief(range.lowerBound)) to \(brief(range.upperBound))" }
