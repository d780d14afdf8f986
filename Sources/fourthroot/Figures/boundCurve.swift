import Foundation
import MatrixStudy

/// Shannon's bound as error against bits, which count per side where the cases keep both sides of a matrix.
///
/// Each row tells one point of its matrix's bound: its own error, and its bits less the distance. Of several matrices the
/// curve is the geometric mean of the errors at equal bits, from the least to the largest number of bits at which all have
/// points on either side; between two points the logarithm of the error is taken as linear in the bits. Where the
/// cases have several exponents or dampings, one curve would say nothing of them, and there is none.
func boundCurve(_ points: [StudyPoint], isPair: Bool) -> [Figure.Point]? {
    let told = points.filter { ($0.boundBits ?? 0) > 0 && $0.isShowable }
    let powers = points.map { [$0.row.optionalText("exponent"), $0.row.optionalText("damping")] }.distinct
    let matrices = told.grouped { $0.matrix }.map { BoundCurve($0.elements) }
    guard powers.count == 1, matrices.count == points.matrices.count, let mean = BoundCurve(mean: matrices) else { return nil }
    return mean.points.map { Figure.Point(x: isPair ? $0.bits / 2 : $0.bits, y: exp2($0.logarithm)) }
}

/// Points of one matrix's bound in the order of their bits.
private struct BoundCurve {
    let points: [(bits: Double, logarithm: Double)]

    init(_ rows: [StudyPoint]) {
        points = rows.compactMap { row in
            guard let bits = row.boundBits, let error = row.error else { return nil }
            return (bits, log2(error))
        }.sorted { $0.bits < $1.bits }
    }

    /// The mean of the logarithms at every number of bits at which a curve has a point and all are defined.
    init?(mean curves: [BoundCurve]) {
        let first = curves.compactMap { $0.points.first?.bits }.max() ?? 0
        let last = curves.compactMap { $0.points.last?.bits }.min() ?? 0
        let positions = Set(curves.flatMap { $0.points.map(\.bits) }.filter { $0 >= first && $0 <= last }).sorted()
        guard positions.count > 1 else { return nil }
        points = positions.map { bits in (bits, curves.reduce(0) { $0 + $1.logarithm(at: bits) } / Double(curves.count)) }
    }

    private func logarithm(at bits: Double) -> Double {
        let above = points.firstIndex { $0.bits >= bits } ?? points.count - 1
        let (next, previous) = (points[above], points[max(above - 1, 0)])
        guard next.bits > previous.bits else { return next.logarithm }
        let part = (bits - previous.bits) / (next.bits - previous.bits)
        return previous.logarithm + part * (next.logarithm - previous.logarithm)
    }
}
