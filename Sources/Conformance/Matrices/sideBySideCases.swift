import Compute
import MatrixCore
import Synchronization

/// Pieces of work side by side give what each gives by itself, work within work included.
func sideBySideCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    [0, 1, 7, 64].map { count in
        ConformanceCase("concurrently, \(count) pieces") { judge in
            let a: Matrix<Backend.Scalar> = deviates(100, 100, seed: 17)
            let tensor = judge.backend.tensor(a)
            let expected = judge.backend.matrix(judge.backend.multiply(tensor, tensor))
            let found = Mutex([Int](repeating: 0, count: count))
            judge.backend.concurrently(count) { lane, index in
                lane.concurrently(2) { inner, _ in
                    let isEqual = inner.matrix(inner.multiply(tensor, tensor)) == expected
                    found.withLock { $0[index] += isEqual ? 1 : 0 }
                }
            }
            let equal = found.withLock { $0 }
            judge.expect(equal == [Int](repeating: 2, count: count), "pieces that were done and equal: \(equal)")
        }
    }
}
