import Optimizers
import Testing

/// Intervals that fit the number of steps: the published 100 and 500 where they leave ten roots.
@Suite struct IntervalDefaultTests {
    static let cases: [(steps: Int, given: (Int?, Int?), intervals: (Int, Int))] = [
        (100_000, (nil, nil), (100, 500)), (5000, (nil, nil), (100, 500)), (4999, (nil, nil), (99, 499)),
        (300, (nil, nil), (6, 30)), (25, (nil, nil), (1, 2)), (1, (nil, nil), (1, 1)),
        (300, (10, nil), (10, 30)), (300, (40, nil), (40, 40)), (100_000, (700, nil), (700, 500)),
        (300, (nil, 50), (10, 50)), (300, (nil, 4), (1, 4)), (300, (nil, 5000), (100, 5000)), (300, (7, 11), (7, 11)),
    ]

    @Test(arguments: cases) func shampoo(_ steps: Int, _ given: (Int?, Int?), _ intervals: (Int, Int)) {
        let fitted = PreconditionerDefaults.shampoo.fitting(
            steps: steps, statisticsInterval: given.0, rootInterval: given.1)
        #expect((fitted.statisticsInterval, fitted.rootInterval) == intervals, "\(steps) \(given)")
        var rest = fitted
        (rest.statisticsInterval, rest.rootInterval) = (100, 500)
        #expect(rest == .shampoo)
    }

    @Test func otherProportions() {
        let fitted = KFAC.defaults.fitting(steps: 300)
        #expect((fitted.statisticsInterval, fitted.rootInterval) == (3, 30))
        #expect(KFAC.defaults.fitting(steps: 20_000) == KFAC.defaults)
    }
}
