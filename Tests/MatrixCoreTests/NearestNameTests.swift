import MatrixCore
import Testing

@Suite struct NearestNameTests {
    static let storages = [
        "exact", "full", "offdiagonal", "symmetric", "eigenvector", "householder", "inverse-root", "cholesky",
    ]
    static let codebooks = ["linear", "linear-1.5", "linear-2", "dynamic-tree", "nf4"]
    static let commands = ["study", "merge", "train", "replay", "spectrum", "codebook"]

    @Test(arguments: [
        ("linear2", codebooks, "linear-2"), ("Linear_2", codebooks, "linear-2"), ("lin", codebooks, "linear"),
        ("lienar", codebooks, "linear"), ("tree", codebooks, "dynamic-tree"), ("nf5", codebooks, "nf4"),
        ("stduy", commands, "study"), ("studyy", commands, "study"), ("tain", commands, "train"),
        ("eigen", storages, "eigenvector"), ("hoseholder", storages, "householder"), ("simetric", storages, "symmetric"),
        ("inverse", storages, "inverse-root"), ("EXACT", storages, "exact"),
    ]) func theOneMeantIsFound(_ word: String, _ names: [String], _ meant: String) {
        #expect(nearestName(to: word, among: names) == meant)
    }

    @Test(arguments: ["", "-", "x", "quantize", "merry-go-round", "fz", String(repeating: "linear", count: 1000)])
    func whatIsFarFromAllHasNone(_ word: String) {
        #expect(nearestName(to: word, among: Self.codebooks + Self.commands) == nil)
        #expect(nearestName(to: word, among: [String]()) == nil)
    }

    /// A deletion, an insertion, a replacement and a swap at every place of a word of six letters or more lead back to it.
    @Test(arguments: ["offdiagonal", "householder", "spectrum", "replay"]) func everySlipIsUnderstood(_ name: String) {
        let letters = Array(name)
        for place in letters.indices {
            var slips = [String(letters[..<place] + letters[(place + 1)...])]
            slips.append(String(letters[..<place] + "z" + letters[place...]))
            slips.append(String(letters[..<place] + "z" + letters[(place + 1)...]))
            if place > 0 {
                slips.append(String(letters[..<(place - 1)] + [letters[place], letters[place - 1]] + letters[(place + 1)...]))
            }
            for slip in slips { #expect(nearestName(to: slip, among: Self.storages + Self.commands) == name, "\(slip)") }
        }
    }

    @Test func theListIsSaid() {
        #expect(
            unknownName("linear2", choices: ["linear", "linear-2"])
                == "'linear2' is unknown: did you mean 'linear-2'? Choose from linear, linear-2")
        #expect(unknownName("cubic", choices: ["linear", "nf4"]) == "'cubic' is unknown: choose from linear, nf4")
    }
}
