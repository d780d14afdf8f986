import Files
import Testing

@Suite struct GlobSuggestionTests {
    private let names = [
        "steps/00000100/blocks.0.attention.weight/0_0/left/statistic", "steps/00000100/blocks.0.attention.weight/0_0/left/root",
        "steps/00000100/head.weight/0_0/right/statistic", "matrix",
    ]

    @Test(arguments: [
        ("matirx", "matrix"), ("head.weight/0_0/right/statistic", "steps/00000100/head.weight/0_0/right/statistic"),
        ("*/statitic", "*/statistic"), ("steps/*/lefft/root", "steps/*/left/root"),
        ("steps/00000100/head.wieght/0_0/right/statistic", "steps/00000100/head.weight/0_0/right/statistic"),
        ("step/*/root", "steps/*/root"),
    ]) func misspelt(_ pattern: String, _ meant: String) {
        #expect(Glob(pattern).nearest(among: names) == meant)
        #expect(Glob(pattern).hint(among: names) == "did you mean '\(meant)'? ")
    }

    @Test(arguments: ["tokens", "*/reference", "", "/", "*", "[", "nothing/of/this"]) func nothingNear(_ pattern: String) {
        #expect(Glob(pattern).nearest(among: names.dropLast()) == nil)
        #expect(Glob(pattern).hint(among: []).isEmpty)
    }
}
