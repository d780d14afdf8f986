import Files

/// Text from a file as it may reach a terminal: what would move the cursor, turn the writing direction or hide itself
/// is shown by its number, as in \u{1B}.
///
/// Names in CSV and JSON keep their characters; this is for people.
func printableText(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.isHidden) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
        if scalar.isHidden {
            result += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
}
