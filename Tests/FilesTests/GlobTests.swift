import Files
import Testing

/// Patterns against POSIX's description of fnmatch, and Python's fnmatch where it says more.
@Suite struct GlobTests {
    @Test(arguments: [
        ("*", "a/b/0", true), ("*/0", "a/b/0", true), ("a/*", "a/b/0", true), ("a/*/1", "a/b/0", false),
        ("a?b", "a/b", true), ("a", "a/b", false), ("**", "", true), ("*.weight/*", "bl.1.weight/0", true),
        ("*a*b", "aabab", true), ("*a*b", "aabaa", false),
        ("[ab]", "a", true), ("[ab]", "c", false), ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[!a-c]x", "dx", true),
        ("layer[0-9].*", "layer7.weight", true), ("layer[0-9].*", "layer10.weight", false), ("x[[]0]", "x[0]", true),
        ("x[", "x[", true), ("a\\*", "a\\b", true), ("a[*]", "a*", true), ("a[*]", "ab", false),
        // A character is one, however many bytes it has.
        ("?", "é", true), ("???", "é", false), ("?b", "éb", true), ("[é-ê]", "é", true), ("名?", "名前", true),
    ])
    func patterns(pattern: String, name: String, matches: Bool) {
        #expect(Glob(pattern).matches(name) == matches)
    }

    /// The name that a pattern spells out wins over those that it matches, as bytes: é has two spellings.
    @Test func aNameWinsOverThePattern() {
        #expect(Glob("a[0]").taken(of: ["a[0]", "a0"]) == ["a[0]"])
        #expect(Glob("a[0]").taken(of: ["a0", "a1"]) == ["a0"])
        #expect(Glob("*").taken(of: ["a", "*", "b"]) == ["*"])
        #expect(Glob("e\u{301}").taken(of: ["\u{E9}"]) == [])
    }

    @Test func folderOfAllThatMatch() {
        #expect(Glob("steps/0001/*").folder == "steps/0001" && Glob("a/b[0-9]/c").folder == "a" && Glob("*").folder == "")
        #expect(!Glob("a/b").hasWildcards && Glob("a[0]").hasWildcards)
    }

    /// Names and patterns that make other matchers try every split.
    @Test(.timeLimit(.minutes(1))) func manyStars() {
        let name = String(repeating: "a", count: 1000)
        #expect(!Glob(String(repeating: "a*", count: 30) + "b").matches(name))
    }
}
