/// One of several parts of a study, run apart and merged.
public struct Shard: Sendable, Equatable, CustomStringConvertible {
    /// From 1.
    public let index: Int
    public let count: Int

    public static let whole = Shard(index: 1, count: 1)

    private init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    /// - Parameter text: `I/N` with 1 ≤ I ≤ N.
    /// - Throws: `PlanError`.
    public init(_ text: String) throws(PlanError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1], index >= 1, index <= count, count <= 1_000_000
        else { throw PlanError("shard '\(text)': give I/N with 1 ≤ I ≤ N, for example 2/3") }
        self.init(index: index, count: count)
    }

    public var description: String { "\(index)/\(count)" }

    /// The rows of this shard: consecutive, so that most matrices belong to one shard, and cut where the cost, taken as
    /// order³ a row, reaches its share.
    public func rows(orders: [Int], casesPerMatrix: Int) -> Range<Int> {
        boundary(index - 1, orders, casesPerMatrix)..<boundary(index, orders, casesPerMatrix)
    }

    private func boundary(_ share: Int, _ orders: [Int], _ casesPerMatrix: Int) -> Int {
        if share == count { return orders.count * casesPerMatrix }
        let costs = orders.map { Double($0) * Double($0) * Double($0) }
        var left = costs.reduce(0, +) * Double(casesPerMatrix) * Double(share) / Double(count)
        for (position, cost) in costs.enumerated() {
            let whole = cost * Double(casesPerMatrix)
            if left < whole { return position * casesPerMatrix + Int((left / cost).rounded()) }
            left -= whole
        }
        return orders.count * casesPerMatrix
    }
}
