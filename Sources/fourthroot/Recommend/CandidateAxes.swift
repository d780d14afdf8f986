import MatrixStudy
import Preconditioning

/// The axes of candidates: all but those by which a recommendation says what it is to reach, and the contraction, under which no
/// matrix is itself.
enum CandidateAxes: AxisSelection {
    static let axes = StudyAxis.all.filter { !["contraction", "nre", "bits-per-entry"].contains($0.name) }
}

extension StudyPlan {
    /// What a recommendation chooses from: the storages that are asked for, else those of the Pareto grid, both sides exact among
    /// them, so that there is something for every matrix. Storages that reach a goal of their own have it near the one that is
    /// wanted, and their leak is a training's.
    static func candidates(_ axes: CaseGrid, for goal: StorageGoal) -> StudyPlan {
        let namesStorage = axes.statistic != nil || axes.root != nil
        var given = axes
        given.leak = nil
        let grids = (namesStorage ? [CaseGrid()] : Preset.pareto.grids).map { $0.overridden(by: given) }
        let withGoals = grids.flatMap { grid -> [CaseGrid] in
            guard grid.hasGoal else { return [grid] }
            var grid = grid
            grid.leak = axes.leak ?? [DeflationGoal.trainingLeak]
            return goal.ownGoals(of: grid)
        }
        return StudyPlan(grids: withGoals + [CaseGrid(statistic: [.exact], root: [.exact]).overridden(by: axes.conditions)])
    }
}

extension StorageGoal {
    /// A grid with goals of its storages around this one.
    fileprivate func ownGoals(of grid: CaseGrid) -> [CaseGrid] {
        var (byError, byBudget) = (grid, grid)
        byError.budget = nil
        switch self {
        case .error(let limit):
            byError.targetError = [min(max(limit, 1e-6), 0.5)]
            byBudget.budget = grid.budget ?? [0.5, 1, 2, 4]
        case .bitsPerEntry(let bits):
            // Both sides of a pair take what one of them is given.
            byError.targetError = [0.1, 0.03, 0.01, 0.003]
            byBudget.budget = [0.25, 0.5, 1, 1.5, 2, 3, 4].map { min(max($0 * bits, 0.05), 16) }
        case .bytes:
            byError.targetError = [0.1, 0.03, 0.01, 0.003]
            byBudget.budget = grid.budget ?? [0.5, 1, 2, 4]
        }
        return [byError, byBudget]
    }
}

extension CaseGrid {
    fileprivate var hasGoal: Bool {
        (statistic ?? []).contains(where: \.traits.hasVariableLength)
            || (root ?? []).contains(where: \.traits.hasVariableLength)
    }

    /// What holds for every storage alike.
    fileprivate var conditions: CaseGrid {
        var result = CaseGrid()
        (result.damping, result.exponent) = (damping, exponent)
        return result
    }
}
