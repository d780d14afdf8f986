import Training

/// What a training takes from a recipe, and what it has been given in its place.
struct RecipeUse {
    let recipe: Recipe
    /// The names of the recipe's options that hold.
    let taken: Set<String>
    /// The names of those that other options have left without a meaning.
    let leftOut: [String]
    /// The options that were given beside it and decide numbers, as they were written.
    let given: [String]

    /// The part of the recipe's course that the training is: 1 where its length is the recipe's own.
    ///
    /// - Parameter batchesPerEpoch: of the training's data and batches.
    private func share(of steps: Int, batchesPerEpoch: Int) -> Double {
        if !taken.isDisjoint(with: ["steps", "epochs"]) { return 1 }
        let own =
            recipe["steps"].flatMap { Double($0) }
            ?? recipe["epochs"].flatMap { Double($0) }.map { $0 * Double(batchesPerEpoch) }
        return own.map { Double(steps) / $0 } ?? 1
    }

    /// Brings what the recipe says in steps or epochs to the training's part of its course: T₁, T₂ and the warm-up. T₂ stays so many T₁,
    /// each is at least one step, and what was given beside the recipe is as it was given.
    func scale(
        _ preconditioner: inout PreconditionerOptions, _ course: inout CourseOptions, to steps: Int, batchesPerEpoch: Int
    ) {
        let share = share(of: steps, batchesPerEpoch: batchesPerEpoch)
        if share == 1 { return }
        if taken.contains("warm-up") { course.warmUp = course.warmUp.map { Int((Double($0) * share).rounded()) } }
        if taken.contains("warm-up-epochs") { course.warmUpEpochs = course.warmUpEpochs.map { $0 * share } }
        func scaled(_ interval: Int) -> Int { max(1, Int((Double(interval) * share).rounded())) }
        let statistics = preconditioner.statisticsInterval
        if taken.contains("statistics-interval") { preconditioner.statisticsInterval = statistics.map(scaled) }
        if taken.contains("root-interval"), let root = preconditioner.rootInterval {
            if let statistics, taken.contains("statistics-interval"), root.isMultiple(of: statistics) {
                preconditioner.rootInterval = root / statistics * scaled(statistics)
            } else {
                preconditioner.rootInterval = scaled(root)
            }
        }
    }

    /// What is different from the recipe, in words; nil where nothing is.
    var difference: String? {
        let parts = [
            given.isEmpty ? nil : "with \(given.joined(separator: " "))",
            leftOut.isEmpty ? nil : "without \(leftOut.joined(separator: ", "))",
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// A message about wrong usage, with the place of the option that it is about where that is the recipe.
    func placing(_ message: String) -> String {
        let option = recipe.options.first { taken.contains($0.name) && message.hasPrefix("--\($0.name) ") }
        return option.map { "\(message); the recipe \(recipe.name) has it, \($0.place.dropLast(2))" } ?? message
    }

    func describe(in configuration: inout TrainConfiguration) {
        configuration.record("recipe", .text(recipe.name))
        configuration.record("recipe-differences", .text(difference ?? "none"))
    }

    /// Says what is trained, and what was published of it.
    func announce() {
        Terminal.report("recipe", [recipe.name, difference].compactMap(\.self).joined(separator: ", "))
        let lines = [("", recipe.summary), ("from ", recipe.source), ("published: ", recipe.result)]
        for (title, text) in lines where !text.isEmpty { Terminal.report("recipe", title + text) }
    }
}

extension Recipe {
    /// The published experiment of a name, or the recipe of a file, whose path has a slash or ends in .yaml or .yml.
    ///
    /// - Throws: `RecipeError`, `TextFileError`.
    init(fileOrName text: String) throws {
        guard text.contains("/") || text.hasSuffix(".yaml") || text.hasSuffix(".yml") else {
            try self.init(published: text)
            return
        }
        try self.init(text, yaml: readText(text))
    }
}
