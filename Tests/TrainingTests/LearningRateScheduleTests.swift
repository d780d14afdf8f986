import TestSupport
import Testing

@testable import Training

@Suite struct LearningRateScheduleTests {
    @Test func warmUpRisesLinearlyToTheFullRate() {
        let schedule = LearningRateSchedule(.cosine, warmUpSteps: 4, steps: 104)
        #expect((1...4).map { schedule.factor(step: $0) } == [0.25, 0.5, 0.75, 1])
        #expect(schedule.factor(step: 5) == 1)
    }

    @Test func cosineIsHalfInTheMiddle() {
        let schedule = LearningRateSchedule(.cosine, warmUpSteps: 4, steps: 104)
        #expect(abs(schedule.factor(step: 55) - 0.5) <= 4 * 0x1p-53)
    }

    @Test func linearFallsByEqualAmountsAndTheLastStepStillMoves() {
        let schedule = LearningRateSchedule(.linear, warmUpSteps: 0, steps: 4)
        #expect((1...4).map { schedule.factor(step: $0) } == [1, 0.75, 0.5, 0.25])
    }

    @Test func stepDividesByTenAtEveryThirdTenth() {
        let schedule = LearningRateSchedule(.step, warmUpSteps: 0, steps: 10)
        let exponents = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
        for (index, exponent) in exponents.enumerated() {
            var expected = 1.0
            for _ in 0..<exponent { expected /= 10 }
            #expect(abs(schedule.factor(step: index + 1) - expected) <= 8 * 0x1p-53 * expected)
        }
    }

    /// Constant over 80 of 100 steps behind the warm-up, then down by a twentieth a step: one half after ten of them.
    @Test func trapezoidFallsOverTheLastFifth() {
        let schedule = LearningRateSchedule(.trapezoid, warmUpSteps: 4, steps: 104)
        #expect((1...4).map { schedule.factor(step: $0) } == [0.25, 0.5, 0.75, 1])
        #expect((5...84).allSatisfy { schedule.factor(step: $0) == 1 })
        for step in 85...104 {
            // x and 1 − x are rounded by 2⁻⁵³ at most, which a fifth makes five times as much.
            expectBound(abs(schedule.factor(step: step) - Double(105 - step) / 20), atMost: 12 * 0x1p-53, "step \(step)")
        }
        #expect(abs(schedule.factor(step: 95) - 0.5) <= 12 * 0x1p-53)
    }

    @Test func constantStaysAtOneAlsoWhenAllIsWarmUp() {
        #expect(LearningRateSchedule(.constant, warmUpSteps: 0, steps: 3).factor(step: 3) == 1)
        #expect(LearningRateSchedule(.constant, warmUpSteps: 3, steps: 3).factor(step: 3) == 1)
    }
}
