import Foundation

/// The range of an axis, and its tics with and without labels.
struct AxisScale {
    let isLogarithmic: Bool
    let range: ClosedRange<Double>
    private(set) var labels: [(position: Double, text: String)] = []
    private(set) var minor: [Double] = []

    /// - Parameters:
    ///   - values: positive where the axis is logarithmic.
    ///   - length: of the axis in pixels.
    ///   - room: pixels that a label takes along the axis, with what parts it from the next one.
    init(_ axis: Figure.Axis, values: [Double], length: Double, room: Double) {
        let low = values.min() ?? (axis.isLogarithmic ? 0.1 : 0)
        let high = values.max() ?? 1
        isLogarithmic = axis.isLogarithmic
        if let range = axis.range {
            self.range = range
        } else if axis.isLogarithmic {
            range = AxisScale.logarithmicRange(low, high)
        } else {
            let margin = high > low ? (high - low) * 0.04 : max(abs(high) * 0.1, 1e-3)
            range = low - margin...high + margin
        }
        let most = max(2, Int(length / room))
        if !axis.names.isEmpty {
            labels = axis.names.map { ($0.position, $0.name) }
        } else if isLogarithmic {
            setLogarithmicTics(axis.unit, most: most)
        } else {
            setLinearTics(axis, most: most)
        }
    }

    static func logarithmicRange(_ low: Double, _ high: Double) -> ClosedRange<Double> {
        // A single value gets a decade around it.
        let margin = max((log10(high) - log10(low)) * 0.05, high < 1.2 * low ? 0.3 : 0.02)
        // Inside the normal doubles, whatever a file says.
        let lower = min(max(log10(low) - margin, -307), 307)
        let upper = max(min(log10(high) + margin, 308), lower + 0.3)
        return pow(10, lower)...pow(10, upper)
    }

    /// Where a value stands, from 0 at the lower end to 1 at the upper one.
    func share(_ value: Double) -> Double {
        if !isLogarithmic { return (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
        return log10(value / range.lowerBound) / log10(range.upperBound / range.lowerBound)
    }

    private mutating func setLogarithmicTics(_ unit: Figure.Axis.Unit, most: Int) {
        let exponents = Int(log10(range.lowerBound).rounded(.down))...Int(log10(range.upperBound).rounded(.up))
        let all = exponents.map { exponent in (1...9).map { power(exponent, times: $0) } }
        // The densest labels that have room: some multiples of each power, or the powers themselves, or every so many of them.
        let candidates = [Array(1...9), [1, 2, 3, 4, 6, 8], [1, 2, 5], [1, 3], [1]].map { multiples in
            all.flatMap { decade in multiples.map { decade[$0 - 1] } }.filter { range.contains($0) }
        }
        let strides = (2...max(2, exponents.count)).map { stride in
            exponents.filter { $0 % stride == 0 }.map { power($0, times: 1) }.filter { range.contains($0) }
        }
        // Numbers that need powers of ten are those powers alone, where there are two of them.
        let isLong = unit == .none && candidates[2].contains { tickText($0, unit, isLogarithmic: true).contains("×") }
        let shown = isLong && candidates[4].count > 1 ? [candidates[4]] : candidates
        let chosen = (shown + strides).first { $0.count <= most && !isCrowded($0, most: most) } ?? strides.last ?? []
        labels = chosen.map { ($0, tickText($0, unit, isLogarithmic: true)) }
        minor = exponents.count > 12 ? exponents.map { power($0, times: 1) } : all.flatMap { $0 }
        minor = minor.filter { range.contains($0) && !chosen.contains($0) }
    }

    /// Whether two neighbors have less than the room of a label between them.
    private func isCrowded(_ positions: [Double], most: Int) -> Bool {
        zip(positions, positions.dropFirst()).contains { share($1) - share($0) < 0.95 / Double(most) }
    }

    private mutating func setLinearTics(_ axis: Figure.Axis, most: Int) {
        let span = range.upperBound - range.lowerBound
        let raw = span / Double(max(1, min(most, 8)))
        let magnitude = pow(10, log10(raw).rounded(.down))
        let factor = [1.0, 2, 2.5, 5, 10].first { $0 * magnitude >= raw * (1 - 1e-9) } ?? 10
        var step = factor * magnitude
        if axis.isWhole { step = max(1, step.rounded(.up)) }
        guard step > 0, step.isFinite else { return }
        let first = (range.lowerBound / step).rounded(.up)
        let positions = (0..<100).map { (first + Double($0)) * step }.filter { range.contains($0) }
        labels = positions.map { ($0, tickText($0, axis.unit, isLogarithmic: false)) }
        let part = step / (factor == 2 ? 4 : 5)
        guard !axis.isWhole || part >= 1 else { return }
        let firstPart = (range.lowerBound / part).rounded(.up)
        minor = (0..<500).map { (firstPart + Double($0)) * part }.filter { value in
            range.contains(value) && !positions.contains { abs($0 - value) < part / 2 }
        }
    }
}

private func power(_ exponent: Int, times factor: Int) -> Double {
    // A decimal text becomes the double nearest to it, where a product of powers need not.
    Double("\(factor)e\(exponent)") ?? .nan
}

/// A number at a tic: plain where it is short, else with a power of ten.
private func tickText(_ value: Double, _ unit: Figure.Axis.Unit, isLogarithmic: Bool) -> String {
    let value = abs(value) < 1e-300 ? 0 : value
    switch unit {
    case .bytes:
        return scaled(value, [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B")])
    case .seconds:
        return scaled(value, [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")])
    case .none: break
    }
    if value == 0 || (abs(value) >= 0.99e-3 && abs(value) < 1e5) { return shortNumber(value) }
    let exponent = Int(log10(abs(value)).rounded(.down))
    let factor = (value / pow(10, Double(exponent)) * 1e6).rounded() / 1e6
    let isPower = isLogarithmic && factor == 1
    return isPower ? "10" + superscript(exponent) : shortNumber(factor) + "×10" + superscript(exponent)
}

private func scaled(_ value: Double, _ units: [(factor: Double, name: String)]) -> String {
    guard value != 0, let unit = units.first(where: { abs(value) >= $0.factor * (1 - 1e-9) }) ?? units.last else { return "0" }
    return "\(shortNumber(value / unit.factor)) \(unit.name)"
}

/// Without needless digits, and with a minus that is as wide as a plus.
private func shortNumber(_ value: Double) -> String {
    String(format: "%.6g", value).replacing("-", with: "−")
}

func superscript(_ number: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return (number < 0 ? "⁻" : "") + String("\(abs(number))".compactMap(\.wholeNumberValue).map { digits[$0] })
}
