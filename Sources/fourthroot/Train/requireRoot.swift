import Optimizers

/// Refuses a training that ends before it has taken the root of a statistic with a gradient in it: its preconditioners would
/// be without effect.
///
/// - Parameter steps: those of the whole training, also where a part of it was done before.
/// - Throws: `StatusError` of status `usage`, with the intervals that would do.
func requireRoot(_ schedule: PreconditionerSchedule, within steps: Int, optimizer: String) throws(StatusError) {
    guard schedule.firstRoot(within: steps) == nil else { return }
    let (updates, roots) = (schedule.statisticsInterval, schedule.rootInterval)
    let given = [("--statistics-interval", updates)] + (roots.map { [("--root-interval", $0)] } ?? [])
    let long = given.filter { $0.1 > steps }
    let names = (long.isEmpty ? given : long).map { "\($0.0) \($0.1)" }.joined(separator: " and ")
    let remedy = long.isEmpty ? "give a --statistics-interval of at most \(roots ?? steps)" : "give at most \(steps)"
    throw .usage(
        "\(names): within the run's \(steps) steps no root of an updated statistic would be taken, and the training would be "
            + "that of \(optimizer) alone; \(remedy), or more steps")
}
