import Compute

/// What schedule-free rules keep of their course beside z: how much the average of all z so far weighs.
///
/// The step to the average is c = ω/Σω with ω = (largest η so far)², η being the learning rate times the schedule's factor: the
/// package's weights with r = 0 and p = 2, and its warm-up with the trainer's.
///
/// Source: Defazio et al., "The Road Less Scheduled", NeurIPS 2024, section 4.3 and their package schedulefree.
public struct ScheduleFreeAverage: Sendable, Equatable {
    /// Σω; 0 before the first step.
    public private(set) var weightSum = 0.0
    private var largestRate = 0.0

    /// - Returns: c.
    mutating func advance(rate: Double) -> Double {
        largestRate = max(largestRate, rate)
        let weight = largestRate * largestRate
        weightSum += weight
        return weightSum > 0 ? weight / weightSum : 0
    }

    static let byteCount = 16

    func add(to archive: inout StateArchive) { archive.add("average", .doubles([weightSum, largestRate])) }

    /// - Throws: `StateArchiveError`, also where these are no sums.
    mutating func read(from archive: StateArchive) throws(StateArchiveError) {
        let values = try archive.doubles("average", count: 2)
        guard values.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw archive.error("average", .invalid("\(values) are no weight and rate"))
        }
        (weightSum, largestRate) = (values[0], values[1])
    }
}

/// The points y, at which gradients are taken, and z of a schedule-free rule; the average of all z is x = (y − (1 − β)z)/β.
public struct ScheduleFreePoints<Backend: MatrixBackend>: Sendable {
    /// z; zeros before the first step, which begins at y.
    public var fast: KeptTensor<Backend>
    public var average = ScheduleFreeAverage()

    init(for parameter: ParameterShape, _ backend: Backend) {
        fast = KeptTensor(zerosOf: .uncoded, for: parameter, .exact, backend)
    }

    /// x.
    func evaluationPoint(of parameter: Backend.Tensor, decay: Double, _ backend: Backend) -> Backend.Tensor {
        if average.weightSum == 0 { return parameter }
        return backend.combine(
            Backend.Scalar(1 / decay), parameter, Backend.Scalar(1 - 1 / decay), fast.decoded(backend))
    }

    func byteCount(_ backend: Backend) -> Int { fast.byteCount(backend) + ScheduleFreeAverage.byteCount }

    /// `fast_point` and `average`.
    func add(to archive: inout StateArchive, _ backend: Backend) {
        fast.add(to: &archive, as: "fast_point", backend)
        average.add(to: &archive)
    }

    mutating func read(from archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        try fast.read("fast_point", from: archive, backend)
        try average.read(from: archive)
    }
}

extension MatrixBackend {
    /// The points z of a list, to be changed and kept again, and c of the step. All states have the same course.
    func beginScheduleFreeStep(
        _ points: inout [ScheduleFreePoints<Self>], at parameters: [Tensor], rate: Double
    ) -> (fast: [Tensor], share: Double) {
        var share = 0.0
        var fast: [Tensor] = []
        for index in points.indices {
            let isFirst = points[index].average.weightSum == 0
            share = points[index].average.advance(rate: rate)
            let kept = points[index].fast.take(self)
            fast.append(isFirst ? parameters[index] : kept)
        }
        return (fast, share)
    }

    func endScheduleFreeStep(_ points: inout [ScheduleFreePoints<Self>], fast: [Tensor]) {
        for index in points.indices { points[index].fast.keep(fast[index], self) }
    }
}
