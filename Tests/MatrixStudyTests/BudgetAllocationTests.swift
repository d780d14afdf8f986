import MatrixCore
import Testing

@testable import MatrixStudy

/// The choice within a budget against all choices.
@Suite struct BudgetAllocationTests {
    private typealias Item = BudgetAllocation.Item

    /// The least sum of errors of all choices within a budget, by trying each.
    private func leastError(_ units: [[Item]], _ budget: Int) -> Double? {
        var sums = [Item(bytes: 0, error: 0)]
        for unit in units {
            sums = sums.flatMap { sum in unit.map { Item(bytes: sum.bytes + $0.bytes, error: sum.error + $0.error) } }
        }
        return sums.filter { $0.bytes <= budget }.map(\.error).min()
    }

    @Test func leastOfAllChoices() throws {
        var generator = PhiloxGenerator(seed: 11)
        for trial in 0..<200 {
            // Errors that are integers have exact sums; few values make ties.
            let units = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                    Item(
                        bytes: Int.random(in: 1...(trial.isMultiple(of: 2) ? 8 : 1000), using: &generator),
                        error: Double(Int.random(in: 0...(trial.isMultiple(of: 3) ? 5 : 500), using: &generator)))
                }
            }
            let most = units.reduce(0) { $0 + ($1.map(\.bytes).max() ?? 0) }
            for budget in Set([0, most / 4, most / 3, most / 2, 2 * most / 3, most]) {
                let expected = leastError(units, budget)
                guard let allocation = BudgetAllocation(units, budget: budget) else {
                    #expect(expected == nil, "trial \(trial), budget \(budget)")
                    continue
                }
                let chosen = zip(units, allocation.choice).map { $0[$1] }
                #expect(chosen.reduce(0) { $0 + $1.bytes } <= budget, "trial \(trial)")
                #expect(chosen.reduce(0) { $0 + $1.error } == expected, "trial \(trial), budget \(budget)")
                #expect(allocation.isProvenLeast)
                // A sum of at most 30 products of integers below 1000 and a share.
                #expect(allocation.bound <= (expected ?? 0) + 1e-9, "trial \(trial), budget \(budget)")
            }
        }
    }

    /// Where too many choices are left over, what is there stands within the budget and above the bound.
    @Test func manyUnits() throws {
        var generator = PhiloxGenerator(seed: 12)
        let units = (0..<300).map { _ in
            (0..<20).map { _ in
                Item(
                    bytes: Int.random(in: 1...1_000_000, using: &generator), error: Double.random(in: 0...1, using: &generator))
            }
        }
        let budget = 300 * 200_000
        let allocation = try #require(BudgetAllocation(units, budget: budget))
        let chosen = zip(units, allocation.choice).map { $0[$1] }
        let error = chosen.reduce(0) { $0 + $1.error }
        #expect(chosen.reduce(0) { $0 + $1.bytes } <= budget)
        // The filled hulls miss the bound by less than one step of one unit.
        #expect(allocation.bound <= error && error < allocation.bound + 1)
    }
}
