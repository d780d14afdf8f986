import ArgumentParser
import NeuralNetworks

/// Whether the tables of a language model have preconditioners.
struct VocabularyOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Give tables of tokens and the map to their logits preconditioners too (default: yes; no for the published language "
                + "models of memory)."))
    var preconditionVocabulary: Bool?

    /// - Throws: `StatusError` of status `usage` where the option is given and changes nothing.
    func check(readsTokens: Bool, hasPreconditioner: Bool) throws(StatusError) {
        let name = preconditionVocabulary == false ? "no-precondition-vocabulary" : "precondition-vocabulary"
        let readers = Model.allCases.filter(\.readsTokens).map(\.rawValue).joined(separator: " or ")
        func rule(_ applies: Bool, _ need: String) -> OptionRule {
            OptionRule(name, preconditionVocabulary != nil, appliesIf: applies, needs: need)
        }
        try [
            rule(readsTokens, "a language model, such as --model \(readers)"),
            rule(hasPreconditioner, "preconditioners: --preconditioner shampoo or a storage"),
        ].check()
    }
}
