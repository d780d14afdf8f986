import Foundation
import MatrixCore
import NeuralNetworks

/// Batches whose images are each mixed with the next one: the first with the second, …, the last with the first.
///
/// λ is drawn from a Beta(α, α) distribution, once a batch. `mixup`: λ·x + (1 − λ)·x′ in every pixel. `cutMix`: a rectangle with
/// the share 1 − λ of the area, about a center that is uniform in the image and cut off at its borders, is x′; λ becomes what is
/// left of x. Of both, one is drawn for a batch. Targets are mixed by λ likewise.
///
/// Sources: Zhang, Cissé, Dauphin, Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018, equation 1; Yun et al.,
/// "CutMix", ICCV 2019, equations 1 and 2.
public struct BatchMixing: Sendable, Equatable {
    /// α of each; nil for none.
    public let mixup: Double?
    public let cutMix: Double?

    /// nil where neither is given, or an α is not from 0.01 to 100.
    public init?(mixup: Double?, cutMix: Double?) {
        let given = [mixup, cutMix].compactMap(\.self)
        guard !given.isEmpty, given.allSatisfy({ (0.01...100).contains($0) }) else { return nil }
        self.mixup = mixup
        self.cutMix = cutMix
    }

    func mixed(_ batch: Batch, height: Int, width: Int, _ generator: inout PhiloxGenerator) -> Batch {
        guard case .images(let images) = batch.content else { preconditionFailure("only images are mixed") }
        let isCut = mixup == nil || cutMix != nil && generator.below(2) == 1
        let share = betaDeviate((isCut ? cutMix : mixup) ?? 1, &generator)
        var elements = images.elements
        let size = images.rows * height * width
        var kept = share
        if isCut {
            let box = Box(share, height: height, width: width, &generator)
            for sample in 0..<batch.size { cut(box, sample, images.elements, size, width: width, images.rows, into: &elements) }
            kept = 1 - Double(box.rows.count * box.columns.count) / Double(height * width)
        } else {
            let (first, second) = (Float(share), Float(1 - share))
            for place in elements.indices {
                elements[place] = first * images.elements[place] + second * images.elements[(place + size) % elements.count]
            }
        }
        return Batch(
            content: .images(Matrix(rows: images.rows, columns: images.columns, elements: elements)), size: batch.size,
            targets: batch.targets,
            mixture: Batch.Mixture(targets: Array(batch.targets[1...] + batch.targets[..<1]), share: 1 - kept))
    }

    private struct Box {
        let rows: Range<Int>
        let columns: Range<Int>

        init(_ share: Double, height: Int, width: Int, _ generator: inout PhiloxGenerator) {
            let side = (1 - share).squareRoot()
            func range(_ extent: Int, _ center: Int) -> Range<Int> {
                let half = Int(Double(extent) * side) / 2
                return max(0, center - half)..<min(extent, center + half)
            }
            rows = range(height, generator.below(height))
            columns = range(width, generator.below(width))
        }
    }

    private func cut(
        _ box: Box, _ sample: Int, _ source: [Float], _ size: Int, width: Int, _ channels: Int, into elements: inout [Float]
    ) {
        for row in box.rows {
            let start = sample * size + (row * width + box.columns.lowerBound) * channels
            for place in start..<start + box.columns.count * channels {
                elements[place] = source[(place + size) % source.count]
            }
        }
    }
}

/// A deviate of Beta(α, α) as X/(X + Y) of two of Gamma(α, 1), rounded to 2^-16, so that the last digits of a C library's
/// exponential do not matter.
func betaDeviate(_ alpha: Double, _ generator: inout PhiloxGenerator) -> Double {
    let difference = gammaLogarithm(alpha, &generator) - gammaLogarithm(alpha, &generator)
    return ((1 / (1 + exp(-difference))) * 65536).rounded() / 65536
}

/// The logarithm of a deviate of Gamma(α, 1); of a small α the deviate itself may be too small for a number.
///
/// Source: Marsaglia, Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000) 363, with section 6 for α < 1.
private func gammaLogarithm(_ alpha: Double, _ generator: inout PhiloxGenerator) -> Double {
    if alpha < 1 {
        let uniform = 1 - generator.uniform()
        return gammaLogarithm(alpha + 1, &generator) + portableLogarithm(uniform) / alpha
    }
    let d = alpha - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
        let x = generator.normalPair().0
        let root = 1 + c * x
        guard root > 0 else { continue }
        let v = root * root * root
        if portableLogarithm(1 - generator.uniform()) < x * x / 2 + d - d * v + d * portableLogarithm(v) {
            return portableLogarithm(d * v)
        }
    }
}
