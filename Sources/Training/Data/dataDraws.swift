import MatrixCore

/// What a random number decides; every purpose has streams of its own, apart from those of the networks' parameters,
/// which are numbered from 0.
enum DrawPurpose: UInt64 {
    case epochOrder = 1
    case windowOffset, augmentation, syntheticImages, syntheticTokens, randAugment, mixing
}

extension PhiloxGenerator {
    /// - Parameter number: an epoch, a step or another index below 2^56.
    init(seed: UInt64, for purpose: DrawPurpose, number: Int) {
        self.init(seed: seed, stream: purpose.rawValue << 56 | UInt64(number))
    }

    /// An integer in 0..<bound, each with probability 1/bound to within 2^-64.
    ///
    /// The upper word of a product, because the standard library may change how its own draws use the generator.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
