import Quantization

/// The codebooks of moments. Those without a sign are of no named family: they are kept and archived by their values.
extension Codebook {
    /// Signed dynamic tree of 8 or 4 bits, for means of gradients.
    static func signedTree(bits: Int) -> Codebook {
        defined { () throws(QuantizationError) in try Codebook(.dynamicTree, bits: bits) }
    }

    /// Linear with 8 bits, for a momentum.
    static let signedLinear = defined { () throws(QuantizationError) in
        let levels = (-127...127).map { Float($0) / 127 }
        // The code behind the last level is never taken: a tie with it would go to the even one of the two.
        return try Codebook(values: levels + [1])
    }

    /// Unsigned dynamic tree of 8 bits: for E = 0 … 6 the midpoints of 2^(7 − E) equal parts of [0.1, 1], twice the signed
    /// tree's, times 10^−E; and 1; and in the place of 0 half of the smallest of these.
    ///
    /// A mean square that came back as 0 would leave an entry whose mean of gradients is not 0 with a step of that mean over
    /// Adam's ε, of any size. The published codebook has the 0: there a step divides by the root of β₂·0 + (1 − β₂)g², which
    /// is too small only where the step's own g is small. The smallest value of the tree is 3.25e-7, so that half of it stands
    /// for gradients of at most 1/1750 of the block's largest.
    ///
    /// Source: Dettmers et al., "8-bit Optimizers via Block-wise Quantization", ICLR 2022, section 2.2 and appendix F; without
    /// the zero as Li, Chen, Zhu, "Memory Efficient Optimizers with 4-bit States", NeurIPS 2023, section 4.1.
    static let unsignedTree = defined { () throws(QuantizationError) in
        var magnitudes = [1.0]
        var scale = 1.0
        for exponent in 0...6 {
            let parts = 1 << (7 - exponent)
            magnitudes += (0..<parts).map { (part: Int) -> Double in
                let middle: Double = 0.9 * (Double(part) + 0.5) / Double(parts)
                return (0.1 + middle) * scale
            }
            scale /= 10
        }
        magnitudes.sort()
        return try Codebook(values: ([magnitudes[0] / 2] + magnitudes).map { Float($0) })
    }

    /// (i + 1)/16, linear without a zero.
    ///
    /// Source: Li, Chen, Zhu 2023, section 4.1.
    static let unsignedLinear = defined { () throws(QuantizationError) in
        try Codebook(values: (1...16).map { Float($0) / 16 })
    }

    private static func defined(_ make: () throws(QuantizationError) -> Codebook) -> Codebook {
        do {
            return try make()
        } catch {
            preconditionFailure("a codebook of moments: \(error)")
        }
    }
}
