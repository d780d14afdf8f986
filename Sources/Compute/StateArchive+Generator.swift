import MatrixCore

/// The position of a random sequence in a state.
extension StateArchive {
    /// Seed, stream and position.
    public mutating func add(_ name: String, _ generator: PhiloxGenerator) {
        add(name, .integers([generator.seed, generator.stream, generator.position]))
    }

    /// - Throws: `StateArchiveError` where the buffer is missing, of another kind or of another count.
    public func generator(_ name: String) throws(StateArchiveError) -> PhiloxGenerator {
        let position = try integers(name, count: 3)
        return PhiloxGenerator(seed: position[0], stream: position[1], position: position[2])
    }
}
