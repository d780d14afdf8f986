import CPUBackend
import Files
import Foundation
import Optimizers
import Testing

@testable import Training

/// What decides the numbers of a run, as files keep it and as a resume compares it.
@Suite struct RunConfigurationTests {
    private let rule: AdamW<CPUBackend<Float>>
    private let values: [String: ConfigurationValue] = [
        "command": "train", "model": "gpt", "layers": 4, "heads": 4, "hidden": 512, "tie-head": false, "optimizer": "adamw",
        "learning-rate": .number(5), "weight-decay": .number(0.05), "second-decay": .number(0.999), "seed": .init(UInt64.max),
        "warm-up": 0, "clip": 0, "decay-all": true, "label-smoothing": .number(0), "threads": 2, "precision": "float32",
        "data": "a/b.txt", "data-fingerprint": "2000 tokens, XXH3 ab", "shadow": false,
    ]

    init() throws { rule = try AdamW(learningRate: 5, weightDecay: 0.05) }

    private func configuration(_ changes: [String: ConfigurationValue] = [:]) throws -> RunConfiguration {
        try RunConfiguration(
            values.merging(changes) { $1 }, rule: rule, sizeDefaults: ["layers": 4, "heads": 4, "tie-head": false])
    }

    /// Any JSON reader gives numbers as numbers.
    @Test func theTextIsTyped() throws {
        let text = try configurationText(values)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object.count == values.count && object["layers"] as? Int == 4 && object["learning-rate"] as? Double == 5)
        #expect(
            object["seed"] as? UInt64 == .max && object["decay-all"] as? Bool == true && object["model"] as? String == "gpt")
        #expect(text.contains("\"seed\":18446744073709551615") && text.contains("\"weight-decay\":0.05"))
        #expect(text.contains("\"data\":\"a/b.txt\"") && text.contains("\"tie-head\":false"))
        #expect(try configuration().differences(from: configurationValues(text)).isEmpty)
    }

    @Test func differencesAreNamed() throws {
        let found = try configurationValues(configurationText(values))
        func differences(_ changes: [String: ConfigurationValue]) throws -> [String] {
            try configuration(changes).differences(from: found)
        }
        #expect(try differences(["learning-rate": .number(0.5)]) == ["learning-rate was 5 and is 0.5"])
        #expect(
            try differences(["layers": 5, "decay-all": false]) == ["decay-all was true and is false", "layers was 4 and is 5"])
        #expect(try differences(["patch": 2]) == ["patch was not given and is 2"])
        // The same data may lie elsewhere, but not be others.
        #expect(try differences(["data": "elsewhere"]) == [])
        #expect(try differences(["data-fingerprint": "other"]) == ["data-fingerprint was 2000 tokens, XXH3 ab and is other"])
    }

    /// Texts alone, only what was given, and the optimizer by its properties: files of version 0.1.0.
    @Test func filesOfFormerVersionsAreCompared() throws {
        let former: [String: ConfigurationValue] = [
            "model": "gpt", "optimizer": "adamw", "optimizer.learningRate": "5.0", "optimizer.firstDecay": "0.9",
            "optimizer.secondDecay": "0.999", "optimizer.offset": "1e-08", "optimizer.weightDecay": "0.05",
            "optimizer.usesNesterov": "0", "seed": "18446744073709551615", "warm-up": "0", "label-smoothing": "0.0",
            "threads": "2", "data": "2000 tokens, XXH3 ab", "shadow": "false", "tie-head": "false",
        ]
        #expect(try configuration().differences(from: former) == [])
        func differences(
            _ changes: [String: ConfigurationValue], _ found: [String: ConfigurationValue] = [:]
        ) throws -> [String] {
            try configuration(changes).differences(from: former.merging(found) { $1 })
        }
        #expect(try differences(["heads": 8]) == ["heads was 4 and is 8"])
        #expect(try differences(["clip": .number(1)]) == ["clip was 0 and is 1"])
        #expect(try differences(["decay-all": false]) == ["decay-all was true and is false"])
        #expect(try differences(["warm-up": 15]) == ["warm-up was 0 and is 15"])
        #expect(try differences([:], ["optimizer.weightDecay": "0.1"]) == ["optimizer.weightDecay was 0.1 and is 0.05"])
        #expect(try differences(["data-fingerprint": "other"]).count == 1)
    }
}
