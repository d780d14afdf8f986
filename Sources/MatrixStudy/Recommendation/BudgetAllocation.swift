/// One choice for each of several units so that the sum of errors is least and the sum of bytes within a budget: the
/// multiple-choice knapsack problem.
///
/// The lower convex hulls of the units, taken by the error that a byte saves, give a choice that is good and a bound that no choice
/// beats (Sinha and Zoltners, "The multiple-choice knapsack problem", 1979). From there all choices are looked through, unit by
/// unit, without those that another beats in both sums or that the bound of what is left rules out. Where more than
/// `mostStates` are left over, the best so far stands, and `bound` says how far it may be from the least.
struct BudgetAllocation {
    struct Item: Equatable {
        let bytes: Int
        let error: Double
    }

    /// The place of the chosen item of each unit.
    let choice: [Int]
    /// No choice within the budget has a smaller sum of errors.
    let bound: Double
    let isProvenLeast: Bool

    private static let mostStates = 100_000

    /// - Parameter units: the items of each; none is empty.
    /// - Returns: nil where nothing fits.
    init?(_ units: [[Item]], budget: Int) {
        let fronts = units.map { Front($0) }
        guard fronts.reduce(0, { $0 + $1.items[0].bytes }) <= budget else { return nil }
        let relaxations = (0...fronts.count).map { Relaxation(Array(fronts[$0...])) }
        var best = Relaxation.filled(fronts, budget)
        bound = relaxations[0].bound(budget) ?? 0
        let search = BudgetAllocation.search(fronts, relaxations, budget, below: BudgetAllocation.error(best, fronts))
        if let found = search.found { best = found }
        isProvenLeast = search.isComplete
        choice = zip(best, fronts).map { $1.places[$0] }
    }

    private static func error(_ choice: [Int], _ fronts: [Front]) -> Double {
        zip(choice, fronts).reduce(0) { $0 + $1.1.items[$1.0].error }
    }

    private struct State {
        var bytes: Int
        var error: Double
        var choice: [Int]
    }

    private static func search(
        _ fronts: [Front], _ relaxations: [Relaxation], _ budget: Int, below limit: Double
    ) -> (found: [Int]?, isComplete: Bool) {
        var states = [State(bytes: 0, error: 0, choice: [])]
        for (unit, front) in fronts.enumerated() {
            var next: [State] = []
            for state in states {
                for (place, item) in front.items.enumerated() {
                    let (bytes, error) = (state.bytes + item.bytes, state.error + item.error)
                    guard let rest = relaxations[unit + 1].bound(budget - bytes), error + rest < limit else { continue }
                    next.append(State(bytes: bytes, error: error, choice: state.choice + [place]))
                }
            }
            next.sort { ($0.bytes, $0.error) < ($1.bytes, $1.error) }
            var least = Double.infinity
            next.removeAll { state in
                if state.error >= least { return true }
                least = state.error
                return false
            }
            if next.count > mostStates { return (nil, false) }
            states = next
        }
        // Sorted by bytes and without what is beaten: the last one has the smallest error.
        return (states.last?.choice, true)
    }

    /// The items that no other beats, by their bytes.
    private struct Front {
        private(set) var items: [Item] = []
        /// Where they stand among all.
        private(set) var places: [Int] = []
        /// Those of the lower convex hull, by their places in `items`.
        private(set) var hull: [Int] = []

        init(_ all: [Item]) {
            var least = Double.infinity
            for place in all.indices.sorted(by: { (all[$0].bytes, all[$0].error) < (all[$1].bytes, all[$1].error) })
            where all[place].error < least {
                least = all[place].error
                items.append(all[place])
                places.append(place)
            }
            for place in items.indices {
                while hull.count > 1, slope(hull[hull.count - 2], hull[hull.count - 1]) <= slope(hull[hull.count - 1], place) {
                    hull.removeLast()
                }
                hull.append(place)
            }
        }

        /// The error that a byte saves between two items.
        func slope(_ first: Int, _ second: Int) -> Double {
            (items[first].error - items[second].error) / Double(items[second].bytes - items[first].bytes)
        }
    }

    /// The units with parts of items allowed: the least sum of errors is then a piecewise linear function of the budget.
    private struct Relaxation {
        private var bytes: [Int]
        private var errors: [Double]

        init(_ fronts: [Front]) {
            bytes = [fronts.reduce(0) { $0 + $1.items[0].bytes }]
            errors = [fronts.reduce(0) { $0 + $1.items[0].error }]
            for step in Relaxation.steps(fronts) {
                let items = fronts[step.unit].items
                bytes.append(bytes[bytes.count - 1] + items[step.to].bytes - items[step.from].bytes)
                errors.append(errors[errors.count - 1] + items[step.to].error - items[step.from].error)
            }
        }

        /// nil where nothing fits.
        func bound(_ budget: Int) -> Double? {
            guard budget >= bytes[0] else { return nil }
            var (low, high) = (0, bytes.count - 1)
            while low < high {
                let middle = (low + high + 1) / 2
                if bytes[middle] <= budget { low = middle } else { high = middle - 1 }
            }
            guard low + 1 < bytes.count else { return errors[low] }
            let share = Double(budget - bytes[low]) / Double(bytes[low + 1] - bytes[low])
            return errors[low] + share * (errors[low + 1] - errors[low])
        }

        private typealias Step = (unit: Int, from: Int, to: Int)

        /// From item to item of the hulls, those first that save the most a byte; a unit's own come in their order, for its hull is
        /// convex.
        private static func steps(_ fronts: [Front]) -> [Step] {
            fronts.enumerated().flatMap { unit, front in zip(front.hull, front.hull.dropFirst()).map { (unit, $0, $1) } }
                .sorted { fronts[$0.unit].slope($0.from, $0.to) > fronts[$1.unit].slope($1.from, $1.to) }
        }

        /// A choice that takes every step that fits; a unit whose step does not fit takes no later one.
        static func filled(_ fronts: [Front], _ budget: Int) -> [Int] {
            var choice = fronts.map { _ in 0 }
            var left = budget - fronts.reduce(0) { $0 + $1.items[0].bytes }
            for step in steps(fronts) where choice[step.unit] == step.from {
                let cost = fronts[step.unit].items[step.to].bytes - fronts[step.unit].items[step.from].bytes
                if cost > left { continue }
                left -= cost
                choice[step.unit] = step.to
            }
            return choice
        }
    }
}
