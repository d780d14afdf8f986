import Foundation
import ImageFiles
import MatrixCore

/// RandAugment: operations that are drawn for every image, all of one magnitude.
///
/// The fourteen operations, and torchvision's ranges for magnitudes 0 to 30: shears to 0.3, shifts to 150/331 of a side, turns to
/// 30°, color, contrast, brightness and sharpness to ±0.9, posterizing to 4 bits, solarizing from 255 to 0. Nearest pixels,
/// black from outside. Bytes in, bytes out, in integers: the same on every machine.
///
/// Source: Cubuk, Zoph, Shlens, Le, "RandAugment", NeurIPS 2020, arXiv 1909.13719, figure 2 and section 3.
public struct RandAugment: Sendable, Equatable {
    public static let largestMagnitude = 30
    public static let largestCount = 14

    /// N: operations one after another.
    public let count: Int
    /// M.
    public let magnitude: Int

    /// nil where they are out of range.
    public init?(count: Int, magnitude: Int) {
        guard (1...Self.largestCount).contains(count), (0...Self.largestMagnitude).contains(magnitude) else { return nil }
        self.count = count
        self.magnitude = magnitude
    }

    enum Operation: CaseIterable {
        case identity, shearX, shearY, shiftX, shiftY, turn, brightness, color, contrast, sharpness, posterize, solarize
        case fullContrast, equalize

        /// Whether it has two directions.
        var isSigned: Bool {
            switch self {
            case .shearX, .shearY, .shiftX, .shiftY, .turn, .brightness, .color, .contrast, .sharpness: true
            case .identity, .posterize, .solarize, .fullContrast, .equalize: false
            }
        }
    }

    func augmented(_ image: PixelImage, _ generator: inout PhiloxGenerator) -> PixelImage {
        (0..<count).reduce(image) { image, _ in
            let operation = Operation.allCases[generator.below(Operation.allCases.count)]
            // Drawn in any case, so that an operation does not decide what the next one draws.
            let isNegative = generator.below(2) == 1
            return apply(operation, image, sign: operation.isSigned && isNegative ? -1 : 1)
        }
    }

    func apply(_ operation: Operation, _ image: PixelImage, sign: Int) -> PixelImage {
        let share = Double(sign * magnitude) / Double(Self.largestMagnitude)
        // 65,536ths: 1 ± 0.9 at most.
        let factor = 65536 + Int((0.9 * share * 65536).rounded())
        switch operation {
        case .identity: return image
        case .shearX: return image.warped(LinearPixelMap(1, 0.3 * share, 0, 1), about: (0, 0))
        case .shearY: return image.warped(LinearPixelMap(1, 0, 0.3 * share, 1), about: (0, 0))
        case .shiftX: return image.shifted(x: shift(image.width, sign), y: 0)
        case .shiftY: return image.shifted(x: 0, y: shift(image.height, sign))
        case .turn:
            let angle = share * .pi / 6
            let map = LinearPixelMap(cos(angle), -sin(angle), sin(angle), cos(angle))
            return image.warped(map, about: (image.width, image.height))
        case .brightness: return image.brightened(factor)
        case .color: return image.colored(factor)
        case .contrast: return image.contrasted(factor)
        case .sharpness: return image.sharpened(factor)
        case .posterize: return image.posterized(bits: 8 - (8 * magnitude + 30) / 60)
        // 255·(1 − M/30), rounded up.
        case .solarize: return image.solarized(from: (17 * (Self.largestMagnitude - magnitude) + 1) / 2)
        case .fullContrast: return image.withFullContrast()
        case .equalize: return image.equalized()
        }
    }

    private func shift(_ side: Int, _ sign: Int) -> Int { sign * (150 * side * magnitude / (331 * Self.largestMagnitude)) }
}
