import Synchronization

extension MatrixBackend {
    /// Changes every element by itself, side by side where the device allows it; the result is that of a loop.
    ///
    /// An element is moved out of the array while it is worked on, so that what it holds alone can be changed in place.
    ///
    /// - Parameters:
    ///   - order: the indices in the order in which they are begun; the costliest first give an even load.
    ///   - body: computes with the lane that it is given.
    public func updateConcurrently<Element: Sendable>(
        _ elements: inout [Element], inOrder order: [Int]? = nil,
        _ body: @Sendable (_ lane: Self, _ index: Int, inout Element) -> Void
    ) {
        let count = elements.count
        let slots = Mutex(elements.map { Optional($0) })
        elements = []
        concurrently(count) { lane, position in
            let index = order?[position] ?? position
            guard var element = slots.withLock({ $0[index].take() }) else { return }
            body(lane, index, &element)
            slots.withLock { [element] in $0[index] = element }
        }
        elements = slots.withLock { $0.compactMap { $0 } }
        precondition(elements.count == count, "\(elements.count) of \(count) pieces of work were done")
    }

    /// body(lane, 0), … body(lane, count − 1), side by side where the device allows it.
    public func concurrentMap<Result: Sendable>(
        _ count: Int, _ body: @Sendable (_ lane: Self, _ index: Int) -> Result
    ) -> [Result] {
        var results = [Result?](repeating: nil, count: count)
        updateConcurrently(&results) { lane, index, result in result = body(lane, index) }
        return results.compactMap { $0 }
    }
}
