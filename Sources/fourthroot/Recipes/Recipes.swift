import ArgumentParser
import Files
import Foundation
import Training

/// The published experiments.
struct Recipes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the published experiments, or print one.",
        discussion: """
            A recipe is a YAML file of options of train: the published settings, with what was not published and is our choice \
            listed under our-choice. 'fourthroot train --recipe NAME --data PATH' runs it, and options beside it win; with \
            --epochs or --steps the warm-up and the intervals of statistics and roots are shortened in proportion. A file that \
            was printed and changed is run by its path.
            """)

    @Argument(help: "Recipe to print (default: a line for each).", completion: .list(RecipeTable.names))
    var name: String?

    func run() throws {
        if let name {
            try OutputFile.writeToStandardOutput(Recipe(published: name).text)
            return
        }
        let width = RecipeTable.names.map(\.count).max() ?? 0
        let lines = try RecipeTable.names.map { name in
            name.padding(toLength: width, withPad: " ", startingAt: 0) + "  \(try Recipe(published: name).summary)\n"
        }
        try OutputFile.writeToStandardOutput(lines.joined())
    }
}
