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

    @Test func constantStaysAtOneAlsoWhenAllIsWarmUp() {
        #expect(LearningRateSchedule(.constant, warmUpSteps: 0, steps: 3).factor(step: 3) == 1)
        #expect(LearningRateSchedule(.constant, warmUpSteps: 3, steps: 3).factor(step: 3) == 1)
    }
}
