import MatrixCore
import Testing

@Suite struct PhiloxPositionTests {
    @Test func anyPositionIsReachedWithoutDrawing() {
        var generator = PhiloxGenerator(seed: 0x0123_4567_89AB_CDEF, stream: 5)
        for position in 0..<9 {
            #expect(generator.position == UInt64(position))
            var other = PhiloxGenerator(seed: generator.seed, stream: generator.stream, position: generator.position)
            #expect(other == generator)
            var copy = generator
            for _ in 0..<5 { #expect(other.next() == copy.next()) }
            _ = generator.next()
        }
        // No position traps.
        var last = PhiloxGenerator(seed: 1, stream: 2, position: .max)
        #expect(last.position == .max)
        _ = last.next()
        #expect(last.position == 0)
    }
}
