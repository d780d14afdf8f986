import MatrixStudy

extension Study {
    /// The plan file, the preset or the default grid, with the options over it.
    func resolvedPlan() throws -> StudyPlan {
        let axes = try caseOptions.axes()
        var result = try basis(for: axes).overridden(by: axes)
        if !input.matrix.isEmpty { result.matrices = input.matrix }
        result.reference = reference ?? result.reference
        result.indefinite = indefinite ?? result.indefinite
        result.arithmetic = arithmetic ?? result.arithmetic
        result.decomposition = decomposition ?? result.decomposition
        // What is wrong in itself is said before what has no use.
        _ = try result.cases()
        try rules(result, unused: result.unusedValues(of: axes)).check()
        return result
    }

    /// Every option that some plans or other options have no use for.
    private func rules(_ plan: StudyPlan, unused: [UnusedValue]) throws -> [OptionRule] {
        return options.rules + unused.map { OptionRule($0) } + [
            OptionRule(
                "arithmetic", arithmetic != nil, appliesIf: try plan.usesArithmetic, needs: "a solver; exact/exact has none"),
            OptionRule(
                "decomposition", decomposition != nil, appliesIf: try plan.usesDecomposition,
                needs: "a statistic that keeps eigenvectors"),
            OptionRule(
                "output", options.table.output.output != nil, appliesIf: !printPlan,
                needs: "a study; --print-plan prints the plan and stops"),
            OptionRule(
                "format", options.table.format != nil, appliesIf: !printPlan,
                needs: "a study; --print-plan prints the plan and stops"),
            OptionRule(
                "format \(options.table.resolvedFormat.rawValue)", options.table.resolvedFormat != .csv,
                appliesIf: shard == nil,
                needs: "a whole study; shards are CSV, and merge takes --format"),
            OptionRule(
                "cache", cacheOptions.folder != nil, appliesIf: plan.reference == .gsl,
                needs: "--reference gsl, whose decompositions it keeps"),
            OptionRule(
                "cache", cacheOptions.folder != nil, appliesIf: !cacheOptions.disablesCache,
                needs: "decompositions that are kept; leave out --no-cache"),
        ]
    }

    private func basis(for axes: CaseGrid) throws -> StudyPlan {
        if let plan {
            do {
                let read = try StudyPlan(yaml: readText(plan))
                // What the options do not replace must stand by itself.
                _ = try read.cases()
                try read.requireEveryAxisUsed()
                return read
            } catch let error as PlanError {
                throw StatusError(status: .wrongData, description: "\(plan): \(error)")
            }
        }
        if let preset { return preset.plan }
        // A storage of one kind alone leaves the other exact.
        let namesStorage = axes.statistic != nil || axes.root != nil
        return StudyPlan(grids: namesStorage ? [CaseGrid()] : Preset.default.grids)
    }
}
