import CPUBackend
import Compute
import Testing

@Suite struct ConcurrentWorkTests {
    @Test(arguments: [1, 3]) func everyElementIsWorkedOnOnce(threads: Int) {
        let backend = CPUBackend<Double>(threads: threads)
        for count in [0, 1, 2, 100] {
            var values = Array(0..<count)
            backend.updateConcurrently(&values) { _, index, value in value += 1000 * index }
            #expect(values == (0..<count).map { 1001 * $0 })
            #expect(backend.concurrentMap(count) { $1 * $1 } == (0..<count).map { $0 * $0 })
            let halves: [Int?] = backend.concurrentMap(count) { $1 % 2 == 0 ? $1 : nil }
            #expect(halves == (0..<count).map { $0 % 2 == 0 ? $0 : nil })
        }
    }
}
