extension BlockCoding {
    /// What codes a matrix where nothing else is said: the codebook and the sizes of 4-bit Shampoo.
    ///
    /// Source: Wang et al. 2024 (arXiv 2405.18144), section 4: linear-2, 4 bits, blocks of 64.
    public static let (defaultCodebook, defaultBits, defaultBlockSize) = (CodebookName.linear2, 4, 64)
}
