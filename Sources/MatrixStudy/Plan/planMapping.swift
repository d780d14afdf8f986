import YAMLFiles
import Yams

/// The mapping that a plan's text is.
///
/// - Parameter what: what the mapping is, for the message about a text that is none.
/// - Throws: `PlanError` naming the line and what is wrong there.
func planMapping(yaml: String, _ what: String) throws(PlanError) -> Node.Mapping {
    do throws(YAMLError) {
        return try yamlMapping(yaml, what)
    } catch {
        throw PlanError(error.description)
    }
}

extension Node {
    /// A word for messages.
    var text: String { string.map(abbreviated) ?? "?" }

    /// An error at the node's line.
    func error(_ problem: String) -> PlanError { PlanError(place + problem) }
}
