import Foundation

/// What a training makes of its learning rate: a factor of every step, between 0 and 1.
///
/// During a warm-up of w steps the factor of step t is t/w; after it, with x = (t − 1 − w)/(steps − w):
/// 1 (`constant`); 1 − x (`linear`); (1 + cos πx)/2 (`cosine`); 1/10 for every third tenth of x that is past
/// (`step`), the step decay of Wang et al. 2024, appendix G; min(1, (1 − x)/0.2) (`trapezoid`), constant and over the last fifth
/// linear.
///
/// Sources of `trapezoid`: Zhai et al., "Scaling vision transformers", CVPR 2022, section 3.5; Hägele et al., "Scaling laws and
/// compute-optimal training beyond fixed training durations", NeurIPS 2024, section 3, whose linear cooldown of 20 % of the steps
/// this is.
public struct LearningRateSchedule: Sendable, Equatable, Codable {
    public enum Course: String, Sendable, Codable, CaseIterable { case constant, linear, cosine, step, trapezoid }

    /// Of the steps behind the warm-up, those in which a trapezoid falls.
    private static let cooldownShare = 0.2

    public let course: Course
    public let warmUpSteps: Int
    public let steps: Int

    /// - Precondition: `steps` is positive and `warmUpSteps` is not negative.
    public init(_ course: Course, warmUpSteps: Int, steps: Int) {
        precondition(steps >= 1 && warmUpSteps >= 0, "\(steps) steps with \(warmUpSteps) of warm-up")
        self.course = course
        self.warmUpSteps = warmUpSteps
        self.steps = steps
    }

    /// - Parameter step: t, from 1.
    public func factor(step: Int) -> Double {
        if step <= warmUpSteps { return Double(step) / Double(warmUpSteps) }
        // The last step still moves: x runs over [0, 1).
        let x = Double(step - 1 - warmUpSteps) / Double(max(steps - warmUpSteps, 1))
        return switch course {
        case .constant: 1
        case .linear: 1 - x
        case .cosine: (1 + cos(.pi * x)) / 2
        case .step: pow(0.1, (x / 0.3).rounded(.down))
        case .trapezoid: min(1, (1 - x) / Self.cooldownShare)
        }
    }
}
