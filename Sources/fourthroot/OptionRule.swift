/// An option with what it needs to mean anything: what would change nothing is wrong usage in every command, not ignored.
struct OptionRule {
    /// Its long name without the dashes.
    let name: String
    /// The value that is in question, where others of the option may apply.
    var value: String?
    let isGiven: Bool
    /// Whether something that was asked for takes it up.
    var applies = true
    /// What takes it up, in words: "a coded root".
    var need = ""

    init(_ name: String, _ isGiven: Bool) {
        self.name = name
        self.isGiven = isGiven
    }

    init(_ name: String, _ isGiven: Bool, appliesIf applies: Bool, needs need: String) {
        self.init(name, isGiven)
        self.applies = applies
        self.need = need
    }
}

extension [OptionRule] {
    /// - Throws: `StatusError` of status `usage` for the first option that is given and does not apply.
    func check() throws(StatusError) {
        for rule in self where rule.isGiven && !rule.applies {
            let option = ["--\(rule.name)", rule.value].compactMap(\.self).joined(separator: " ")
            throw StatusError(
                status: .usage, description: "\(option) does not apply: it needs \(rule.need)", inapplicableOption: rule.name)
        }
    }

    /// The same options where none of them applies.
    func allNeeding(_ need: String) -> [OptionRule] {
        map { OptionRule($0.name, $0.isGiven, appliesIf: false, needs: need) }
    }
}
