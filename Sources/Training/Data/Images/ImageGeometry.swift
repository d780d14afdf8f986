import ImageFiles
import MatrixCore

/// How images of any size become images of one size.
enum ImageGeometry: Sendable, Equatable {
    /// Training: a random region with 8 % to 100 % of the area and a ratio of sides from 3/4 to 4/3, resized, mirrored or not.
    /// Validation: the shorter side resized to 256/224 of the size, then the center.
    ///
    /// Sources: Szegedy et al., "Going deeper with convolutions", CVPR 2015, section 6 (region); Krizhevsky, Sutskever,
    /// Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012, section 4.1 (256 and 224).
    case resizedRegion(size: Int)
    /// Training: resized where it has another size, then the window of `ImageDataSet.Augmentation.cropAndFlip` in a frame of
    /// an eighth of the size, as CIFAR's 4 of 32. Validation: resized.
    case framedWindow(size: Int)

    var size: Int {
        switch self {
        case .resizedRegion(let size), .framedWindow(let size): size
        }
    }

    func trainingImage(_ image: PixelImage, _ generator: inout PhiloxGenerator) -> PixelImage {
        var result: PixelImage
        switch self {
        case .resizedRegion(let size):
            let region = randomRegion(of: image.region, &generator)
            result = image.resized(region, width: size, height: size)
        case .framedWindow(let size):
            result = image.resized(image.region, width: size, height: size)
            let frame = max(1, size / 8)
            let (x, y) = (generator.below(2 * frame + 1) - frame, generator.below(2 * frame + 1) - frame)
            result = result.shifted(x: x, y: y)
        }
        if generator.below(2) == 1 { result = result.mirrored() }
        return result
    }

    func validationImage(_ image: PixelImage) -> PixelImage {
        guard case .resizedRegion(let size) = self else {
            return image.resized(image.region, width: size, height: size)
        }
        let image = image.cropped(image.region.withoutEnds)
        let short = (256 * size + 112) / 224
        let (width, height) =
            image.width <= image.height
            ? (short, max(short, short * image.height / image.width)) : (max(short, short * image.width / image.height), short)
        let resized = image.resized(image.region, width: width, height: height)
        return resized.cropped(
            PixelRegion(x: (width - size) / 2, y: (height - size) / 2, width: size, height: size))
    }
}

extension PixelRegion {
    /// The region, or of one that is longer than eight times its width the middle: enough for a square in the center, and of a size
    /// that can be made larger.
    fileprivate var withoutEnds: PixelRegion {
        let short = min(width, height)
        guard max(width, height) > 8 * short else { return self }
        let (w, h) = (min(width, 4 * short), min(height, 4 * short))
        return PixelRegion(x: (width - w) / 2, y: (height - h) / 2, width: w, height: h)
    }
}

/// A region with a share of the area that is uniform in 0.08…1, and a ratio of width to height whose logarithm is uniform
/// in ln 3/4…ln 4/3. Of ten that are drawn the first that fits; else the largest in the center with an allowed ratio.
func randomRegion(of image: PixelRegion, _ generator: inout PhiloxGenerator) -> PixelRegion {
    let (least, most) = (3.0 / 4, 4.0 / 3)
    let area = Double(image.width) * Double(image.height)
    for _ in 0..<10 {
        let target = area * (0.08 + 0.92 * generator.uniform())
        // A density of 1/r: by rejection, since exponentials differ in their last digits from one machine to another.
        var ratio = least + (most - least) * generator.uniform()
        while generator.uniform() * ratio > least { ratio = least + (most - least) * generator.uniform() }
        let width = Int((target * ratio).squareRoot().rounded())
        let height = Int((target / ratio).squareRoot().rounded())
        if (1...image.width).contains(width) && (1...image.height).contains(height) {
            return PixelRegion(
                x: generator.below(image.width - width + 1), y: generator.below(image.height - height + 1), width: width,
                height: height)
        }
    }
    let ratio = Double(image.width) / Double(image.height)
    let width = ratio > most ? max(1, Int((Double(image.height) * most).rounded())) : image.width
    let height = ratio < least ? max(1, Int((Double(image.width) / least).rounded())) : image.height
    let (w, h) = (min(width, image.width), min(height, image.height))
    return PixelRegion(x: (image.width - w) / 2, y: (image.height - h) / 2, width: w, height: h)
}
