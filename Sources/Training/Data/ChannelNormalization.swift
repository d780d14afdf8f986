/// The map of every channel's bytes to mean 0 and deviation 1.
///
/// x ↦ (x − mean)/deviation, both known or of the bytes of the images given (deviation: the square root of the biased variance; a
/// constant channel is only shifted). Sums are integers, hence exact; mean, deviation and the 256 values of a
/// channel are in double, and these are rounded once. Dividing the bytes by 255 beforehand, as is common, changes nothing.
struct ChannelNormalization: Sendable {
    let means: [Double]
    let deviations: [Double]
    /// Of byte x in channel c at x·channels + c.
    let table: [Float]

    init(_ images: LabelledImages) {
        let channels = images.shape.channels
        var counts = [Int](repeating: 0, count: 256 * channels)
        for start in stride(from: 0, to: images.pixels.count, by: channels) {
            for channel in 0..<channels { counts[Int(images.pixels[start + channel]) * channels + channel] += 1 }
        }
        let moments = (0..<channels).map { channel in
            ChannelNormalization.moments((0..<256).map { counts[$0 * channels + channel] })
        }
        self.init(means: moments.map(\.mean), deviations: moments.map(\.deviation))
    }

    init(means: [Double], deviations: [Double]) {
        let channels = means.count
        self.means = means
        self.deviations = deviations
        table = (0..<256 * channels).map { entry in
            let (mean, deviation) = (means[entry % channels], deviations[entry % channels])
            return Float((Double(entry / channels) - mean) / (deviation > 0 ? deviation : 1))
        }
    }

    /// Of pixels whose channels lie side by side.
    func normalized(_ pixels: [UInt8]) -> [Float] {
        let channels = means.count
        var channel = 0
        return pixels.map { byte in
            let value = table[Int(byte) * channels + channel]
            channel = channel + 1 == channels ? 0 : channel + 1
            return value
        }
    }

    /// Of bytes of which `counts[x]` are x.
    private static func moments(_ counts: [Int]) -> (mean: Double, deviation: Double) {
        var count: UInt128 = 0
        var sum: UInt128 = 0
        var squares: UInt128 = 0
        for (value, occurrences) in counts.enumerated() {
            count += UInt128(occurrences)
            sum += UInt128(occurrences * value)
            squares += UInt128(occurrences * value * value)
        }
        let n = Double(count)
        // n·Σx² − (Σx)² exceeds 64 bits for CIFAR.
        return (Double(sum) / n, Double(count * squares - sum * sum).squareRoot() / n)
    }
}
